// Everything that a row of the timeline shows is in its data, so that every change draws the row again.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";

import { use } from "../../suhbat/web/js/text/languages.js";
import { parse } from "../../suhbat/web/js/text/markdown.js";
import { possibleNames } from "../../suhbat/web/js/text/mentions.js";
import { shownOf, shownRows } from "../../suhbat/web/js/views/shown.js";

before(() => use("en"));

const NOW = new Date(2026, 10, 23, 12);
const reaction = { emoji: "👍", count: 2, mine: false, users: ["vali", "soli"], uids: ["u2", "u3"] };
const message = (fields = {}) => ({
  conversation: "c1",
  seq: 5,
  ordinal: 5,
  sender: "ali",
  sender_uid: "u1",
  text: "@vali-aka, salom",
  reply_to: 3,
  sent_at: "2026-11-23T10:00:00Z",
  edited_at: null,
  deleted: false,
  reactions: [reaction],
  ...fields,
});
const quoted = message({ seq: 3, sender: "soli", sender_uid: "u3", text: "savol", reply_to: null });
const facts = (fields = {}) => ({
  me: { uid: "u1", user_id: "ali" },
  current: (one) => one,
  waits: () => false,
  leaving: () => false,
  find: () => quoted,
  writes: true,
  author: ({ sender, hook }) => ({ name: hook?.name ?? sender, handle: null, mark: hook ? "hook" : null }),
  person: (uid, user_id) => ({ name: user_id, handle: null, mark: null }),
  called: (uid, user_id) => user_id,
  readers: () => [{ uid: "u2", user_id: "vali" }],
  pinned: () => false,
  unfolded: () => false,
  thread: () => ({ unread: 0, mentions: 0, failed: false }),
  mentioned: (name) => (name === "vali" ? "Vali" : null),
  ...fields,
});
const shown = (row, about = facts(), now = NOW) => JSON.stringify(shownOf({ key: "k", ...row }, about, now));
const said = (fields, about) => shown({ kind: "message", message: message(fields), follows: false }, about);

test("the same message shows the same, whatever object it is", () => {
  assert.equal(said({}), said({}));
});

test("a button leads only where it shows, and is no link otherwise", () => {
  const urls = ["https://a.uz/x?y=@z", "javascript:alert(1)", "data:text/html,x", "//evil.uz", "https://a.uz@evil.uz/"];
  const actions = [
    [...urls, "https://a\u202e.uz", "https://["].map((url) => ({ label: "L", url })),
    [{ label: "Y", id: "y" }],
  ];
  const row = { key: "k", kind: "message", message: message({ actions }), follows: false };
  const [links, [pressed]] = shownOf(row, facts(), NOW).buttons;
  assert.deepEqual(
    links.map(({ url }) => url),
    ["https://a.uz/x?y=@z", null, null, null, null, null, null],
  );
  assert.deepEqual(pressed, { label: "Y", id: "y" });
});

const REPLIES = {
  count: 2,
  last_seq: 9,
  last_at: "2026-11-23T10:00:00Z",
  people: [{ uid: "u2", user_id: "vali" }],
};
const CHANGES = {
  "the text": [{ text: "xayr" }],
  "that it was edited": [{ edited_at: "2026-11-23T10:01:00Z" }],
  "that it was deleted": [{ deleted: true }],
  "that its deletion can still be undone": [{}, { leaving: () => true }],
  "that it names everybody": [{ mentions_all: true }],
  "how many reacted": [{ reactions: [{ ...reaction, count: 3 }] }],
  "who reacted": [{ reactions: [{ ...reaction, users: ["vali", "gani"] }] }],
  "that one reacted oneself": [{ reactions: [{ ...reaction, mine: true }] }],
  "an edit that is not confirmed": [{}, { current: (one) => ({ ...one, change: { id: "k", error: null } }) }],
  "a refused edit": [{}, { current: (one) => ({ ...one, change: { id: "k", error: "" } }) }],
  "the name of its sender": [{}, { author: () => ({ name: "Ali aka", handle: null, mark: null }) }],
  "that somebody else has the name of its sender": [
    {},
    { author: () => ({ name: "ali", handle: "@ali", mark: null }) },
  ],
  "that its sender is a guest": [{}, { author: () => ({ name: "ali", handle: null, mark: "guest" }) }],
  "its buttons": [{ actions: [[{ id: "yes", label: "Ha" }]] }],
  "that its buttons cannot be pressed": [{}, { writes: false }],
  "that a webhook sent it": [{ hook: { name: "CI" } }],
  "the names of those who reacted, read it or are quoted": [{}, { called: (uid) => `${uid} aka` }],
  "who has read it": [{}, { readers: () => [{ uid: "u3", user_id: "soli" }] }],
  "that it is pinned": [{}, { pinned: () => true }],
  "that all of its reactions are shown": [{}, { unfolded: () => true }],
  "which of its names are somebody's": [{}, { mentioned: (name) => (name === "vali-aka" ? "Vali" : null) }],
  "what is shown for a name in it": [{}, { mentioned: (name) => (name === "vali" ? "Vali aka" : null) }],
  "the text of the quote": [{}, { find: () => ({ ...quoted, text: "boshqa savol" }) }],
  "that the quoted one was deleted": [{}, { find: () => ({ ...quoted, deleted: true }) }],
  "that the quoted one is far away": [{}, { find: () => null }],
  "that it came from a thread": [{ from_thread: 3, reply_to: 4 }],
  "that there are replies": [{ replies: REPLIES }],
};
for (const [what, [fields, about]] of Object.entries(CHANGES)) {
  test(`a message is drawn anew for ${what}`, () => assert.notEqual(said(fields, facts(about)), said({})));
}

const ABOUT_REPLIES = {
  "how many there are": [{ count: 3 }],
  "when the last one was written": [{ last_at: "2026-11-22T10:00:00Z" }],
  "who wrote": [{ people: [{ uid: "u3", user_id: "soli" }] }],
  "how many are unread": [{}, { thread: () => ({ unread: 1, mentions: 0, failed: false }) }],
  "that one mentions the reader": [{}, { thread: () => ({ unread: 0, mentions: 1, failed: false }) }],
  "that one could not be sent": [{}, { thread: () => ({ unread: 0, mentions: 0, failed: true }) }],
  "that it is in its own thread": [{}, { thread: null }],
};
for (const [what, [fields, about]] of Object.entries(ABOUT_REPLIES)) {
  test(`the root of a thread is drawn anew for ${what}`, () => {
    const root = (replies, now) => said({ replies }, facts(now));
    assert.notEqual(root({ ...REPLIES, ...fields }, about), root(REPLIES));
  });
}

test("ticks stand on the last own message and on the last one that somebody has read", () => {
  const rows = [
    { seq: 1 },
    { seq: 2 },
    { seq: 3 },
    { seq: 4, sender_uid: "u2" },
    { seq: 5 },
    { seq: 6, sender_uid: "u2" },
    { seq: 7, deleted: true },
  ].map((fields) => ({ key: `m${fields.seq}`, kind: "message", message: message(fields), follows: false }));
  const newest = (readUpTo) => {
    const readers = ({ seq }) => (seq <= readUpTo ? [{ uid: "u2", user_id: "vali" }] : []);
    return shownRows(rows, facts({ readers }), NOW)
      .filter(({ shown }) => shown.newest)
      .map(({ key }) => key);
  };
  assert.deepEqual([newest(0), newest(2), newest(9)], [["m5"], ["m2", "m5"], ["m5"]]);
});

test("a day is drawn anew when it is no longer today, and when new messages begin with it", () => {
  const day = { kind: "day", date: NOW, unread: false };
  assert.notEqual(shown(day), shown({ ...day, unread: true }));
  assert.notEqual(shown(day), shown(day, facts(), new Date(2026, 10, 24, 0, 1)));
});

test("a message on its way is drawn anew when it must wait, when it was refused, and when it is tried again", () => {
  const pending = { clientId: "k", conversation: "c1", text: "salom", replyTo: null, at: 0, error: null };
  const state = (about) => shown({ kind: "pending", pending, follows: false }, facts(about));
  assert.notEqual(state({ waits: (clientId) => clientId === "k" }), state());
  const first = state();
  pending.error = { code: "too_large", message: "" };
  const refused = state();
  pending.error = { code: "unknown_command", message: "" };
  const unknown = state();
  pending.error = null;
  assert.deepEqual([first === refused, refused === unknown, first === state()], [false, false, true]);
});

test("with the possible names that exist a text is read as with all names", async () => {
  const { people, texts } = JSON.parse(await readFile(new URL("../vectors/mentions.json", import.meta.url), "utf8"));
  for (const { text } of texts) {
    const names = new Set(possibleNames(text).filter((name) => people.includes(name)));
    assert.deepEqual(
      parse(text, { exists: (name) => names.has(name) }),
      parse(text, { exists: (name) => people.includes(name) }),
      text,
    );
  }
});
