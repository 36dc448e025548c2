// The order of messages of which some wait for their files.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Turns } from "../../suhbat/web/js/models/turns.js";

const later = () => {
  let settle;
  const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

function make() {
  const [sent, patience] = [[], later()];
  const turns = new Turns(() => patience.promise);
  const go = (line, id, files = null) =>
    turns.go(line, id, files && (() => files), async (ids) => void sent.push([id, ...ids]));
  return { turns, sent, patience, go };
}

test("without files a message goes at once", () => {
  const { sent, go } = make();
  void go("lobby", "a");
  assert.deepEqual(sent, [["a"]]);
});

test("a message waits for its files, and those after it for that message; other conversations do not", async () => {
  const { turns, sent, go } = make();
  const files = later();
  for (const one of [go("lobby", "a", files.promise), go("lobby", "b"), go("lobby", "c"), go("room", "d")]) void one;
  await settled();
  assert.deepEqual(sent, [["d"]]);
  assert.deepEqual([turns.waits("a"), turns.waits("c"), turns.waits("d")], [true, true, false]);
  files.resolve(["f1", "f2"]);
  await settled();
  assert.deepEqual(sent, [["d"], ["a", "f1", "f2"], ["b"], ["c"]]);
  void go("lobby", "e");
  assert.deepEqual(sent.at(-1), ["e"]);
});

test("after the patience those behind a long upload go, in their order", async () => {
  const { sent, patience, go } = make();
  const files = later();
  for (const one of [go("lobby", "a", files.promise), go("lobby", "b"), go("lobby", "c")]) void one;
  patience.resolve();
  await settled();
  assert.deepEqual(sent, [["b"], ["c"]]);
  files.resolve(["f1"]);
  await settled();
  assert.deepEqual(sent.at(-1), ["a", "f1"]);
});

test("files that are refused refuse their message and let the next one go", async () => {
  const { sent, go } = make();
  const files = later();
  const [refused, next] = [go("lobby", "a", files.promise), go("lobby", "b")];
  files.reject(Object.assign(new Error(), { code: "quota_exceeded" }));
  await assert.rejects(refused, { code: "quota_exceeded" });
  await next;
  assert.deepEqual(sent, [["b"]]);
});

test("a message that waits can be taken back", async () => {
  const { turns, sent, go } = make();
  const files = later();
  const [first, second] = [go("lobby", "a", files.promise), go("lobby", "b")];
  assert.equal(turns.withdraw("b"), true);
  await assert.rejects(second, { code: "withdrawn" });
  files.resolve(["f1"]);
  await first;
  assert.deepEqual([sent, turns.withdraw("a")], [[["a", "f1"]], false]);
});
