// The models of the page: timelines, rows, drafts, pending messages, typing users, read marks.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { PendingChanges } from "../../suhbat/web/js/models/changes.js";
import { Drafts } from "../../suhbat/web/js/models/drafts.js";
import { PendingMessages } from "../../suhbat/web/js/models/pending.js";
import { Receipts } from "../../suhbat/web/js/models/receipts.js";
import { Timeline } from "../../suhbat/web/js/models/timeline.js";
import { TypingPeople } from "../../suhbat/web/js/models/typing.js";
import { People } from "../../suhbat/web/js/sdk/people.js";
import { otherOf, uidOf } from "../../suhbat/web/js/views/names.js";
import { rowsOf } from "../../suhbat/web/js/views/rows.js";

const message = (seq, fields = {}) => ({
  conversation: "c1",
  seq,
  ordinal: seq,
  sender: "ali",
  sender_uid: "u1",
  text: `m${seq}`,
  client_id: null,
  reply_to: null,
  sent_at: new Date(Date.UTC(2026, 10, 23, 10, 0, seq)).toISOString(),
  edited_at: null,
  deleted: false,
  reactions: [],
  ...fields,
});
const created = (seq, fields) => ({
  type: "message.created",
  conversation: "c1",
  seq,
  actor_uid: "u1",
  message: message(seq, fields),
});

/** A conversation of `count` messages, and a timeline over it; `held` answers wait until `go`. */
function scene(count) {
  const log = Array.from({ length: count }, (_, index) => message(index + 1));
  const changes = [];
  const held = [];
  const load = async ({ before, after, around, around_ordinal: middle, limit }) => {
    if (scene.failing) throw new Error("no network");
    if (scene.holding) await new Promise((resolve) => held.push(resolve));
    let messages = log;
    if (before) messages = log.filter((one) => one.seq < before).slice(-limit);
    else if (after) messages = log.filter((one) => one.seq > after).slice(0, limit);
    else if (around) messages = log.filter((one) => Math.abs(one.seq - around) < limit / 2);
    else if (middle) messages = log.filter((one) => Math.abs(one.ordinal - middle) < limit / 2);
    else messages = log.slice(-limit);
    return {
      messages: [...messages],
      has_before: messages.length > 0 && messages[0].seq > 1,
      has_after: messages.length > 0 && messages.at(-1).seq < log.length,
      head: log.length,
    };
  };
  const timeline = new Timeline(
    load,
    (change) => changes.push(change.at),
    () => "u-ali",
  );
  return { log, timeline, changes, go: () => held.splice(0).forEach((resolve) => resolve()) };
}
const seqs = (timeline) => timeline.messages.map((one) => one.seq);
const dense = (timeline) => seqs(timeline).every((seq, index, all) => index === 0 || seq === all[index - 1] + 1);

test("a reply in a thread is no message of the timeline", async () => {
  const { timeline } = scene(3);
  await timeline.open();
  timeline.apply(created(4, { thread: 2, thread_ordinal: 1, ordinal: null }));
  timeline.apply(created(5, { ordinal: 4 }));
  assert.deepEqual(
    timeline.messages.map(({ seq }) => seq),
    [1, 2, 3, 5],
  );
});

test("the newest, and then what is above, without gaps, and never more than so many", async () => {
  const { timeline } = scene(2000);
  await timeline.open();
  assert.equal(timeline.last.seq, 2000);
  for (let page = 0; page < 80; page += 1) await timeline.more("start");
  assert.equal(timeline.messages[0].seq, 1);
  assert.ok(dense(timeline) && timeline.messages.length <= 400 && timeline.hasAfter && !timeline.hasBefore);
  for (let page = 0; page < 80; page += 1) await timeline.more("end");
  assert.ok(dense(timeline) && timeline.last.seq === 2000 && !timeline.hasAfter);
});

test("what comes while a page is on its way is there once", async () => {
  const { timeline, log, go } = scene(5);
  scene.holding = true;
  const opened = timeline.open();
  log.push(message(6));
  timeline.apply(created(6));
  timeline.apply(created(7));
  await Promise.resolve();
  go();
  scene.holding = false;
  await opened;
  assert.deepEqual(seqs(timeline), [1, 2, 3, 4, 5, 6, 7]);
});

test("where the page does not come, what came meanwhile is not lost", async () => {
  const { timeline } = scene(3);
  timeline.restore([message(1), message(2), message(3)]);
  scene.failing = true;
  const opened = timeline.open();
  timeline.apply(created(4));
  await assert.rejects(opened);
  scene.failing = false;
  assert.deepEqual(seqs(timeline), [1, 2, 3, 4]);
});

test("a window into the past does not take the newest", async () => {
  const { timeline } = scene(500);
  await timeline.open(100);
  timeline.apply(created(501));
  assert.ok(timeline.hasAfter && timeline.last.seq < 501 && dense(timeline));
});

test("a window opens around an ordinal, and is loaded anew where the reader is", async () => {
  const { timeline } = scene(500);
  await timeline.openOrdinal(100);
  assert.ok(timeline.find(100) && timeline.hasBefore && timeline.hasAfter);
  timeline.place = () => ({ around: 300 });
  await timeline.reload();
  assert.ok(timeline.find(300) && !timeline.find(100));
  timeline.place = () => ({});
  await timeline.reload();
  assert.equal(timeline.last.seq, 500);
});

test("a window that is replaced by another before it came is not called loaded", async () => {
  const { timeline, go } = scene(500);
  scene.holding = true;
  const first = timeline.open(100).then(() => timeline.find(100) ?? timeline.find(400));
  const second = timeline.open(400);
  await Promise.resolve();
  scene.holding = false;
  go();
  assert.equal((await first).seq, 400);
  await second;
});

test("a conversation that nobody reads keeps a small window, an open one what is read", async () => {
  const { timeline } = scene(400);
  await timeline.open(null, 400);
  timeline.watched = true;
  for (let seq = 401; seq <= 450; seq += 1) timeline.apply(created(seq));
  assert.equal(timeline.messages.length, 450);
  timeline.watched = false;
  timeline.apply(created(451));
  assert.deepEqual([timeline.messages.length, timeline.hasBefore, timeline.last.seq], [400, true, 451]);
});

test("an empty page of history is the last one, whatever the server says", async () => {
  let asked = 0;
  const answer = { messages: [message(5)], has_before: true, has_after: false, head: 5 };
  const load = async ({ before }) => ((asked += 1), before ? { ...answer, messages: [] } : answer);
  const timeline = new Timeline(
    load,
    () => {},
    () => "u1",
  );
  await timeline.open();
  for (let time = 0; time < 5; time += 1) await timeline.more("start");
  assert.equal(asked, 2);
});

test("rows: the divider and the day share a line; without the first unread message there is no divider", async () => {
  const { timeline, log } = scene(300);
  await timeline.open(null, 100);
  const kinds = (readOrdinal) =>
    rowsOf(timeline, [], { readOrdinal, me: "u9" })
      .filter((row) => row.kind !== "message")
      .map((row) => [row.kind, row.unread]);
  assert.deepEqual(kinds(250), [
    ["day", false],
    ["unread", undefined],
  ]);
  assert.deepEqual(kinds(200), [["day", true]]);
  assert.deepEqual(kinds(199), [["day", false]]);
  log.splice(0, 200); // retention deleted them, so 201 is the first message
  await timeline.open(null, 100);
  timeline.hasBefore = false;
  assert.deepEqual(kinds(100), [["day", true]]);
});

test("edits, tombstones, reactions and pins change the message they are about", async () => {
  const { timeline, changes } = scene(3);
  await timeline.open();
  timeline.apply({
    type: "message.edited",
    conversation: "c1",
    seq: 4,
    message: message(2, { text: "new", edited_at: "x" }),
  });
  assert.equal(timeline.find(2).text, "new");
  const react = (type, actor) => ({
    type,
    conversation: "c1",
    seq: 5,
    target: 2,
    emoji: "👍",
    actor,
    actor_uid: `u-${actor}`,
  });
  timeline.apply(react("reaction.added", "ali"));
  timeline.apply(react("reaction.added", "vali"));
  timeline.apply(react("reaction.added", "vali"));
  assert.deepEqual(timeline.find(2).reactions, [
    { emoji: "👍", count: 2, mine: true, users: ["ali", "vali"], uids: ["u-ali", "u-vali"] },
  ]);
  timeline.apply(react("reaction.removed", "ali"));
  timeline.apply(react("reaction.removed", "vali"));
  assert.deepEqual(timeline.find(2).reactions, []);
  timeline.apply({ type: "message.pinned", conversation: "c1", seq: 6, target: 2 });
  assert.ok(timeline.pinned.has(2));
  timeline.apply({ type: "message.deleted", conversation: "c1", seq: 7, target: 2 });
  assert.deepEqual([timeline.find(2).deleted, timeline.find(2).text, timeline.pinned.has(2)], [true, "", false]);
  timeline.apply({ type: "message.deleted", conversation: "c1", seq: 8, target: 99 });
  assert.deepEqual(changes.filter((at) => at === 2).length, 8);
});

test("rows: days, the first unread, groups of five minutes, who came and went in one line", async () => {
  const { timeline, log } = scene(0);
  const at = (minutes) => new Date(Date.UTC(2026, 10, 20, 10, minutes)).toISOString();
  log.push(
    message(1, { sent_at: at(0) }),
    message(2, { sent_at: at(1) }),
    message(3, { sent_at: at(7) }),
    message(4, { sent_at: at(8), sender: "vali", sender_uid: "u2" }),
    message(5, { sent_at: at(9), sender: "vali", sender_uid: "u2", reply_to: 1 }),
    message(6, { sent_at: new Date(Date.UTC(2026, 10, 22, 10)).toISOString(), sender_uid: "u2" }),
  );
  await timeline.open();
  const kinds = (visit) =>
    rowsOf(timeline, [], visit).map((row) =>
      row.kind === "message" ? `${row.message.seq}${row.follows ? "+" : ""}` : row.kind,
    );
  assert.deepEqual(kinds({ readOrdinal: null, me: "u9" }), ["day", "1", "2+", "3", "4", "5", "day", "6"]);
  assert.deepEqual(kinds({ readOrdinal: 1, me: "u1" }), ["day", "1", "2+", "3", "unread", "4", "5", "day", "6"]);
  for (const [seq, kind, name] of [
    [7, "joined", "a"],
    [8, "joined", "b"],
    [9, "left", "a"],
  ]) {
    const user = { uid: `u-${name}`, user_id: name };
    timeline.apply({ type: `member.${kind}`, conversation: "c1", seq, at: at(10), user });
  }
  const note = rowsOf(timeline, [], { readOrdinal: null, me: "u9" }).at(-1);
  const [a, b] = ["a", "b"].map((name) => ({ uid: `u-${name}`, user_id: name }));
  assert.deepEqual([note.kind, note.joined, note.left], ["note", [b], [a]]);
});

test("rows: messages of one webhook form a group while they have the same name and sign", async () => {
  const { timeline, log } = scene(0);
  const hook = (name, icon) => ({ sender: "webhook:CI", sender_uid: "uh", hook: icon ? { name, icon } : { name } });
  const faces = [hook("CI"), hook("CI"), hook("Deploy"), hook("Deploy", "🚀"), hook("Deploy", "🚀")];
  log.push(...faces.map((face, at) => message(at + 1, { ...face, sent_at: "2026-11-20T10:00:00Z" })));
  await timeline.open();
  const rows = rowsOf(timeline, [], { readOrdinal: null, me: "u9" }).slice(1);
  assert.deepEqual(
    rows.map(({ follows }) => follows),
    [false, true, false, false, true],
  );
});

test("rows: what is on its way stands at the end, until its message is there", async () => {
  const { timeline } = scene(1);
  await timeline.open();
  const pending = [{ clientId: "k1", conversation: "c1", text: "x", replyTo: null, at: Date.now(), error: null }];
  assert.equal(rowsOf(timeline, pending, { readOrdinal: null, me: "u1" }).at(-1).kind, "pending");
  timeline.apply(created(2, { client_id: "k1" }));
  assert.equal(rowsOf(timeline, pending, { readOrdinal: null, me: "u1" }).at(-1).kind, "message");
});

/** Drafts whose server answers when the test says so: `answer(error)` settles the oldest unanswered text. */
function desk(kept = {}) {
  const told = [];
  const stored = { ...kept };
  const waiting = [];
  const late = [];
  const drafts = new Drafts(
    kept,
    (conversation, draft) => (draft ? (stored[conversation] = { ...draft }) : delete stored[conversation]),
    (conversation, text) => {
      told.push(text);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    (conversation) => late.push(conversation),
  );
  const answer = async (error) => {
    const { resolve, reject } = waiting.shift();
    if (error) reject(error);
    else resolve();
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  return { drafts, told, stored, late, answer };
}

test("drafts: kept at once, told after a silence, given up to another device while one does not write", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { drafts, told, stored, answer } = desk();
  drafts.change("c1", { text: "a" });
  drafts.change("c1", { text: "ab" });
  assert.equal(stored.c1.text, "ab");
  assert.equal(drafts.received("c1", "other"), false);
  mock.timers.tick(1000);
  assert.deepEqual(told, ["ab"]);
  await answer();
  assert.equal(drafts.received("c1", "ab"), false);
  assert.equal(drafts.received("c1", "other"), true);
  assert.equal(drafts.of("c1").text, "other");
  drafts.clear("c1");
  assert.deepEqual([told.at(-1), drafts.of("c1").text], ["", ""]);
  await answer();
  assert.deepEqual(stored, {});
  mock.timers.reset();
});

test("drafts: a text that was sent does not come back, however late its events are", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { drafts, told, answer } = desk();
  drafts.change("c1", { text: "salom" });
  mock.timers.tick(800);
  drafts.clear("c1"); // Enter, while the draft is on its way
  assert.equal(drafts.received("c1", "salom"), false);
  await answer();
  assert.deepEqual(told, ["salom", ""]);
  assert.equal(drafts.received("c1", "salom"), false, "again, from a snapshot");
  await answer();
  assert.equal(drafts.received("c1", "salom"), false, "the answer came before the event");
  assert.equal(drafts.received("c1", ""), false);
  assert.equal(drafts.of("c1").text, "");
  assert.equal(drafts.received("c1", "of another device"), true);
  mock.timers.reset();
});

test("drafts: what another device writes just after a message was sent here is shown", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { drafts, told, late, answer } = desk();
  for (const [echo, shown] of [
    [false, "of another device"],
    [true, ""],
  ]) {
    drafts.change("c1", { text: "salom" });
    drafts.clear("c1"); // within the delay, so the server never had the text, and its deletion has no event
    await answer();
    assert.equal(drafts.received("c1", "of another device"), false);
    if (echo) drafts.received("c1", ""); // it had: the deletion is the newer one
    mock.timers.tick(3000);
    assert.equal(drafts.of("c1").text, shown);
    drafts.received("c1", "");
  }
  assert.deepEqual([told, late], [["", ""], ["c1"]]);
  mock.timers.reset();
});

test("drafts: a text that the server does not have is sent by the next visit, and wins until then", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const first = desk({ c1: { text: "salom", replyTo: null, edit: null, untold: false } });
  first.drafts.clear("c1"); // the message was sent, while offline
  await first.answer(Object.assign(new Error("over"), { code: 4505 }));
  const { drafts, told, answer, stored } = desk(first.stored);
  assert.deepEqual([told, drafts.received("c1", "salom")], [[""], false]);
  await answer();
  assert.deepEqual(stored, {});
  drafts.change("c2", { text: "x" });
  mock.timers.tick(800);
  await answer(Object.assign(new Error("gone"), { code: "not_found" }));
  assert.equal(stored.c2.untold, false, "refused for good");
  mock.timers.reset();
});

test("drafts: an edit touches neither the draft nor the server", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { drafts, told, stored, answer } = desk({ c1: { text: "old edit", replyTo: null, editing: 7 } });
  assert.deepEqual([drafts.of("c1").text, drafts.of("c1").edit], ["", { seq: 7, text: "old edit" }]);
  drafts.change("c1", { edit: null });
  drafts.change("c1", { text: "draft", replyTo: 3 });
  mock.timers.tick(800);
  await answer();
  drafts.change("c1", { edit: { seq: 7, text: "edited" } });
  mock.timers.tick(5000);
  assert.equal(drafts.received("c1", "of another device"), true, "under the edit");
  drafts.change("c1", { edit: null });
  assert.deepEqual(stored.c1, { text: "of another device", replyTo: 3, edit: null, untold: false });
  assert.deepEqual(told, ["draft"]);
  mock.timers.reset();
});

/** Pending changes over a server that answers when the test says so. */
function changing() {
  const stored = new Map();
  const sent = [];
  const refused = [];
  const changes = new PendingChanges(
    (change) => new Promise((resolve, reject) => sent.push({ ...change.wish, resolve, reject })),
    { put: (change) => stored.set(change.id, structuredClone(change)), remove: ({ id }) => stored.delete(id) },
    () => {},
    (error) => refused.push(error.code),
  );
  const me = { uid: "u1", user_id: "ali" };
  const shown = (fields) => changes.apply(message(2, fields), me);
  return { changes, stored, sent, refused, shown };
}
const settled = () => new Promise(setImmediate);

test("changes: shown at once, stored until their event arrives, sent again by the next visit", async () => {
  const { changes, stored, sent, shown } = changing();
  changes.make("c1", 2, { type: "edit", text: "first" });
  changes.make("c1", 2, { type: "edit", text: "new" });
  changes.make("c1", 2, { type: "react", emoji: "❤️", on: true });
  changes.make("c1", 2, { type: "pin", on: true });
  const { text, edited_at, change, reactions } = shown();
  assert.deepEqual([text, Boolean(edited_at), change.error, changes.pinned("c1", 2)], ["new", true, null, true]);
  assert.deepEqual(reactions, [{ emoji: "❤️", count: 1, mine: true, users: ["ali"], uids: ["u1"] }]);
  assert.equal(shown({ reactions }).reactions[0].count, 1, "the server has it already");
  assert.equal(stored.size, 3);

  const next = changing();
  next.changes.restore([...stored.values()]);
  assert.equal(next.shown().text, "new");
  assert.deepEqual(
    next.sent.map(({ type }) => type),
    ["edit", "react", "pin"],
  );
  const event = (type, fields) =>
    changes.confirm({ type, conversation: "c1", seq: 9, target: 2, actor_uid: "u1", ...fields }, "u1");
  event("message.edited", { target: undefined, message: message(2, { text: "first" }) });
  assert.equal(shown().text, "new", "an older edit of one's own");
  event("message.edited", { target: undefined, message: message(2, { text: "new" }) });
  event("reaction.added", { emoji: "❤", actor_uid: "u2" });
  assert.equal(shown().reactions.length, 1);
  event("reaction.added", { emoji: "❤" });
  event("message.pinned");
  assert.deepEqual([stored.size, shown(), changes.pinned("c1", 2)], [0, message(2), null]);
  sent.forEach(({ resolve }) => resolve());
  await settled();
});

test("changes: a refused edit stays with its error, other refused changes are undone and told", async () => {
  const { changes, stored, sent, refused, shown } = changing();
  const refuse = (at, code = "forbidden") => sent[at].reject(Object.assign(new Error("no"), { code }));
  changes.make("c1", 2, { type: "edit", text: "new" });
  changes.make("c1", 2, { type: "delete" });
  assert.deepEqual([shown().deleted, shown().text], [true, ""]);
  refuse(1);
  refuse(0);
  await settled();
  const { id, error } = shown().change;
  assert.deepEqual([shown().text, error, refused, stored.size], ["new", "no", ["forbidden"], 1]);
  changes.retry(id);
  assert.equal(shown().change.error, null);
  refuse(2, 4505); // the chat is closed: it stays for the next visit
  await settled();
  assert.deepEqual([shown().text, stored.get(id).error], ["new", null]);
  changes.make("c1", 2, { type: "edit", text: "newer" });
  changes.confirm({ type: "message.deleted", conversation: "c1", seq: 9, target: 2 }, "u1");
  refuse(3, "not_found");
  await settled();
  assert.deepEqual([stored.size, refused], [0, ["forbidden", "not_found"]]);
});

test("what is on its way: written down until it is stored, kept with its error, sent again as the same", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const stored = new Map();
  let refuse = true;
  const send = async (one) => {
    sent.push(one.clientId);
    if (refuse) throw Object.assign(new Error("too long"), { code: "too_large" });
  };
  const pending = new PendingMessages(
    send,
    { put: (one) => stored.set(one.clientId, { ...one }), remove: (id) => stored.delete(id) },
    () => {},
  );
  pending.add({ clientId: "k1", conversation: "c1", text: "x", replyTo: null, at: 1 });
  await new Promise(setImmediate);
  assert.deepEqual(
    pending.in("c1").map((one) => one.error?.code),
    ["too_large"],
  );
  assert.equal(stored.get("k1").error.message, "too long");
  refuse = false;
  pending.retry("k1");
  await new Promise(setImmediate);
  pending.remove("k1"); // its event arrived
  assert.deepEqual([pending.size, stored.size, sent], [0, 0, ["k1", "k1"]]);
  pending.restore([
    { clientId: "k3", conversation: "c1", text: "z", replyTo: null, at: 3, error: null },
    { clientId: "k2", conversation: "c1", text: "y", replyTo: null, at: 2, error: null },
  ]);
  await new Promise(setImmediate);
  assert.deepEqual(sent.slice(2), ["k2", "k3"]);
  mock.timers.tick(4000);
  assert.equal(pending.size, 0);
  mock.timers.reset();
});

test("a session that ends leaves what is on its way for the next", async () => {
  const pending = new PendingMessages(
    async () => Promise.reject(Object.assign(new Error("over"), { code: 4505 })),
    { put: () => {}, remove: () => assert.fail() },
    () => {},
  );
  pending.add({ clientId: "k1", conversation: "c1", text: "x", replyTo: null, at: 1 });
  await new Promise(setImmediate);
  assert.equal(pending.in("c1")[0].error, null);
});

test("who is writing: until six seconds after the last notice, or until it arrives; oneself tells every three", () => {
  let now = 0;
  const typing = new TypingPeople(() => now);
  typing.seen({ conversation: "c1", uid: "u1", user_id: "ali" });
  now = 1000;
  typing.seen({ conversation: "c1", uid: "u2", user_id: "vali" });
  const people = [
    { uid: "u1", user_id: "ali" },
    { uid: "u2", user_id: "vali" },
  ];
  assert.deepEqual(typing.in("c1"), { people, again: 5000 });
  typing.done("c1", "u2");
  now = 6000;
  assert.deepEqual(typing.in("c1"), { people: [], again: null });
  assert.deepEqual([typing.tell("c1"), typing.tell("c1"), typing.tell("c2")], [true, false, true]);
  now = 9000;
  assert.equal(typing.tell("c1"), true);
  typing.sent("c1");
  assert.equal(typing.tell("c1"), true);
});

test("who has read: marks never go back, and one's own does not count", () => {
  const receipts = new Receipts();
  const user = (uid) => ({ uid, user_id: uid });
  receipts.load("c1", [
    { user: user("u1"), read_ordinal: 9 },
    { user: user("u2"), read_ordinal: 3 },
    { user: user("u3"), read_ordinal: null },
  ]);
  receipts.seen({ conversation: "c1", uid: "u2", user_id: "u2", ordinal: 5 });
  receipts.seen({ conversation: "c1", uid: "u2", user_id: "u2", ordinal: 1 });
  assert.deepEqual(receipts.of("c1", 5, "u1"), [user("u2")]);
  assert.deepEqual(receipts.of("c1", 6, "u1"), []);
  assert.deepEqual(receipts.of("c2", 1, "u1"), []);
});

test("what a reply quotes from outside of the window follows edits and deletions", async () => {
  const { timeline, changes } = scene(500);
  await timeline.open(null, 10);
  assert.equal(timeline.quote(7), null);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(timeline.quote(7).text, "m7");
  timeline.apply({ type: "message.edited", conversation: "c1", seq: 501, message: message(7, { text: "changed" }) });
  assert.equal(timeline.quote(7).text, "changed");
  assert.equal(changes.at(-1), 7);
  timeline.apply({ type: "message.deleted", conversation: "c1", seq: 502, target: 7 });
  assert.deepEqual([timeline.quote(7).text, timeline.quote(7).deleted], ["", true]);
});

test("a deletion that overtakes the answer about a quoted message counts", async () => {
  const { timeline, go } = scene(500);
  await timeline.open(null, 10);
  scene.holding = true;
  timeline.quote(7);
  timeline.apply({ type: "message.deleted", conversation: "c1", seq: 501, target: 7 });
  scene.holding = false;
  go();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual([timeline.quote(7).text, timeline.quote(7).deleted], ["", true]);
});

test("a quoted message that may not be read, or is gone, stays far away; a window opened anew asks again", async () => {
  const { timeline, log } = scene(500);
  log.splice(6, 1); // 7 lies below the floor
  await timeline.open(null, 10);
  timeline.quote(7);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(timeline.quote(7), null);
  log.splice(6, 0, message(7));
  await timeline.open(null, 10);
  timeline.quote(7);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(timeline.quote(7).text, "m7");
});

test("what changed beside the messages is shown by a touch, which changes nothing itself", async () => {
  const { timeline, changes } = scene(3);
  await timeline.open();
  const [messages, pinned] = [timeline.messages, timeline.pinned];
  timeline.touch();
  assert.deepEqual(changes, ["all", "all"]);
  assert.ok(timeline.messages === messages && timeline.pinned === pinned);
});

test("a name in a text leads to who was seen under it, and to nobody where it had several owners", () => {
  const people = new Map([
    ["u1", { uid: "u1", user_id: "ali" }],
    ["u2", { uid: "u2", user_id: "vali" }],
    ["u3", { uid: "u3", user_id: "vali" }],
  ]);
  assert.equal(uidOf(people.values(), "Ali"), "u1");
  assert.equal(uidOf(people.values(), "soli"), undefined, "whoever has it now");
  assert.ok(![undefined, "u2", "u3"].includes(uidOf(people.values(), "vali")));
});

test("the other in a direct is never somebody who has the name now", () => {
  const people = new People();
  for (const uid of ["u2", "u3"]) people.add({ uid, user_id: "vali" });
  const direct = (fields) => otherOf({ chat: people }, { kind: "direct", member_count: 2, title: "vali", ...fields });
  assert.equal(direct({ last_message: message(1, { sender_uid: "u2", sender: "vali" }) }).uid, "u2");
  assert.equal(direct({ last_message: message(1, { sender_uid: "u1" }) }), null);
  people.add({ uid: "u3", user_id: "deleted account" });
  assert.equal(direct({ last_message: null }).uid, "u2");
});
