// What is stored to be read without a network is as new as the events that arrived, wherever one reads.

import assert from "node:assert/strict";
import { test } from "node:test";

import { KeptMessages } from "../../suhbat/web/js/models/kept.js";
import { Timeline } from "../../suhbat/web/js/models/timeline.js";

const message = (seq, fields = {}) => ({
  conversation: "c1",
  seq,
  ordinal: seq,
  sender: "ali",
  sender_uid: "u1",
  text: `m${seq}`,
  reply_to: null,
  sent_at: "2026-11-23T10:00:00Z",
  deleted: false,
  reactions: [],
  ...fields,
});
const created = (seq) => ({ type: "message.created", conversation: "c1", seq, actor_uid: "u1", message: message(seq) });
const LOG = Array.from({ length: 500 }, (_, index) => message(index + 1));

/** A conversation of 500 messages, opened at this one or at the end, and the device's copy. `hold` stops answers. */
async function scene(around = null) {
  const stored = new Map();
  const database = {
    get: async (_, key) => structuredClone(stored.get(key)),
    put: async (_, key, value) => void stored.set(key, structuredClone(value)),
    remove: async (_, key) => void stored.delete(key),
    clear: async () => stored.clear(),
  };
  let answers = Promise.resolve();
  const load = async ({ around: middle = 500, limit }) => {
    await answers;
    const messages = LOG.filter((one) => Math.abs(one.seq - middle) < limit / 2);
    return { messages, has_before: true, has_after: messages.at(-1).seq < 500, head: 500 };
  };
  const timeline = new Timeline(
    load,
    () => {},
    () => "u1",
  );
  const kept = new KeptMessages(database, () => "u1");
  await timeline.open();
  await kept.save([["c1", timeline]]);
  if (around) await timeline.open(around);
  const hear = (...events) =>
    events.forEach((event) => {
      kept.apply(event);
      timeline.apply(event);
    });
  const save = () => kept.save([["c1", timeline]]);
  const last = async (count) => (await kept.in("c1")).slice(-count).map(({ seq, text }) => `${seq} ${text}`);
  const hold = () => {
    let go = () => {};
    answers = new Promise((resolve) => (go = resolve));
    return go;
  };
  return { kept, timeline, stored, hear, save, last, hold };
}

for (const [where, around] of Object.entries({ "at the end": null, "in the middle of its history": 100 })) {
  test(`the newest messages are stored while a conversation is open ${where}`, async () => {
    const { hear, save, last, stored } = await scene(around);
    hear(created(501), created(502));
    assert.deepEqual(await last(2), ["501 m501", "502 m502"], "before they are stored");
    await save();
    hear({ type: "message.edited", conversation: "c1", seq: 503, message: message(501, { text: "new" }) });
    hear({ type: "message.deleted", conversation: "c1", seq: 504, target: 502 });
    await save();
    assert.deepEqual(await last(2), ["501 new", "502 "]);
    for (let seq = 505; seq < 705; seq += 1) hear({ ...created(seq), message: message(seq, { ordinal: seq - 2 }) });
    await save();
    assert.deepEqual([stored.get("c1").length, (await last(1))[0]], [100, "704 m704"]);
  });
}

test("what arrives while the window is loaded anew is stored", async () => {
  const { timeline, hear, save, last, hold } = await scene();
  const go = hold();
  const opened = timeline.reload();
  hear(created(501));
  await save();
  assert.deepEqual(await last(1), ["501 m501"]);
  go();
  await opened;
});

test("no copy has a gap, and a conversation that was never opened has none", async () => {
  const { kept, hear, save, last, stored } = await scene(100);
  hear(created(502));
  kept.apply({ ...created(1), conversation: "c2" });
  await save();
  assert.deepEqual([await last(1), stored.has("c2")], [["500 m500"], false]);
  hear(created(501));
  await kept.forget("c1");
  await save();
  assert.equal(stored.size, 0);
});
