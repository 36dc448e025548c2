// The inbox, the saved messages, and messages that are marked as unread again.

import assert from "node:assert/strict";
import test from "node:test";

import { mentionsIn } from "../../suhbat/web/js/models/asking.js";
import { Inbox, isUnread } from "../../suhbat/web/js/models/inbox.js";
import { SavedMessages } from "../../suhbat/web/js/models/saved.js";

const message = (seq, more = {}) => ({
  conversation: "c1",
  seq,
  ordinal: seq,
  sender_uid: "vali",
  text: `gap ${seq}`,
  deleted: false,
  reactions: [],
  ...more,
});
const texts = (inbox, states = new Map([["c1", {}]])) => inbox.in(states).map((one) => one.message.text);

test("the inbox keeps the order of the server, and follows edits and deletions", () => {
  const inbox = new Inbox(() => "ali");
  inbox.add(
    [3, 2].map((seq) => ({ message: message(seq), reason: "mention" })),
    true,
  );
  inbox.add([{ message: message(1, { conversation: "c2" }), reason: "reply" }], false);
  assert.deepEqual(texts(inbox), ["gap 3", "gap 2"]); // c2 is gone
  assert.deepEqual(texts(inbox, new Map([["c1", {}], ["c2", {}]])), ["gap 3", "gap 2", "gap 1"]); // prettier-ignore
  inbox.apply({ type: "message.edited", conversation: "c1", seq: 9, message: message(2, { text: "tuzatildi" }) });
  inbox.apply({ type: "message.deleted", conversation: "c1", seq: 10, target: 3 });
  inbox.apply({ type: "message.deleted", conversation: "c9", seq: 10, target: 2 });
  inbox.apply({ type: "notify", conversation: "@me", seq: 11, target: "c1" });
  assert.deepEqual(texts(inbox), ["tuzatildi"]);
  inbox.remove("c1", 2);
  assert.deepEqual(texts(inbox), []);
  inbox.add([{ message: message(4), reason: "mention" }], true);
  assert.deepEqual(texts(inbox, new Map([["c1", {}], ["c2", {}]])), ["gap 4"]); // prettier-ignore
});

test("a listed message is unread above the mark of its conversation, or of its thread", () => {
  const state = { read_ordinal: 5, threads: [{ root: 1, read_ordinal: 2 }] };
  assert.ok(isUnread(message(6), state));
  assert.ok(!isUnread(message(5), state));
  assert.ok(!isUnread(message(6), undefined));
  const reply = (thread, thread_ordinal) => message(9, { ordinal: null, thread, thread_ordinal });
  assert.ok(isUnread(reply(1, 3), state));
  assert.ok(!isUnread(reply(1, 2), state));
  assert.ok(!isUnread(reply(7, 1), state)); // not followed
});

test("mentions of conversations and of threads count together", () => {
  const states = [{ kind: "room", mentions: 2, unread: 3, threads: [{ mentions: 1, unread: 1 }] }];
  assert.equal(mentionsIn([...states, { kind: "room", mentions: 0, unread: 0 }]), 3);
});

test("saved messages are loaded page by page, once, and follow other devices", async () => {
  const asked = [];
  const pages = { null: [[1], "more"], more: [[2], null] };
  const saved = new SavedMessages(async ({ cursor }) => {
    asked.push(cursor);
    const [seqs, next] = pages[cursor];
    return { saved: seqs.map((seq) => ({ message: message(seq) })), cursor: next };
  });
  assert.ok(!saved.has("c1", 1));
  await Promise.all([saved.load(), saved.load()]);
  await saved.load();
  assert.deepEqual(asked, [null, "more"]);
  assert.ok(saved.has("c1", 1) && saved.has("c1", 2) && !saved.has("c2", 1));
  saved.apply({ type: "saved", target: "c2", message: 1, on: true });
  saved.apply({ type: "saved", target: "c1", message: 1, on: false });
  assert.ok(saved.has("c2", 1) && !saved.has("c1", 1));
  saved.forget();
  assert.ok(!saved.has("c2", 1));
});

test("if saved messages cannot be loaded, the next call tries again", async () => {
  let fails = true;
  const saved = new SavedMessages(async () => {
    if (fails) throw new Error("offline");
    return { saved: [{ message: message(1) }], cursor: null };
  });
  await assert.rejects(saved.load());
  fails = false;
  await saved.load();
  assert.ok(saved.has("c1", 1));
});
