// What is written in one tab and not confirmed is not lost with the tab. What is discarded is discarded in all tabs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Writing } from "../../suhbat/web/js/writing.js";

/** A database that two tabs share. */
function database() {
  const stores = { state: new Map(), pending: new Map() };
  return {
    get: async (store, key) => structuredClone(stores[store].get(key)),
    all: async (store) => structuredClone([...stores[store].values()]),
    put: async (store, key, value) => void stores[store].set(key, structuredClone(value)),
    change: async (store, key, make) => void stores[store].set(key, structuredClone(make(stores[store].get(key)))),
    remove: async (store, key) => void stores[store].delete(key),
  };
}

/** A tab whose server does not answer; `sent` are its commands. */
async function tab(shared) {
  const sent = [];
  const waits = (command) => new Promise((resolve, reject) => sent.push({ ...command, resolve, reject }));
  const chat = {
    send: waits,
    command: (type, fields) => waits({ type, ...fields }),
    withdraw: (clientId) => sent.some((one) => one.clientId === clientId),
  };
  const files = {
    inTurn: (_, send) => send([]),
    withdraw: () => false,
    chosen: { forget: () => {}, places: new Set() },
  };
  const parts = { name: "test", files, me: () => ({ uid: "u1", user_id: "ali" }), emit: () => {} };
  const writing = new Writing(chat, shared, await Writing.stored(shared), parts);
  writing.begin();
  return { writing, sent, texts: () => writing.pending.in("c1").map(({ text }) => text) };
}
const message = (clientId) => ({ clientId, conversation: "c1", text: clientId, replyTo: null, at: 1 });

/** Wait until a condition holds. */
async function until(holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test("a tab that closes leaves its messages and changes to the next one, once", async () => {
  const shared = database();
  const [first, second] = [await tab(shared), await tab(shared)];
  first.writing.pending.add({ ...message("k1"), copies: [{ id: "f1" }, { id: "f2" }] });
  first.writing.changes.make("c1", 2, { type: "edit", text: "new" });
  first.writing.left();
  await until(() => second.sent.length === 2);
  first.writing.left();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(second.texts(), ["k1"]);
  assert.deepEqual(second.sent.find(({ clientId }) => clientId === "k1").files, ["f1", "f2"]);
  assert.equal(second.sent.length, 2);
  for (const { writing } of [first, second]) writing.end();
});

test("what is discarded in one tab is sent by none", async () => {
  const shared = database();
  const first = await tab(shared);
  first.writing.pending.add(message("k1"));
  first.writing.pending.add(message("k2"));
  first.writing.changes.make("c1", 2, { type: "edit", text: "new" });
  const second = await tab(shared);
  assert.deepEqual(second.texts(), ["k1", "k2"]);
  first.sent[2].reject(Object.assign(new Error("no"), { code: "forbidden" }));
  await until(() => first.writing.changes.failed("c1"));
  first.writing.discard("k1");
  first.writing.discardEdit("c1 2 edit ");
  await until(() => second.texts().length === 1);
  await until(() => second.writing.changes.apply({ conversation: "c1", seq: 2, text: "old" }, {}).text === "old");
  assert.deepEqual((await Writing.stored(shared)).messages.length, 1);
  for (const { writing } of [first, second]) writing.end();
});

test("the texts of a conversation that is gone are kept together, until they are discarded", async () => {
  const { writing } = await tab(database());
  writing.pending.add(message("k1"));
  writing.drafts.change("c1", { edit: { seq: 1, text: "edit" }, text: "draft" });
  assert.equal(writing.unsent("c1"), "k1\n\nedit\n\ndraft");
  writing.discardAll("c1");
  assert.equal(writing.unsent("c1"), "");
  writing.end();
});
