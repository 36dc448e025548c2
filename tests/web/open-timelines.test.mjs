// The timelines in memory.

import assert from "node:assert/strict";
import { test } from "node:test";

import { OpenTimelines } from "../../suhbat/web/js/models/open-timelines.js";

/** Timelines of conversations with one message each, and what was asked and told. */
function scene() {
  const asked = [];
  const told = [];
  const timelines = new OpenTimelines({
    load: async (conversation, { thread = null }) => {
      asked.push([conversation, thread]);
      return { messages: [{ seq: 3, ordinal: 1, text: "salom" }], has_before: false, has_after: false, head: 3 };
    },
    changed: (key) => told.push(key),
    me: () => "u1",
  });
  const keys = () => [...timelines].map(([key]) => key);
  return { timelines, keys, asked, told };
}

test("a timeline is made once, and those that are open or were used last are kept", () => {
  const { timelines, keys } = scene();
  const first = timelines.at("c0");
  first.watched = true;
  for (let n = 1; n < 12; n += 1) timelines.at(`c${n}`);
  assert.equal(timelines.at("c0"), first);
  timelines.at("c1");
  timelines.at("c12");
  assert.deepEqual(keys(), ["c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c0", "c1", "c12"]);
  for (let n = 13; n < 30; n += 1) timelines.at(`c${n}`);
  assert.equal(keys()[0], "c0", "it is open");
});

test("a conversation has its threads, which are loaded again and forgotten with it", async () => {
  const { timelines, keys, asked, told } = scene();
  const [room, thread] = [timelines.at("c1"), timelines.at("c1", 7)];
  timelines.at("c11");
  assert.deepEqual(timelines.in("c1"), [room, thread]);
  assert.deepEqual([...timelines.conversations], ["c1", "c11"]);
  await Promise.all([room.open(), thread.open()]);
  assert.deepEqual(asked.splice(0), [["c1", null], ["c1", 7]]); // prettier-ignore
  assert.deepEqual(new Set(told), new Set(["c1", "c1/7"]));
  assert.equal(timelines.message("c1", 3)?.text, "salom");
  assert.deepEqual([timelines.message("c1", 4), timelines.message("c9", 3)], [null, null]);
  timelines.reload("c1");
  assert.deepEqual(asked, [["c1", null], ["c1", 7]]); // prettier-ignore
  timelines.forget("c1");
  assert.deepEqual(keys(), ["c11"]);
});
