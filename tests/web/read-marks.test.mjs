// When the messages in view are marked as read.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

const nothing = () => {};
Object.assign(globalThis, {
  document: {
    baseURI: "http://localhost/",
    visibilityState: "visible",
    hasFocus: () => true,
    addEventListener: nothing,
    removeEventListener: nothing,
  },
  addEventListener: nothing,
  removeEventListener: nothing,
});
const { ReadMarks } = await import("../../suhbat/web/js/views/read-marks.js");

/** The marks of a view in which the message 5 is the last one and unread; `read` are those that were marked. */
function scene() {
  const read = [];
  const source = {
    reading: { unread: 1, mentions: 0, read_ordinal: 4 },
    read: async (ordinal) => {
      read.push(ordinal);
      source.reading = { unread: 0, mentions: 0, read_ordinal: ordinal };
    },
  };
  const app = { on: () => nothing, chat: { status: { state: "online" } } };
  const marks = new ReadMarks(app, source, { lastSeen: () => 5, covered: () => false });
  return { marks, read };
}

test("a message that grows in view is read after a moment, however often it is drawn", (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const { marks, read } = scene();
  for (let drawn = 0; drawn < 40; drawn += 1) {
    marks.drawn();
    mock.timers.tick(10);
  }
  assert.deepEqual(read, [5]);
  marks.close();
});

test("while somebody scrolls nothing is read", (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const { marks, read } = scene();
  for (let scrolled = 0; scrolled < 40; scrolled += 1) {
    marks.soon();
    mock.timers.tick(10);
  }
  assert.deepEqual(read, []);
  mock.timers.tick(300);
  assert.deepEqual(read, [5]);
  marks.close();
});
