// Notifications whose messages were read, and the number on the icon.

import assert from "node:assert/strict";
import test from "node:test";

import { askingIn } from "../../suhbat/web/js/models/asking.js";
import { isOver, placeOfMessage } from "../../suhbat/web/js/models/notes.js";

const state = (more) => ({ kind: "room", unread: 2, mentions: 0, read_ordinal: 5, ...more });

test("a notification is over when its message was read, or its conversation is gone", () => {
  const place = placeOfMessage({ conversation: "c", seq: 12, ordinal: 6, text: "salom" });
  assert.deepEqual(place, { conversation: "c", seq: 12, ordinal: 6 });
  assert.ok(!isOver(place, state({})));
  assert.ok(isOver(place, state({ read_ordinal: 6, unread: 1 })));
  assert.ok(isOver(place, undefined));
  const pushed = { conversation: "c", seq: 12 };
  assert.ok(!isOver(pushed, state({ read_ordinal: 6 })));
  assert.ok(isOver(pushed, state({ unread: 0 })));
});

test("that of a reply is over when its thread was read", () => {
  const place = placeOfMessage({ conversation: "c", seq: 12, thread: 3, thread_ordinal: 2, ordinal: null });
  assert.deepEqual(place, { conversation: "c", seq: 12, thread: 3, ordinal: 2 });
  const thread = { root: 3, unread: 1, read_ordinal: 1 };
  assert.ok(!isOver(place, state({ unread: 0, threads: [thread] })));
  assert.ok(isOver(place, state({ threads: [{ ...thread, read_ordinal: 2 }] })));
  assert.ok(!isOver(place, state({ unread: 0 }))); // not followed yet
});

test("the number counts unread messages and replies, of muted conversations only the mentions", () => {
  const thread = { root: 1, unread: 3, mentions: 1 };
  const muted = { notify: { level: "none", until: null } };
  assert.equal(askingIn([]), 0);
  assert.equal(askingIn([state({}), state({ threads: [thread] })]), 7);
  assert.equal(askingIn([state({ ...muted, mentions: 1, threads: [thread] })]), 2);
});
