// Where a conversation opens: what is asked for, how often, and when it is shown.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Timeline } from "../../suhbat/web/js/models/timeline.js";
import { Refused } from "../../suhbat/web/js/sdk/errors.js";
import { Opening } from "../../suhbat/web/js/views/opening.js";

const message = (seq) => ({
  conversation: "c1",
  seq,
  ordinal: seq,
  sender: "vali",
  sender_uid: "u2",
  text: `m${seq}`,
  sent_at: "2026-11-23T10:00:00Z",
  deleted: false,
  reactions: [],
});

/**
 * A conversation of `count` messages and the view of it; without messages, requests are refused with `code`. `asked`:
 * the queries; `shown`: the places that were shown.
 */
function scene(count, { unread = 0, kept = [], online = true, code = "not_found" } = {}) {
  const log = Array.from({ length: count }, (_, index) => message(index + 1));
  const listeners = new Set();
  const state = { unread, read_ordinal: count - unread, head: count };
  const app = {
    chat: { conversations: new Map([["c1", state]]), status: { state: online ? "online" : "offline" } },
    on: (name, listener) => (listeners.add(listener), () => listeners.delete(listener)),
  };
  const asked = [];
  const shown = [];
  const load = async (query) => {
    asked.push(query);
    await new Promise(setImmediate);
    if (!count) throw new Refused({ code, message: "There is no such message." });
    const { around, around_ordinal: ordinal, limit } = query;
    const middle = around ?? ordinal ?? count;
    const messages = log.filter((one) => Math.abs(one.seq - middle) < limit / 2);
    return { messages, has_before: messages[0].seq > 1, has_after: messages.at(-1).seq < count, head: count };
  };
  const timeline = new Timeline(
    load,
    () => {},
    () => "u1",
  );
  const view = {
    arrive: (place, gone) => shown.push([place, timeline.messages.length > 0, ...(gone ? ["gone"] : [])]),
    draw: () => shown.push("drawn"),
    tell: (error) => assert.fail(error),
    none: () => shown.push("none"),
  };
  const opening = new Opening(app, { timeline, reading: state, kept: async () => kept }, view);
  const change = (word) => {
    app.chat.status = { state: word };
    for (const listener of listeners) listener();
  };
  return { opening, timeline, state, asked, shown, change };
}

test("the end, the first unread message, or a message, each with one request", async () => {
  const end = scene(500);
  await end.opening.open(null);
  const unread = scene(500, { unread: 400 });
  await unread.opening.open(null);
  const linked = scene(500);
  await linked.opening.open(70);
  assert.deepEqual(
    [end.asked, unread.asked, linked.asked].map(([query, ...more]) => [Object.keys(query), more.length]),
    [
      [["limit"], 0],
      [["around_ordinal", "limit"], 0],
      [["around", "limit"], 0],
    ],
  );
  assert.deepEqual([end.shown, unread.shown, linked.shown], [[[null, true]], [[null, true]], [[70, true]]]);
  assert.equal(unread.opening.divider, 100);
});

test("a status that changes during the request asks for nothing twice and shows nothing early", async () => {
  const { opening, asked, shown, change } = scene(500, { unread: 400 });
  const opened = opening.open(null);
  await Promise.resolve();
  change("online");
  change("online");
  await opened;
  assert.deepEqual([asked.length, shown], [1, [[null, true]]]);
});

test("a few unread messages above many of one's own are found", async () => {
  const { opening, timeline, state, asked } = scene(500, { unread: 5 });
  state.read_ordinal = 200;
  await opening.open(null);
  assert.equal(asked.length, 2);
  assert.ok(timeline.find(201));
});

test("offline there is what the device has, and once online the place with the unread count of then", async () => {
  const { opening, timeline, state, asked, shown, change } = scene(500, { kept: [message(299)], online: false });
  await opening.open(null);
  assert.deepEqual([asked.length, shown], [0, [[null, true]]]);
  Object.assign(state, { unread: 200, read_ordinal: 300 });
  change("online");
  while (shown.length < 2) await new Promise(setImmediate);
  assert.deepEqual([opening.divider, shown.length], [300, 2]);
  assert.ok(timeline.find(301));
});

test("a message is gone if the server does not have it, not if this device does not", async () => {
  const known = scene(500, { kept: [message(499), message(500)], online: false });
  await known.opening.open(70);
  assert.deepEqual(known.shown, [[70, true]]);
  known.change("online");
  while (known.shown.length < 2) await new Promise(setImmediate);
  assert.deepEqual(known.shown[1], [70, true]);
  const none = scene(500);
  await none.opening.open(null);
  await none.opening.jump(510);
  assert.deepEqual(none.shown, [
    [null, true],
    [510, true, "gone"],
  ]);
});

test("who scrolls before the answer stays where they are", async () => {
  const { opening, timeline, asked, shown, change } = scene(500, { kept: [message(250)], online: false });
  await opening.open(null);
  opening.moved();
  timeline.place = () => ({ around: 250 });
  change("online");
  while (shown.length < 2) await new Promise(setImmediate);
  assert.deepEqual([asked, shown], [[{ around: 250, limit: 60 }], [[null, true], "drawn"]]);
});

test("after a failure, Try again asks at once", async () => {
  const { opening, timeline, asked, shown } = scene(500);
  const { chat } = opening.app;
  let hurried = 0;
  chat.retryNow = () => (hurried += 1);
  const load = timeline.open.bind(timeline);
  timeline.open = () => Promise.reject(new Error("no answer"));
  await opening.open(null);
  assert.deepEqual([opening.failed, asked.length, shown], [true, 0, ["drawn"]]);
  timeline.open = load;
  opening.again();
  assert.equal(opening.failed, false);
  while (shown.length < 3) await new Promise(setImmediate);
  assert.deepEqual([hurried, asked.length, shown.at(-1)], [1, 1, [null, true]]);
  opening.close();
});

test("a place that was left for another is not shown", async () => {
  const { opening, shown } = scene(500);
  const first = opening.open(null);
  await Promise.resolve();
  await Promise.all([first, opening.jump(70), opening.jump(300)]);
  assert.deepEqual(shown, [[300, true]]);
});

test("a thread that does not exist, or that a reply cannot have, is not asked for again", async (context) => {
  for (const code of ["not_found", "bad_request"]) {
    const { opening, asked, shown } = scene(0, { code });
    context.after(() => opening.close());
    await opening.open(null);
    assert.deepEqual([asked.length, shown], [1, ["none"]]);
  }
});
