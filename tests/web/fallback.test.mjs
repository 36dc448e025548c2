// The choice between a WebSocket, an event stream and long polls.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CLOSE } from "../../suhbat/web/js/sdk/errors.js";
import { FIRST_TRIAL_MS, FallbackLink } from "../../suhbat/web/js/sdk/fallback.js";
import { FakeClock, FakeLink } from "./parts.mjs";

function make() {
  const [clock, told] = [new FakeClock(), []];
  const [socket, stream, polls] = [new FakeLink(), new FakeLink(), new FakeLink()];
  let works = false;
  socket.probe = async () => works;
  stream.busy = polls.busy = false;
  const link = new FallbackLink({ socket, stream, polls, clock, random: () => 0.5 });
  const ear = { hello: () => ({ type: "hello" }) };
  for (const name of ["onopen", "onframe", "onclose"]) ear[name] = (...args) => told.push([name, ...args]);
  const open = () => (link.open(ear), link.way);
  const probes = async (found, wait = FIRST_TRIAL_MS) => {
    works = found;
    clock.pass(wait);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { link, socket, stream, polls, told, open, probes };
}

const WELCOME = { type: "welcome" };

test("a socket that never opens is followed by a stream, and a stream that is held back by polls", () => {
  const { link, socket, stream, polls, told, open } = make();
  assert.equal(open(), "socket");
  socket.end(CLOSE.ABNORMAL);
  assert.deepEqual(told, [["onclose", CLOSE.ABNORMAL, ""]]);
  assert.equal(open(), "stream");
  stream.accept();
  link.close(CLOSE.DEAD); // nothing came for too long
  assert.equal(open(), "polls");
  polls.accept();
  polls.hear(WELCOME);
  polls.end(CLOSE.ABNORMAL);
  assert.equal(open(), "polls");
});

test("a socket that worked is the first choice again", () => {
  const { socket, open } = make();
  open();
  socket.accept();
  socket.hear(WELCOME);
  socket.end(CLOSE.RESTART);
  assert.equal(open(), "socket");
});

test("a network that is away does not change the way", () => {
  const { socket, stream, open } = make();
  open();
  socket.end(CLOSE.ABNORMAL);
  open();
  stream.end(CLOSE.ABNORMAL);
  assert.equal(open(), "socket");
});

test("a stream that falls silent is followed by polls, one that breaks by another stream", () => {
  const { link, socket, stream, open } = make();
  open();
  socket.end(CLOSE.ABNORMAL);
  for (const [code, next] of [
    [null, "stream"],
    [CLOSE.DEAD, "polls"],
  ]) {
    open();
    stream.accept();
    stream.hear(WELCOME);
    if (code === null) stream.end(CLOSE.ABNORMAL);
    else link.close(code);
    assert.equal(link.way, next);
  }
});

test("a socket that opens but stays silent is no way", () => {
  const { link, socket, open } = make();
  open();
  socket.accept();
  link.close(CLOSE.DEAD);
  assert.equal(open(), "stream");
});

test("it returns to the socket when one opens, and keeps the stream until that works", async () => {
  const { link, socket, stream, told, open, probes } = make();
  open();
  socket.end(CLOSE.ABNORMAL);
  open();
  stream.accept();
  stream.hear(WELCOME);
  await probes(false);
  assert.equal(link.way, "stream");
  told.length = 0;
  await probes(true, FIRST_TRIAL_MS); // too soon: the pause has doubled
  assert.deepEqual(told, []);
  stream.busy = true;
  await probes(true);
  assert.deepEqual(told, [], "a command is on its way");
  stream.busy = false;
  await probes(true, 4 * FIRST_TRIAL_MS);
  assert.deepEqual(told, [["onclose", CLOSE.RESTART, "WebSockets work again"]]);
  stream.hear({ type: "late" });
  assert.deepEqual([told.length, stream.closed, open()], [1, [], "socket"]);
  socket.accept();
  socket.hear(WELCOME);
  assert.deepEqual(stream.closed, [CLOSE.NORMAL]);
});
