// Threads on the page: the window of a thread, the summary at its root, what is kept of it, and the list of them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FollowedThreads, lastOfOthers, unreadThreads } from "../../suhbat/web/js/models/followed.js";
import { KeptMessages } from "../../suhbat/web/js/models/kept.js";
import { PendingMessages } from "../../suhbat/web/js/models/pending.js";
import { Timeline } from "../../suhbat/web/js/models/timeline.js";
import { rowsOf } from "../../suhbat/web/js/views/rows.js";
import { Writing } from "../../suhbat/web/js/writing.js";

const ROOT = 10;
const message = (seq, fields = {}) => ({
  conversation: "c1",
  seq,
  ordinal: seq,
  sender: "ali",
  sender_uid: "u1",
  text: `m${seq}`,
  client_id: null,
  reply_to: null,
  sent_at: "2026-11-23T10:00:00Z",
  deleted: false,
  reactions: [],
  ...fields,
});
const reply = (seq, ordinal, fields = {}) =>
  message(seq, { ordinal: null, thread: ROOT, thread_ordinal: ordinal, sender: "vali", sender_uid: "u2", ...fields });
const created = (one) => ({ type: "message.created", conversation: "c1", seq: one.seq, message: one });
const gone = (seq, of, ordinal, replies) => ({
  type: "message.deleted",
  conversation: "c1",
  seq,
  target: of,
  sender_uid: "u2",
  ...(ordinal ? { thread: ROOT, thread_ordinal: ordinal, replies } : {}),
});
const summary = (count, last) => ({ count, last_seq: last, last_at: "2026-11-23T10:00:00Z", people: [] });
const seqs = (messages) => messages.map(({ seq }) => seq);

/** A thread of `count` replies, from `seq` 101 on, and the timelines of it and of its conversation. */
function scene(count) {
  const replies = Array.from({ length: count }, (_, index) => reply(101 + index, index + 1));
  const root = message(ROOT, count ? { replies: summary(count, 100 + count) } : {});
  const head = 100 + count;
  const load = async ({ before, limit }) => {
    const until = before ? replies.findIndex(({ seq }) => seq === before) : count;
    const from = Math.max(0, until - limit);
    return { messages: replies.slice(from, until), has_before: from > 0, has_after: until < count, head, root };
  };
  const log = [message(8), message(9), root, message(11)];
  const around = async ({ before }) => ({
    messages: before ? log.slice(0, 2) : log.slice(2),
    has_before: !before,
    has_after: Boolean(before),
    head,
  });
  const nothing = () => {};
  const thread = new Timeline(load, nothing, () => "u1", ROOT);
  const conversation = new Timeline(around, nothing, () => "u1");
  const hear = (...events) => events.forEach((event) => [thread, conversation].forEach((one) => one.apply(event)));
  return { thread, conversation, hear };
}

test("a thread has its replies, its root and nothing else, and is loaded in pages", async () => {
  const { thread, conversation, hear } = scene(100);
  await Promise.all([thread.open(), conversation.open()]);
  assert.deepEqual([thread.root.seq, thread.messages.length, thread.hasBefore], [ROOT, 60, true]);
  hear(created(message(201)), created(reply(202, 101)), created(reply(203, 1, { thread: 11 })));
  assert.deepEqual(seqs(thread.messages.slice(-2)), [200, 202]);
  assert.deepEqual(seqs(conversation.messages), [ROOT, 11, 201]);
  await thread.more("start");
  await thread.more("start");
  assert.deepEqual([thread.messages[0].thread_ordinal, thread.hasBefore], [1, false]);
  assert.equal(thread.find(ROOT), thread.root);
});

test("the root counts its replies, wherever it is shown", async () => {
  const { thread, conversation, hear } = scene(2);
  await Promise.all([thread.open(), conversation.open()]);
  const counts = () => [thread.root, conversation.find(ROOT)].map(({ replies }) => replies?.count ?? 0);
  hear(created(reply(103, 3)));
  assert.deepEqual(counts(), [3, 3]);
  hear({ ...created(message(ROOT, { text: "boshqa" })), seq: 104, type: "message.edited" });
  assert.deepEqual([thread.root.text, ...counts()], ["boshqa", 3, 3]);
  hear(gone(105, 103, 3, summary(2, 102)), gone(106, 102, 2, summary(1, 101)), gone(107, 101, 1, null));
  assert.deepEqual(counts(), [0, 0]);
  assert.ok(
    thread.messages.every(({ deleted }) => deleted),
    "tombstones stay",
  );
  hear(gone(108, ROOT));
  assert.ok(thread.root.deleted);
});

test("a reply that comes while older messages are loaded is counted at its root", async () => {
  const { conversation } = scene(0);
  await conversation.open();
  const loading = conversation.more("start");
  conversation.apply(created(reply(101, 1, { thread: 8 })));
  await loading;
  assert.equal(conversation.find(8).replies.count, 1);
});

test("a thread shows its root, how many replies it has, and a line at the first unread one", async () => {
  const { thread } = scene(3);
  await thread.open();
  const rows = (read) =>
    rowsOf(thread, [], { readOrdinal: read, me: "u1" }).map(({ key }) => key.replace(/^d.*/, "day"));
  assert.deepEqual(rows(null), ["day", "m10", "replies", "m101", "m102", "m103"]);
  assert.deepEqual(rows(1), ["day", "m10", "replies", "m101", "unread", "m102", "m103"]);
});

/** A device's storage for stored messages. */
function storage() {
  const stored = new Map();
  const database = {
    get: async (_, key) => structuredClone(stored.get(key)),
    put: async (_, key, value) => void stored.set(key, structuredClone(value)),
    remove: async (_, key) => void stored.delete(key),
    clear: async () => stored.clear(),
  };
  return { stored, kept: new KeptMessages(database, () => "u1") };
}

test("an opened thread is kept with its root, and follows the events after it was closed", async () => {
  const { kept } = storage();
  const { thread } = scene(2);
  await thread.open();
  await kept.save([[`c1/${ROOT}`, thread]]);
  const edited = { ...created(reply(101, 1, { text: "boshqa" })), seq: 104, type: "message.edited" };
  for (const event of [created(reply(103, 3)), edited, gone(105, 102, 2, summary(2, 103)), created(message(106))])
    kept.apply(event);
  const texts = async () => (await kept.in(`c1/${ROOT}`)).map(({ text, replies }) => text + (replies?.count ?? ""));
  assert.deepEqual(await texts(), ["m102", "boshqa", "", "m103"]);
});

test("the threads that were opened last are kept, and those of a conversation that is gone are not", async () => {
  const { kept, stored } = storage();
  const { thread } = scene(1);
  await thread.open();
  for (let root = 1; root <= 60; root += 1) await kept.save([[`c${root % 2}/${root}`, thread]]);
  const keys = () => [...stored.keys()].filter((key) => key.includes("/"));
  assert.deepEqual([keys().length, keys()[0]], [50, "c1/11"]);
  await kept.forget("c1");
  assert.deepEqual([keys().length, keys()[0]], [25, "c0/12"]);
});

test("a reply that is on its way is in its thread, and counts for the conversation", () => {
  const pending = new PendingMessages(
    () => new Promise(() => {}),
    { put: () => {}, remove: () => {} },
    () => {},
  );
  pending.add({ clientId: "a", conversation: "c1", text: "a", replyTo: null, at: 1 });
  pending.add({ clientId: "b", conversation: "c1", thread: ROOT, also: false, text: "b", replyTo: null, at: 2 });
  const texts = (all) => all.map(({ text }) => text).join("");
  assert.deepEqual([pending.at("c1"), pending.at("c1/10"), pending.in("c1")].map(texts), ["a", "b", "ab"]);
});

test("the draft of a thread stays on this device, apart from that of its conversation", async () => {
  const commands = [];
  const chat = { send: async () => {}, command: async (type, fields) => commands.push({ type, ...fields }) };
  const stored = { messages: [], changes: [], drafts: {} };
  const database = { change: async () => {} };
  const parts = { name: "threads", me: () => ({ uid: "u1", user_id: "ali" }), emit: () => {} };
  const writing = new Writing(chat, database, stored, parts);
  writing.drafts.change("c1", { text: "suhbatga" });
  writing.drafts.change("c1/10", { text: "javob" });
  assert.equal(writing.unsent("c1"), "suhbatga\n\njavob");
  writing.drafts.clear("c1/10");
  writing.drafts.clear("c1");
  await Promise.resolve();
  assert.deepEqual(commands, [{ type: "draft", conversation: "c1", text: "" }]);
  writing.end();
});

const state = (conversation, threads) => ({ conversation, threads });
const thread = (root, unread = 0, mentions = 0) => ({
  root,
  unread,
  mentions,
  count: 3,
  thread_ordinal: 3,
  read_ordinal: 3,
});

test("unread threads are counted, those of muted conversations only if they mention the reader", () => {
  const states = [state("c1", [thread(1, 2), thread(2)]), state("c2", [thread(3, 5), thread(4, 3, 1)]), state("c3")];
  assert.deepEqual(unreadThreads(states), { threads: 3, replies: 10, mentions: 1 });
  const muted = states.map((one) =>
    one.conversation === "c2" ? { ...one, notify: { level: "none", until: null } } : one,
  );
  assert.deepEqual(unreadThreads(muted), { threads: 2, replies: 3, mentions: 1 });
});

test("the list of threads has the unread ones first, then the latest, and follows the events", () => {
  const followed = new FollowedThreads(() => "u1");
  const root = (conversation, seq, day) =>
    message(seq, { conversation, replies: { ...summary(1, seq), last_at: `2026-11-2${day}T10:00:00Z` } });
  followed.add([root("c1", 1, 1), root("c1", 2, 2), root("c2", 1, 3)]);
  const states = [state("c1", [thread(1, 1), thread(2), thread(9)]), state("c2", [thread(1)])];
  const order = () => followed.in(states).map(({ message: one }) => `${one.conversation}/${one.seq}`);
  assert.deepEqual(order(), ["c1/1", "c2/1", "c1/2"], "one whose root is not loaded is left out");
  assert.ok(followed.keys(states).includes("c1/9") && !followed.has("c1/9"));
  const later = reply(50, 4, { thread: 2, sent_at: "2026-11-25T10:00:00Z" });
  followed.apply(created(later));
  assert.deepEqual(order(), ["c1/1", "c1/2", "c2/1"]);
  followed.apply({ ...created(message(2, { text: "boshqa" })), type: "message.edited" });
  assert.equal(followed.in(states)[1].message.text, "boshqa");
});

test("what is marked as unread is the last reply of another that is not deleted", () => {
  const mine = (seq, ordinal) => reply(seq, ordinal, { sender_uid: "u1" });
  const replies = [reply(101, 1), reply(102, 2), reply(103, 3, { deleted: true }), mine(104, 4)];
  assert.equal(lastOfOthers(replies, "u1"), 2);
  assert.equal(lastOfOthers([mine(101, 1)], "u1"), 0);
});
