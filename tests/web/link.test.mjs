// One WebSocket as a link.

import assert from "node:assert/strict";
import { test } from "node:test";

import { OPEN_MS, WebSocketLink } from "../../suhbat/web/js/sdk/link.js";
import { FakeClock } from "./parts.mjs";

class FakeSocket {
  static made = [];
  readyState = 0;
  sent = [];
  closed = [];
  constructor(url, protocols) {
    this.asked = [url, protocols];
    FakeSocket.made.push(this);
  }
  send(data) {
    this.sent.push(JSON.parse(data));
  }
  close(code) {
    this.closed.push(code);
  }
  open() {
    this.readyState = 1;
    this.onopen();
  }
}

function make() {
  const [clock, heard] = [new FakeClock(), []];
  const link = new WebSocketLink({ url: "ws://h/api/v1/ws", socket: FakeSocket, clock });
  const ear = { hello: () => ({ type: "hello" }) };
  for (const name of ["onopen", "onframe", "onclose"]) ear[name] = (...args) => heard.push([name, ...args]);
  const open = () => {
    link.open(ear);
    return FakeSocket.made.at(-1);
  };
  return { link, clock, heard, open, socket: open() };
}

test("it says hello as soon as it is open, and nothing before", () => {
  const { link, heard, socket } = make();
  assert.deepEqual(socket.asked, ["ws://h/api/v1/ws", ["suhbat.v1"]]);
  assert.equal(link.send({ type: "ping" }), false);
  socket.open();
  assert.equal(link.send({ type: "ping" }), true);
  assert.deepEqual([heard, socket.sent], [[["onopen"]], [{ type: "hello" }, { type: "ping" }]]);
});

test("frames are objects; what is none is undefined", () => {
  const { heard, socket } = make();
  socket.open();
  for (const data of ['{"type":"pong"}', "{", new ArrayBuffer(2)]) socket.onmessage({ data });
  assert.deepEqual(heard.slice(1), [
    ["onframe", { type: "pong" }],
    ["onframe", undefined],
    ["onframe", undefined],
  ]);
});

test("a close is told once, and ends sending", () => {
  const { link, clock, heard, socket } = make();
  socket.open();
  socket.onclose({ code: 1012, reason: "restart" });
  assert.deepEqual(heard.slice(1), [["onclose", 1012, "restart"]]);
  assert.deepEqual([link.send({ type: "ping" }), socket.onclose, clock.pending], [false, null, 0]);
});

test("a socket that does not open in time is given up, whatever the browser would wait", () => {
  const { clock, heard, socket } = make();
  clock.pass(OPEN_MS);
  assert.deepEqual(
    heard.map(([name, code]) => [name, code]),
    [["onclose", 1006]],
  );
  assert.deepEqual(socket.closed, [4000]);
});

test("after its own close nothing is told, and the next socket is another", () => {
  const { link, clock, heard, socket, open } = make();
  socket.open();
  link.close(1000);
  link.close(1000);
  assert.deepEqual([socket.closed, socket.onclose, socket.onmessage], [[1000], null, null]);
  const next = open();
  assert.notEqual(next, socket);
  open();
  assert.deepEqual([next.closed, clock.pending, heard], [[1000], 1, [["onopen"]]]);
});
