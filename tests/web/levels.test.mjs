// Of which messages the page notifies.

import assert from "node:assert/strict";
import test from "node:test";

import { endOf, isSilent, levelOf, wants } from "../../suhbat/web/js/models/levels.js";

test("without a choice, directs notify of everything and other conversations of mentions", () => {
  assert.deepEqual(
    ["direct", "room", "lobby"].map((kind) => levelOf({ kind })),
    ["all", "mentions", "mentions"],
  );
});

test("a choice ends at its time", () => {
  const now = Date.parse("2026-11-30T10:00:00Z");
  const muted = { kind: "direct", notify: { level: "none", until: "2026-11-30T10:00:00.001Z" } };
  assert.deepEqual([levelOf(muted, now), levelOf(muted, now + 1)], ["none", "all"]);
  assert.ok(isSilent({ kind: "room", notify: { level: "none", until: null } }, now));
});

test("an hour ends after an hour, tomorrow in the morning, for good never", () => {
  const now = new Date(2026, 11, 31, 23, 30);
  assert.equal(endOf("good", now), null);
  assert.equal(endOf("hour", now), new Date(2027, 0, 1, 0, 30).toISOString());
  assert.equal(endOf("tomorrow", now), new Date(2027, 0, 1, 8).toISOString());
});

test("replies notify as mentions do where the user follows the thread", () => {
  const plain = { names: false, thread: false, follows: false };
  const reply = { names: false, thread: true, follows: false };
  const told = (level) => [
    wants(level, plain),
    wants(level, { ...plain, names: true }),
    wants(level, reply),
    wants(level, { ...reply, follows: true }),
    wants(level, { ...reply, names: true }),
  ];
  assert.deepEqual(told("all"), [true, true, false, true, true]);
  assert.deepEqual(told("mentions"), [false, true, false, true, true]);
  assert.deepEqual(told("none"), [false, false, false, false, false]);
});
