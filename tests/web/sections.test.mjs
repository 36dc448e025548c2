// The list of conversations: its sections, what counts as unread, the order, marking all as read.

import assert from "node:assert/strict";
import { test } from "node:test";

import { markAll, marksOf } from "../../suhbat/web/js/models/mark-read.js";
import { asking, isUnread, neighbour, sections, steady, unfolded } from "../../suhbat/web/js/models/sections.js";

const listed = (conversation, at, rest = {}) => ({
  conversation,
  at: at ? `2026-11-2${at}` : "",
  direct: false,
  silent: false,
  unread: 0,
  mentions: 0,
  ...rest,
});
const shown = (layout) => Object.fromEntries(layout.map(({ name, ids }) => [name, ids.join(" ")]));

const MIXED = [
  listed("lobby", 1),
  listed("ali", 5, { direct: true }),
  listed("room", 4),
  listed("new", 2, { unread: 3 }),
  listed("vali", 3, { direct: true, unread: 1 }),
  listed("empty", 0),
];

test("unread ones, rooms, people: the latest first, and no section without a conversation", () => {
  assert.deepEqual(shown(sections(MIXED)), { unread: "vali new", rooms: "room lobby empty", people: "ali" });
  assert.deepEqual(shown(sections([listed("lobby", 1)])), { rooms: "lobby" });
  assert.deepEqual(sections([]), []);
});

test("a muted conversation is unread only if somebody mentions the user", () => {
  const muted = { silent: true, unread: 9 };
  assert.deepEqual([asking({ ...muted, mentions: 0 }), isUnread({ ...muted, mentions: 0 })], [0, false]);
  assert.deepEqual([asking({ ...muted, mentions: 2 }), isUnread({ ...muted, mentions: 2 })], [2, true]);
  const all = [listed("loud", 1, muted), listed("named", 2, { ...muted, mentions: 1 })];
  assert.deepEqual(shown(sections(all)), { unread: "named", rooms: "loud" });
});

test("the open conversation stays in its section until one leaves it", () => {
  const read = MIXED.map((one) => ({ ...one, unread: 0 }));
  const opened = { conversation: "new", unread: true };
  assert.equal(shown(sections(read, { open: opened })).unread, "new");
  assert.equal(shown(sections(read)).unread, undefined);
  const other = { conversation: "room", unread: false };
  const more = MIXED.map((one) => (one.conversation === "room" ? { ...one, unread: 4 } : one));
  assert.equal(shown(sections(more, { open: other })).rooms, "room lobby empty");
});

test("the filter leaves the unread ones, and where one is", () => {
  assert.deepEqual(shown(sections(MIXED, { unreadOnly: true })), { unread: "vali new" });
  const open = { conversation: "ali", unread: false };
  assert.deepEqual(shown(sections(MIXED, { open, unreadOnly: true })), { unread: "vali new", people: "ali" });
  assert.deepEqual(sections([listed("lobby", 1)], { unreadOnly: true }), []);
});

test("a folded section shows only the open conversation", () => {
  assert.deepEqual(unfolded(["a", "b"], false, "b"), ["a", "b"]);
  assert.deepEqual(unfolded(["a", "b"], true, "b"), ["b"]);
  assert.deepEqual(unfolded(["a", "b"], true, null), []);
});

test("while the pointer is in the list, nothing moves: new ones come last, those that are gone are left out", () => {
  const before = sections(MIXED);
  const later = [
    ...MIXED.filter(({ conversation }) => conversation !== "ali").map((one) =>
      one.conversation === "lobby" ? { ...one, unread: 1, at: "2026-11-29" } : one,
    ),
    listed("fresh", 9, { unread: 1 }),
  ];
  assert.equal(shown(sections(later)).unread, "fresh lobby vali new");
  assert.deepEqual(shown(steady(before, sections(later))), {
    unread: "vali new fresh",
    rooms: "room lobby empty",
  });
});

test("the next conversation is the next one in the list, around its ends", () => {
  const ids = ["a", "b", "c", "d"];
  const any = () => true;
  assert.equal(neighbour(ids, "b", 1, any), "c");
  assert.equal(neighbour(ids, "d", 1, any), "a");
  assert.equal(neighbour(ids, "a", -1, any), "d");
  assert.equal(neighbour(ids, null, 1, any), "a");
  assert.equal(neighbour(ids, null, -1, any), "d");
  assert.equal(
    neighbour(ids, "b", 1, (id) => id === "a"),
    "a",
  );
  assert.equal(
    neighbour(ids, "b", 1, (id) => id === "b"),
    null,
  );
  assert.equal(neighbour([], null, 1, any), null);
});

test("all is marked as read, one after the other, up to what is there now", async () => {
  const state = (conversation, unread, mentions = 0) => ({ conversation, unread, mentions, last_ordinal: 7 });
  const marks = marksOf([state("a", 1), state("b", 0), state("c", 5), state("d", 0, 1)]);
  assert.deepEqual(marks, [
    { conversation: "a", ordinal: 7 },
    { conversation: "c", ordinal: 7 },
    { conversation: "d", ordinal: 7 },
  ]);
  const steps = [];
  const send = async ({ conversation }) => {
    steps.push(conversation);
    if (conversation === "c") throw new Error("not a member any more");
  };
  const rest = async () => void steps.push("rest");
  assert.equal(await markAll(marks, send, rest, (done) => steps.push(done)), 2);
  assert.deepEqual(steps, [0, "a", "rest", 1, "c", "rest", 2, "d"]);
  assert.equal(await markAll(marks, send, rest, (done) => done < 1), 1);
});
