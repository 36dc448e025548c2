// The files that somebody has chosen: their states, the limits, and what a reload leaves.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ChosenFiles, kindOf } from "../../suhbat/web/js/models/chosen.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));
const LIMITS = { size: 1000, count: 3 };
const blob = (size, type = "image/png") => new Blob([new Uint8Array(size)], { type });

/** A model with fake uploads, each under the control of the test. `kept` is the browser's database. */
function make(kept = { files: new Map(), bytes: new Map() }) {
  const [uploads, removed, changed, progress, ended, told] = [[], [], [], [], [], []];
  let id = 0;
  let looked = Promise.resolve({ width: 4, height: 3 });
  const files = new ChosenFiles({
    upload: (content, options) => {
      let settle;
      const done = new Promise((resolve, reject) => (settle = { resolve, reject }));
      done.catch(() => {});
      const one = {
        options,
        done,
        cancel: () => settle.reject(Object.assign(new Error(), { code: "cancelled" })),
        says: (news) => options.onchange({ state: "uploading", sent: 0, id: null, stalled: false, ...news }),
        ready: (server) => settle.resolve({ id: server }),
        refused: (code) => settle.reject(Object.assign(new Error("no"), { code })),
      };
      uploads.push(one);
      return one;
    },
    remove: async (upload) => void removed.push(upload),
    look: () => looked,
    keep: {
      put: (file, bytes) => {
        kept.files.set(file.id, structuredClone(file));
        if (bytes) kept.bytes.set(file.id, bytes);
      },
      remove: (one) => {
        kept.files.delete(one);
        kept.bytes.delete(one);
      },
      blob: async (one) => kept.bytes.get(one) ?? null,
    },
    alone: (_, work) => work(),
    tell: (ids) => told.push(...ids),
    changed: (place) => changed.push(place),
    progress: (one) => progress.push(one),
    urls: { make: () => `blob:${++id}`, end: (url) => ended.push(url) },
    newId: () => `l${++id}`,
    now: () => 1000,
  });
  const states = (place = "lobby") => files.in(place).map(({ state }) => state);
  return {
    files,
    uploads,
    removed,
    changed,
    progress,
    ended,
    told,
    kept,
    states,
    look: (promise) => (looked = promise),
  };
}

test("a file is read, uploaded and ready; its message gets the server's id", async () => {
  const { files, uploads, progress, states } = make();
  assert.deepEqual(files.add("lobby", [{ blob: blob(10), name: "a.png" }], LIMITS), []);
  assert.deepEqual(states(), ["reading"]);
  await settled();
  const [upload] = uploads;
  assert.deepEqual([upload.options.name, upload.options.type, upload.options.id], ["a.png", "image/png", null]);
  upload.says({ id: "f1", sent: 4 });
  upload.says({ id: "f1", sent: 8 });
  const [file] = files.in("lobby");
  assert.deepEqual([file.state, file.sent, file.look, progress], ["uploading", 8, { width: 4, height: 3 }, [file.id]]);
  const ids = files.take("lobby", "c1");
  assert.deepEqual([states(), files.of(ids).length], [[], 1]);
  const ready = files.ready(ids);
  upload.ready("f1");
  assert.deepEqual(await ready, ["f1"]);
});

test("what is too large, empty or too much is not taken, and said before anything is uploaded", async () => {
  const { files, uploads } = make();
  const all = [blob(0), blob(1001), blob(1), blob(2), blob(3), blob(4)].map((one, at) => ({
    blob: one,
    name: `${at}`,
  }));
  assert.deepEqual(files.add("lobby", all, LIMITS), [
    { name: "0", why: "empty" },
    { name: "1", why: "large" },
    { name: "5", why: "many" },
  ]);
  await settled();
  assert.deepEqual(uploads.map(({ options }) => options.name), ["2", "3", "4"]); // prettier-ignore
});

test("a file that was taken out is cancelled; one that is complete is deleted on the server", async () => {
  const { files, uploads, removed, kept } = make();
  files.add("lobby", [{ blob: blob(1), name: "a" }, { blob: blob(2), name: "b" }], LIMITS); // prettier-ignore
  await settled();
  uploads[1].ready("f2");
  await settled();
  for (const { id } of files.in("lobby")) files.remove(id);
  await settled();
  assert.deepEqual([files.in("lobby"), removed, kept.files.size, kept.bytes.size], [[], ["f2"], 0, 0]);
  await assert.rejects(uploads[0].done, { code: "cancelled" });
});

test("a refusal stays to be read; its message is refused with it, and both can be tried again", async () => {
  const { files, uploads, states } = make();
  files.add("lobby", [{ blob: blob(1), name: "a" }], LIMITS);
  await settled();
  uploads[0].refused("quota_exceeded");
  await settled();
  assert.deepEqual([states(), files.in("lobby")[0].error], [["failed"], { code: "quota_exceeded", message: "no" }]);
  const ids = files.take("lobby", "c1");
  const again = files.ready(ids);
  await settled();
  uploads[1].refused("quota_exceeded");
  await assert.rejects(again, { code: "quota_exceeded" });
  files.retry(ids[0]);
  await settled();
  uploads[2].ready("f1");
  assert.deepEqual(await files.ready(ids), ["f1"]);
});

test("after a reload an upload goes on with its id; of messages that are gone nothing is left", async () => {
  const before = make();
  before.files.add("lobby", [{ blob: blob(10), name: "a" }], LIMITS);
  before.files.add("room/5", [{ blob: blob(20), name: "b" }], LIMITS);
  await settled();
  before.uploads[0].says({ id: "f1", sent: 4 });
  before.files.take("room/5", "c1");
  const stored = structuredClone([...before.kept.files.values()]);

  const after = make(before.kept);
  after.files.restore(stored, new Set());
  await settled();
  assert.deepEqual(after.uploads.map(({ options }) => [options.name, options.id]), [["a", "f1"]]); // prettier-ignore
  assert.deepEqual([[...after.files.places], after.kept.files.size], [["lobby"], 1]);
});

test("a file whose bytes are gone after a reload says so; one that was ready needs none", async () => {
  const before = make();
  before.files.add("lobby", [{ blob: blob(1), name: "a" }, { blob: blob(2), name: "b" }], LIMITS); // prettier-ignore
  await settled();
  before.uploads[1].ready("f2");
  await settled();
  before.kept.bytes.clear();
  const after = make(before.kept);
  after.files.restore(structuredClone([...before.kept.files.values()]), new Set());
  await settled();
  const [lost, ready] = after.files.in("lobby");
  assert.deepEqual([lost.state, lost.error.code, ready.state], ["failed", "lost", "ready"]);
});

test("a sent picture is shown from this device; a discarded message deletes its files", async () => {
  const { files, uploads, removed, ended } = make();
  files.add("lobby", [{ blob: blob(1), name: "a" }], LIMITS);
  await settled();
  uploads[0].ready("f1");
  await settled();
  const url = files.url(files.take("lobby", "c1")[0]);
  files.forget("c1", true);
  assert.deepEqual([files.local("f1"), ended, removed], [url, [], []]);
  files.add("lobby", [{ blob: blob(2), name: "b" }], LIMITS);
  await settled();
  uploads[1].ready("f2");
  await settled();
  const second = files.url(files.take("lobby", "c2")[0]);
  files.forget("c2", false);
  assert.deepEqual([files.local("f2"), ended, removed], [null, [second], ["f2"]]);
});

test("what one tab sends or removes leaves the trays of the others, and stays stored", async () => {
  const first = make();
  first.files.add("lobby", [{ blob: blob(1), name: "a" }, { blob: blob(2), name: "b" }], LIMITS); // prettier-ignore
  await settled();
  const second = make(first.kept);
  second.files.restore(structuredClone([...first.kept.files.values()]), new Set());
  const [{ id }] = first.files.in("lobby");
  first.files.remove(id);
  const [sent] = first.files.take("lobby", "c1");
  assert.deepEqual(first.told, [id, sent]);
  await settled();
  const shown = second.files.url(sent);
  second.files.left(first.told);
  assert.deepEqual([second.files.in("lobby"), [...first.kept.bytes.keys()]], [[], [sent]]);
  assert.deepEqual([second.ended, second.files.url(sent)], [[shown], null]);
});

test("the preview of a film and the waveform of a voice go with the upload", async () => {
  const { files, uploads, look } = make();
  look(Promise.resolve({ thumbhash: "AAA" }));
  const voice = { blob: blob(1, "audio/webm"), name: "v", look: { waveform: "BBB", duration: 3 } };
  files.add("lobby", [{ blob: blob(1, "video/mp4"), name: "f" }, voice], LIMITS);
  await settled();
  const details = uploads.map(({ options }) => options.details);
  assert.deepEqual(details, [{ thumbhash: "AAA" }, { waveform: "BBB" }]);
});

test("kinds by media type: a drawing that can run scripts is a file", () => {
  const types = ["image/png", "image/svg+xml", "video/mp4", "audio/ogg", "text/plain", ""];
  assert.deepEqual(types.map(kindOf), ["image", "file", "video", "audio", "file", "file"]);
});
