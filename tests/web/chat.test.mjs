// The chat over its connections: its requests, and when it reconnects.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Chat } from "../../suhbat/web/js/sdk/chat.js";
import { LIMIT } from "../../suhbat/web/js/sdk/outbox.js";
import { ANNA, CAUGHT_UP, FakeClock, FakeLink, event, message, snapshot, welcome } from "./parts.mjs";

/** The answer to GET /me: a status and a body, or an Error if there is no network. */
const meAnswers = (status, body) => async () => {
  if (status instanceof Error) throw status;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, ok: status < 300, text: async () => text };
};

function make(options = {}) {
  const [link, clock, told] = [new FakeLink(), new FakeClock(), []];
  const chat = new Chat({
    base: "http://chat.example/",
    token: "t",
    link,
    clock,
    random: () => 1,
    fetch: meAnswers(200, ANNA),
    ...options,
  });
  for (const name of ["snapshot", "event", "reset", "removed", "changed", "typing", "caught_up"]) {
    chat.on(name, (...args) => told.push([name, ...args]));
  }
  return { chat, link, clock, told };
}

function online(options) {
  const made = make(options);
  made.chat.connect();
  made.link.accept();
  made.link.hear(welcome(), snapshot(), CAUGHT_UP);
  made.told.length = 0;
  return made;
}

/** Wait until all pending promises have run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("from nothing to online: the opening is told, and the status says where one stands", () => {
  const { chat, link, told } = make();
  const states = [];
  chat.on("status", ({ state }) => states.push(state));
  assert.deepEqual([chat.status.state, chat.me, chat.save()], ["offline", null, null]);
  chat.connect();
  chat.connect(); // the second call has no effect
  assert.deepEqual(link.accept(), { type: "hello", id: "hello", token: "t" });
  link.hear(welcome(), snapshot({ d1: 4 }), CAUGHT_UP);
  assert.deepEqual([link.opened, states, told], [1, ["connecting", "online"], [["snapshot"], ["caught_up"]]]);
  assert.deepEqual([chat.me, chat.epoch, [...chat.conversations.keys()]], [ANNA, "e1", ["lobby", "d1"]]);
});

test("a send is kept without a connection, goes first thing, and is repeated as the same until answered", async () => {
  const { chat, link, clock } = make();
  const sent = chat.send({ conversation: "lobby", text: "salom", replyTo: 3 });
  chat.connect();
  link.accept();
  assert.deepEqual(link.heard(), []);
  link.hear(welcome(), snapshot(), CAUGHT_UP);
  const [first] = link.heard();
  assert.match(first.client_id, /^[0-9a-f]{32}$/);
  assert.deepEqual(first, {
    type: "send",
    id: 1,
    conversation: "lobby",
    text: "salom",
    reply_to: 3,
    client_id: first.client_id,
  });
  link.end(1006);
  clock.pass(500);
  assert.deepEqual(link.accept().resume, { epoch: "e1", uid: "ua", cursors: { "@me": 0, lobby: 0 } });
  link.hear(welcome({ resumed: true }), CAUGHT_UP);
  assert.deepEqual(link.heard(), [first]);
  link.hear({ type: "ok", id: 1, conversation: "lobby", seq: 9, ordinal: 8, sent_at: "…", duplicate: true });
  assert.deepEqual(await sent, { conversation: "lobby", seq: 9, ordinal: 8, sent_at: "…", duplicate: true });
});

test("to a person by name, and with a client_id of one's own", () => {
  const { chat, link } = online();
  void chat.send({ toUser: "bobur", text: "salom", clientId: "k1" });
  assert.deepEqual(link.heard(), [{ type: "send", id: 1, to_user: "bobur", text: "salom", client_id: "k1" }]);
});

test("events are told once and in order, over a reconnect too", () => {
  const { link, clock, told } = online();
  link.hear(message(1), message(1), message(2));
  link.end(1012);
  clock.pass(500);
  link.accept();
  link.hear(welcome({ resumed: true }), message(2), message(3), CAUGHT_UP);
  assert.deepEqual(
    told.filter(([name]) => name === "event").map(([, { seq }]) => seq),
    [1, 2, 3],
  );
  assert.ok(!told.some(([name]) => name === "snapshot"));
});

test("a gap is asked for at once", () => {
  const { link } = online();
  link.hear(message(3));
  assert.deepEqual(link.heard(), [{ type: "sync", cursors: { lobby: 0 } }]);
});

test("it comes back after 0.5 s, then 1, 2 … 20, and after having been online 0.5 again", () => {
  const { chat, link, clock } = online();
  const waits = [];
  for (let n = 0; n < 8; n++) {
    link.end(1006, "");
    const { state, retryAt, code } = chat.status;
    assert.deepEqual([state, code], ["offline", 1006]);
    waits.push(retryAt - clock.wall());
    clock.pass(waits.at(-1) - 1);
    assert.equal(chat.status.state, "offline");
    clock.pass(1);
    assert.equal(chat.status.state, "connecting");
    link.ear.onopen();
  }
  assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
  link.accept();
  link.hear(welcome({ resumed: true }), CAUGHT_UP);
  clock.pass(10_000);
  link.end(4008);
  assert.equal(chat.status.retryAt - clock.wall(), 500);
});

test("a fault before welcome: the waits grow, and the one that was asked for comes first", () => {
  const { chat, link, clock } = make();
  const waits = [];
  chat.connect();
  for (const retry_after of [null, null, 30, null]) {
    link.accept();
    if (retry_after) link.hear({ type: "error", id: "hello", code: "internal", message: "a fault", retry_after });
    link.end(1011, "internal");
    waits.push(chat.status.retryAt - clock.wall());
    clock.pass(waits.at(-1) - 1);
    assert.equal(chat.status.state, "offline");
    clock.pass(1);
  }
  assert.deepEqual([waits, link.opened], [[500, 1_000, 32_000, 4_000], 5]);
});

for (const code of [1001, 1006, 1011, 1012, 1013, 4001, 4008]) {
  test(`links that end soon with ${code} are opened ever more slowly, until one stays open`, () => {
    const { chat, link, clock } = online();
    const waits = [];
    for (const lasts of [0, 5_000, 0, 10_000]) {
      clock.pass(lasts);
      link.end(code, "");
      waits.push(chat.status.retryAt - clock.wall());
      clock.pass(waits.at(-1));
      link.accept();
      link.hear(welcome({ resumed: true }), CAUGHT_UP);
    }
    assert.deepEqual(waits, [500, 1_000, 2_000, 500]);
  });
}

test("too much waits: one command more is rejected, and those before it arrive", async () => {
  const { chat, link } = make();
  const asked = Array.from({ length: LIMIT }, () => chat.command("read", { conversation: "lobby", ordinal: 1 }));
  await assert.rejects(chat.send({ conversation: "lobby", text: "salom" }), { name: "Refused", code: "outbox_full" });
  chat.connect();
  link.accept();
  link.hear(welcome(), snapshot(), CAUGHT_UP);
  for (let heard; (heard = link.heard()).length > 0;) {
    for (const { id } of heard) link.hear({ type: "ok", id, unread: 0 });
  }
  assert.equal((await Promise.all(asked)).length, LIMIT);
});

test("`since` is when one went offline, however often it was tried since", () => {
  const { chat, link, clock } = online();
  link.end(1006);
  const { since } = chat.status;
  clock.pass(700);
  assert.deepEqual([chat.status.state, chat.status.since], ["connecting", since]);
});

test("retryNow does not wait; where one is online it makes sure", () => {
  const { chat, link, clock } = online();
  link.end(1006);
  chat.retryNow();
  assert.deepEqual([link.opened, chat.status.state], [2, "connecting"]);
  clock.pass(60_000);
  assert.equal(link.opened, 2);
  link.accept();
  link.hear(welcome({ resumed: true }), CAUGHT_UP);
  chat.retryNow();
  clock.pass(500);
  assert.deepEqual(link.heard(), [{ type: "ping", id: "ping1" }]);
});

test("a close that is for good ends the chat with the server's words, and refuses what was asked", async () => {
  const { chat, link, clock } = online();
  const sent = chat.send({ conversation: "lobby", text: "salom" });
  link.hear({ type: "error", code: "session_revoked", message: "Seans tugatildi." });
  link.end(4505, "session_revoked");
  await assert.rejects(sent, { name: "Closed", code: 4505, reason: "Seans tugatildi." });
  assert.deepEqual([chat.status.state, chat.status.code, chat.status.message], ["closed", 4505, "Seans tugatildi."]);
  await assert.rejects(chat.command("read", { conversation: "lobby", ordinal: 1 }), {
    name: "Closed",
    code: 4505,
  });
  clock.pass(100_000);
  chat.retryNow();
  assert.deepEqual([link.opened, clock.pending], [1, 0]);
});

test("the wait that an error named comes before the jitter", () => {
  const { chat, link, clock } = online();
  link.hear({ type: "error", code: "rate_limited", message: "slow down", retry_after: 3 });
  link.end(4029, "rate_limited");
  assert.equal(chat.status.retryAt - clock.wall(), 3_500);
});

test("a socket that never opened asks who one is, and stops on 401 and 403 only", async () => {
  const told = { status: 401, code: "unauthenticated", detail: "Kirish kerak." };
  for (const [status, body, code] of [
    [401, told, 4501],
    [403, { ...told, code: "forbidden" }, 4503],
    [403, "<html>a proxy", 4503],
    [200, ANNA, null],
    [503, { ...told, code: "busy" }, null],
    [502, "<html>", null],
    [new TypeError("fetch failed"), "", null],
  ]) {
    const { chat, link, clock } = make({ fetch: meAnswers(status, body) });
    chat.connect();
    link.end(1006);
    await settled();
    assert.deepEqual([chat.status.state, chat.status.code], code ? ["closed", code] : ["offline", 1006], `${status}`);
    clock.pass(500);
    assert.equal(link.opened, code ? 1 : 2);
    chat.close();
  }
});

test("a socket that was open does not ask", async () => {
  let asked = 0;
  const { link } = online({ fetch: async () => void asked++ });
  link.end(1006);
  await settled();
  assert.equal(asked, 0);
});

test("a ping each heartbeat, and no answer in 10 s is the end of the connection", () => {
  const { chat, link, clock } = online();
  clock.pass(25_500);
  assert.deepEqual(link.heard(), [{ type: "ping", id: "ping1" }]);
  link.hear({ type: "pong", id: "ping1", heads: {} });
  clock.pass(25_500);
  assert.equal(link.heard().length, 1);
  clock.pass(9_000);
  assert.equal(chat.status.state, "online");
  clock.pass(500);
  assert.deepEqual([chat.status.state, link.closed], ["offline", [4000]]);
});

test("a machine that slept with a ping unanswered looks again before it gives up", () => {
  const { chat, link, clock } = online();
  clock.pass(25_500);
  clock.sleep(3_600_000);
  assert.equal(chat.status.state, "online");
  link.hear({ type: "pong", id: "ping1", heads: {} });
  clock.pass(20_000);
  assert.equal(chat.status.state, "online");
});

test("a hello without a welcome is no connection", () => {
  const { chat, link, clock } = make();
  chat.connect();
  link.accept();
  clock.pass(10_000);
  assert.equal(chat.status.state, "offline");
});

test("what is not a frame ends the chat: that is no Suhbat", () => {
  for (const nonsense of [undefined, null, 7, [], {}]) {
    const { chat, link } = online();
    link.hear(nonsense);
    assert.deepEqual([chat.status.state, chat.status.code], ["closed", 1007]);
  }
});

test("typing and active are said now or never, and nobody answers", async () => {
  const { chat, link } = make();
  assert.equal(await chat.command("typing", { conversation: "lobby" }), undefined);
  assert.equal(await chat.command("active", { on: true }), undefined);
  chat.connect();
  link.accept();
  link.hear(welcome(), snapshot(), CAUGHT_UP);
  await chat.command("typing", { conversation: "lobby" });
  await chat.command("active", { on: false });
  assert.deepEqual(link.heard(), [
    { type: "typing", conversation: "lobby" },
    { type: "active", on: false },
  ]);
});

test("a refusal comes to the one who asked, with what a program needs", async () => {
  const { chat, link } = online();
  const asked = chat.command("edit", { conversation: "lobby", seq: 1, text: "x" });
  link.hear({ type: "error", id: 1, code: "forbidden", message: "Mumkin emas." });
  await assert.rejects(asked, {
    name: "Refused",
    code: "forbidden",
    message: "Mumkin emas.",
    retryAfter: null,
  });
});

test("what the server would close for is refused here", async () => {
  const { chat, link } = online();
  await assert.rejects(chat.send({ conversation: "lobby", text: "ё".repeat(33_000) }), { code: "too_large" });
  await assert.rejects(chat.command("ping"), TypeError);
  assert.deepEqual(link.heard(), []);
});

test("haste is repeated after the wait, by the clock", () => {
  const { chat, link, clock } = online();
  void chat.send({ conversation: "lobby", text: "salom" });
  const said = link.heard();
  link.hear({ type: "error", id: 1, code: "busy", message: "…", retry_after: 2 });
  clock.pass(1_900);
  assert.deepEqual(link.heard(), []);
  clock.pass(600);
  assert.deepEqual(link.heard(), said);
});

test("slow mode in one conversation stops neither the others nor the pings", () => {
  const { chat, link, clock } = online();
  const held = [];
  chat.on("held", () => held.push(chat.held("lobby")));
  const send = (conversation) => void chat.send({ conversation, text: "salom" }).catch(() => {});
  send("lobby");
  link.heard();
  clock.pass(25_000); // the heartbeat: a ping is on its way
  link.heard();
  link.hear({ type: "error", id: 1, code: "rate_limited", message: "", retry_after: 3_600, scope: "conversation" });
  send("r2");
  assert.deepEqual(
    link.heard().map(({ conversation }) => conversation),
    ["r2"],
  );
  assert.deepEqual(held, [3_600_000]);
  clock.pass(10_500);
  assert.notEqual(chat.status.state, "online", "the ping is still awaited");
  chat.close();
});

test("people of a page of history are known", async () => {
  const { chat, link } = online();
  const page = chat.command("history", { conversation: "lobby" });
  link.hear({
    type: "ok",
    id: 1,
    messages: [message(1).message],
    has_before: false,
    has_after: false,
    head: 1,
  });
  assert.equal((await page).messages.length, 1);
  assert.equal(chat.people.get("ub").user_id, "bobur");
});

test("leaving closes, ends what is pending, and one may begin again", async () => {
  const { chat, link, clock, told } = online();
  const sent = chat.send({ conversation: "lobby", text: "salom" });
  chat.close();
  await assert.rejects(sent, { name: "Closed", code: 1000 });
  assert.deepEqual([chat.status.state, chat.status.code, link.closed, clock.pending], ["closed", 1000, [1000], 0]);
  chat.connect();
  link.accept();
  link.hear(welcome({ resumed: true }), message(1), CAUGHT_UP);
  assert.equal(told.filter(([name]) => name === "event").length, 1);
});

test("what was saved is there before the connection is, and resumes", () => {
  const saved = JSON.parse(JSON.stringify(online().chat.save()));
  const { chat, link, told } = make({ restored: saved });
  assert.ok(chat.conversations.has("lobby"));
  chat.connect();
  assert.equal(link.accept().resume.epoch, "e1");
  link.hear(welcome({ resumed: true }), message(1), CAUGHT_UP);
  assert.deepEqual(
    told.map(([name]) => name),
    ["event", "changed", "caught_up"],
  );
});

test("a listener can stop, and may do so while it is called", () => {
  const { chat, link } = online();
  const heard = [];
  const stop = chat.on("event", ({ seq }) => {
    heard.push(seq);
    stop();
  });
  chat.on("event", ({ seq }) => heard.push(-seq));
  link.hear(message(1), message(2));
  assert.deepEqual(heard, [1, -1, -2]);
});

test("one listener's mistake is not the others', and is not swallowed", (context) => {
  const { chat, link, told } = online();
  const reported = [];
  context.after(() => delete globalThis.reportError);
  globalThis.reportError = (error) => reported.push(error.message);
  chat.on("typing", () => {
    throw new Error("mistake");
  });
  link.hear({ type: "typing", conversation: "lobby", user_id: "bobur", uid: "ub" }, message(1));
  assert.deepEqual(reported, ["mistake"]);
  assert.deepEqual(
    told.map(([name]) => name),
    ["typing", "event", "changed"],
  );
});

test("an own event that changes a conversation is told as an event without a state, and as changed", () => {
  const { link, told } = online();
  link.hear(event("draft", 1, "@me", { target: "lobby", text: "sal" }));
  assert.deepEqual(
    told.map(([name, , state]) => [name, state]),
    [
      ["event", null],
      ["changed", undefined],
    ],
  );
});
