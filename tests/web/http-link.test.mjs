// Frames and commands over plain HTTP.

import assert from "node:assert/strict";
import { test } from "node:test";

import { HttpLink } from "../../suhbat/web/js/sdk/http-link.js";
import { FakeClock } from "./parts.mjs";

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const OK = { status: 200, headers: { "content-type": "application/json" } };

function make(options = {}) {
  const [clock, told, requests] = [new FakeClock(), [], []];
  const fetch = (url, init) =>
    new Promise((resolve, reject) => {
      const { pathname, search } = new URL(url);
      const body = init.body && JSON.parse(init.body);
      init.signal.addEventListener("abort", () => reject(new Error("aborted")));
      requests.push({ asked: `${init.method} ${pathname}${search}`, body, init, resolve, reject });
    });
  const link = new HttpLink({ base: "http://h/chat/", token: "t", fetch, clock, ...options });
  const ear = { hello: () => ({ type: "hello", token: "t", resume: { epoch: "e", cursors: {} } }) };
  for (const name of ["onopen", "onframe", "onclose"]) ear[name] = (...args) => told.push([name, ...args]);
  link.open(ear);
  const json = (at, value) => (requests.at(at).resolve(new Response(JSON.stringify(value), OK)), settled());
  return { link, clock, told, requests, json };
}

/** A stream that has opened, and what writes to it. */
async function streaming() {
  const made = make();
  let writer;
  const body = new ReadableStream({ start: (controller) => void (writer = controller) });
  made.requests[0].resolve(new Response(body, { status: 200 }));
  await settled();
  const write = (text) => (writer.enqueue(new TextEncoder().encode(text)), settled());
  return { ...made, write, end: () => (writer.close(), settled()) };
}

test("a stream begins with the cursors, and events may come in any pieces", async () => {
  const { told, requests, write, end } = await streaming();
  assert.deepEqual(
    [requests[0].asked, requests[0].body],
    ["POST /chat/api/v1/events", { resume: { epoch: "e", cursors: {} } }],
  );
  assert.equal(requests[0].init.headers.authorization, "Bearer t");
  await write('retry: 5\n\n:\n\ndata: {"type":"wel');
  await write('come"}\n\nid: x\ndata: {"type":"o\u02bbk"}\n\n');
  assert.deepEqual(told, [["onopen"], ["onframe", { type: "welcome" }], ["onframe", { type: "o\u02bbk" }]]);
  await write('event: close\ndata: {"code":4505,"reason":"session_revoked"}\n\n');
  await end();
  assert.deepEqual(told.slice(3), [["onclose", 4505, "session_revoked"]]);
});

test("a refusal is an error frame and a close", async () => {
  const { told, requests } = make();
  const problem = JSON.stringify({ code: "busy", detail: "Busy", retry_after: 3 });
  requests[0].resolve(new Response(problem, { status: 503 }));
  await settled();
  const error = { type: "error", id: "hello", code: "busy", message: "Busy", retry_after: 3 };
  assert.deepEqual(told, [
    ["onframe", error],
    ["onclose", 1013, "Busy"],
  ]);
});

test("commands go in order, one request after the other, and what was left is sent again", async () => {
  const { link, told, requests, json } = await streaming();
  for (const id of [1, 2]) assert.equal(link.send({ type: "send", id }), true);
  await settled();
  link.send({ type: "send", id: 3 });
  assert.deepEqual([requests.length, requests[1].asked, link.busy], [2, "POST /chat/api/v1/commands", true]);
  assert.deepEqual(
    requests[1].body.map(({ id }) => id),
    [1, 2],
  );
  await json(1, { replies: [{ type: "ok", id: 1 }], done: 1 });
  assert.deepEqual(
    requests[2].body.map(({ id }) => id),
    [2, 3],
  );
  await json(2, {
    replies: [
      { type: "ok", id: 2 },
      { type: "error", id: 3 },
    ],
    done: 2,
  });
  assert.deepEqual(
    told.slice(1).map(([, { id }]) => id),
    [1, 2, 3],
  );
  assert.equal(link.busy, false);
});

test("without an answer to commands the connection is over, so that they are repeated", async () => {
  const { link, told, requests } = await streaming();
  link.send({ type: "send", id: 1 });
  await settled();
  requests[1].reject(new TypeError("Failed to fetch"));
  await settled();
  assert.deepEqual(told.at(-1), ["onclose", 1006, "Failed to fetch"]);
  assert.equal(link.send({ type: "send", id: 1 }), false);
});

test("too many requests refuse each command", async () => {
  const { link, told, requests } = await streaming();
  link.send({ type: "send", id: 1 });
  await settled();
  const problem = JSON.stringify({ code: "rate_limited", detail: "Slow", retry_after: 2 });
  requests[1].resolve(new Response(problem, { status: 429 }));
  await settled();
  assert.deepEqual(told.at(-1), [
    "onframe",
    { type: "error", id: 1, code: "rate_limited", message: "Slow", retry_after: 2 },
  ]);
});

test("a ping is answered as long as the stream is not silent for too long", async () => {
  const { link, clock, told } = await streaming();
  const ping = async () => {
    link.send({ type: "ping", id: "ping1" });
    await settled();
    return told.at(-1);
  };
  assert.deepEqual(await ping(), ["onframe", { type: "pong", id: "ping1", heads: {} }]);
  told.length = 0;
  clock.pass(41_000);
  assert.equal(await ping(), undefined);
});

test("a sync opens the stream again", async () => {
  const { link, told } = await streaming();
  link.send({ type: "sync", cursors: {} });
  await settled();
  assert.deepEqual(told.at(-1), ["onclose", 4001, "behind"]);
});

test("polls go on from their cursor; another connection of the server means another opening", async () => {
  const { told, requests, json } = make({ polls: true });
  assert.equal(requests[0].asked, "POST /chat/api/v1/events?wait=1");
  await json(0, { frames: [{ type: "welcome" }], cursor: "a b" });
  assert.equal(requests[1].asked, "GET /chat/api/v1/events?wait=25");
  assert.equal(requests[1].init.headers["last-event-id"], "a b");
  await json(1, { frames: [{ type: "caught_up" }], cursor: "c" });
  assert.deepEqual(
    told.map(([, frame]) => frame?.type),
    [undefined, "welcome", "caught_up"],
  );
  await json(2, { frames: [{ type: "welcome" }], cursor: "d" });
  assert.deepEqual(told.at(-1), ["onclose", 4001, "another connection"]);
});

test("a poll that was one too many is repeated with its cursor, after the pause that the server asks for", async () => {
  const { clock, told, requests, json } = make({ polls: true });
  await json(0, { frames: [{ type: "welcome" }], cursor: "a" });
  requests[1].resolve(new Response(JSON.stringify({ code: "rate_limited", retry_after: 2 }), { status: 429 }));
  await settled();
  assert.deepEqual([requests.length, told.at(-1)], [2, ["onframe", { type: "welcome" }]]);
  clock.pass(2_000);
  await settled();
  assert.equal(requests[2].init.headers["last-event-id"], "a");
});

test("after the close nothing is told any more", async () => {
  const { link, told, requests } = make();
  link.close(1000);
  assert.equal(requests[0].init.signal.aborted, true);
  await settled();
  assert.deepEqual(told, []);
});
