// Uploads: in pieces, after failures, several at once. The server is a fake that speaks tus.

import assert from "node:assert/strict";
import { test } from "node:test";

import { AT_ONCE, Uploads } from "../../suhbat/web/js/sdk/files.js";
import { Api } from "../../suhbat/web/js/sdk/http.js";
import { FIRST_PIECE } from "../../suhbat/web/js/sdk/upload.js";
import { FakeClock } from "./parts.mjs";

test("the address of a file is below the path of the server", () => {
  const uploads = new Uploads({
    api: new Api({ base: "https://h.example/chat/" }),
    clock: new FakeClock(),
    random: () => 1,
  });
  const file = { url: "/files/f1/bir%20ikki.png" };
  assert.equal(uploads.url(file), "https://h.example/chat/files/f1/bir%20ikki.png");
  assert.equal(uploads.url(file, 360), "https://h.example/chat/files/f1/bir%20ikki.png?size=360");
});

const problem = (status, code, more = {}) => new Response(JSON.stringify({ code, detail: code, ...more }), { status });

/** A server that keeps what was uploaded. `wrong`: what happens instead of the next requests; null: as usual. */
class Tus {
  files = new Map();
  asked = [];
  wrong = [];
  ready = true;

  fetch = async (url, { method, headers, body }) => {
    const id = new URL(url).pathname.split("/api/v1/files/")[1];
    const offset = headers["upload-offset"];
    this.asked.push([method, id ?? "", ...(body ? [body.byteLength] : [])]);
    const wrong = this.wrong.shift();
    if (wrong === "lost") throw new TypeError("network");
    if (wrong && wrong !== "answer lost") return wrong;
    const answer = this.#answer(method, id, headers, new Uint8Array(body ?? 0), Number(offset));
    if (wrong) throw new TypeError("network");
    return answer;
  };

  #answer(method, id, headers, bytes, offset) {
    if (method === "POST") {
      const made = `f${this.files.size + 1}`;
      const file = {
        length: Number(headers["upload-length"]),
        metadata: headers["upload-metadata"],
        bytes: [...bytes],
      };
      this.files.set(made, file);
      const told = { location: `https://h.example/chat/api/v1/files/${made}`, "upload-offset": `${bytes.length}` };
      return new Response(null, { status: 201, headers: told });
    }
    const file = this.files.get(id);
    if (!file) return problem(404, "not_found");
    if (method === "DELETE") return void this.files.delete(id) ?? new Response(null, { status: 204 });
    if (method === "GET") {
      const state = this.ready && file.bytes.length === file.length ? "ready" : "processing";
      return new Response(JSON.stringify({ file: { id, state } }));
    }
    if (method === "PATCH") {
      if (offset !== file.bytes.length) return problem(409, "wrong_offset");
      for (const byte of bytes) file.bytes.push(byte);
    }
    return new Response(null, {
      status: method === "HEAD" ? 200 : 204,
      headers: { "upload-offset": `${file.bytes.length}` },
    });
  }
}

function make() {
  const [server, clock] = [new Tus(), new FakeClock()];
  const api = new Api({ base: "https://h.example/chat/", token: "t", fetch: server.fetch });
  const uploads = new Uploads({ api, clock, random: () => 1 });
  /** Let promises and timers run until nothing happens any more, at most so many milliseconds. */
  const pass = async (milliseconds = 60_000) => {
    for (let at = 0; at <= milliseconds; at += 100) {
      for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      clock.pass(100);
    }
  };
  return { server, clock, uploads, pass };
}

const bytesOf = (size) => Uint8Array.from({ length: size }, (_, at) => at % 251);
const fileOf = (size, name = "choy.bin") => new File([bytesOf(size)], name, { type: "image/png" });

test("a small file is one request, with its name; then the server is asked until it is ready", async () => {
  const { server, uploads, pass } = make();
  const upload = uploads.begin(fileOf(5, "choyxona ☕.png"), { details: { waveform: "AAEC" } });
  await pass(1000);
  const { metadata, bytes } = server.files.get("f1");
  const [name, type, waveform] = metadata.split(",");
  assert.equal(Buffer.from(name.split(" ")[1], "base64").toString(), "choyxona ☕.png");
  assert.equal(Buffer.from(type.split(" ")[1], "base64").toString(), "image/png");
  assert.equal(waveform, "waveform AAEC");
  assert.deepEqual([bytes, server.asked], [[0, 1, 2, 3, 4], [["POST", "", 5], ["GET", "f1"]]]); // prettier-ignore
  assert.deepEqual([upload.state, await upload.done], ["ready", { id: "f1", state: "ready" }]);
});

test("a large file goes in pieces that grow; progress is told after each", async () => {
  const { server, uploads, pass } = make();
  const seen = [];
  const upload = uploads.begin(fileOf(4 * FIRST_PIECE), { onchange: ({ state, sent }) => seen.push([state, sent]) });
  await pass(1000);
  assert.deepEqual(server.asked.map(([method, , size]) => [method, size]),
    [["POST", FIRST_PIECE], ["PATCH", 2 * FIRST_PIECE], ["PATCH", FIRST_PIECE], ["GET", undefined]]); // prettier-ignore
  const sent = seen.filter(([state]) => state === "uploading").map(([, bytes]) => bytes);
  assert.deepEqual(sent, [0, FIRST_PIECE, 3 * FIRST_PIECE, 4 * FIRST_PIECE]);
  assert.equal(upload.state, "ready");
  assert.deepEqual(Uint8Array.from(server.files.get("f1").bytes), bytesOf(4 * FIRST_PIECE));
});

test("after every failure the server is asked what it has, and no byte is stored twice", async () => {
  const { server, uploads, pass } = make();
  server.wrong = ["lost", null, "answer lost", "lost", new Response("<html>", { status: 502 }), null, "lost"];
  const upload = uploads.begin(fileOf(3 * FIRST_PIECE));
  await pass();
  assert.deepEqual(server.asked.map(([method]) => method),
    ["POST", "POST", "PATCH", "HEAD", "HEAD", "HEAD", "GET", "GET"]); // prettier-ignore
  assert.equal(upload.state, "ready");
  assert.deepEqual(Uint8Array.from(server.files.get("f1").bytes), bytesOf(3 * FIRST_PIECE));
});

test("an upload without a network says so, and goes on at once when the network is back", async () => {
  const { server, uploads, pass } = make();
  server.wrong = Array(40).fill("lost");
  const upload = uploads.begin(fileOf(10));
  await pass(50_000);
  assert.deepEqual([upload.state, upload.stalled], ["uploading", true]);
  server.wrong = [];
  uploads.hurry();
  await pass(500);
  assert.equal(upload.state, "ready");
});

test("another visit continues an upload by its id; one that has expired begins anew", async () => {
  const { server, uploads, pass } = make();
  server.files.set("old", { length: 10, bytes: [...bytesOf(4)] });
  const going = uploads.begin(fileOf(10), { id: "old" });
  const gone = uploads.begin(fileOf(7), { id: "gone" });
  await pass(1000);
  assert.deepEqual([going.state, gone.state, gone.id], ["ready", "ready", "f2"]);
  assert.deepEqual(server.files.get("old").bytes, [...bytesOf(10)]);
  assert.deepEqual(server.asked.filter(([, id]) => id === "old").map(([method, , size]) => [method, size]),
    [["HEAD", undefined], ["PATCH", 6], ["GET", undefined]]); // prettier-ignore
});

test("a refusal ends it; what may pass is tried again, after the time that the server names", async () => {
  const { server, uploads, pass } = make();
  server.wrong = [problem(413, "file_too_large"), problem(429, "rate_limited", { retry_after: 5 })];
  const [refused, later] = [uploads.begin(fileOf(1)), uploads.begin(fileOf(2))];
  await pass(4000);
  await assert.rejects(refused.done, { name: "Refused", code: "file_too_large" });
  assert.deepEqual([refused.state, later.state, server.asked.length], ["failed", "uploading", 2]);
  await pass(3000);
  assert.equal(later.state, "ready");
});

test("a proxy that takes only small bodies gets smaller pieces", async () => {
  const { server, uploads, pass } = make();
  server.wrong = [new Response("<html>too large", { status: 413 })];
  const upload = uploads.begin(fileOf(FIRST_PIECE));
  await pass(1000);
  assert.deepEqual(server.asked[1], ["POST", "", FIRST_PIECE / 4]);
  assert.equal(upload.state, "ready");
});

test("a cancelled upload is deleted on the server, and the next one in the line begins", async () => {
  const { server, uploads, pass } = make();
  server.ready = false;
  server.wrong = [null, ...Array(20).fill("lost")];
  const all = Array.from({ length: AT_ONCE + 2 }, () => uploads.begin(fileOf(2 * FIRST_PIECE)));
  await pass(300);
  let states = all.map(({ state }) => state).join(" ");
  assert.equal(states, "uploading uploading uploading waiting waiting");
  server.wrong = [];
  all[0].cancel();
  all[3].cancel();
  await assert.rejects(all[0].done, { code: "cancelled" });
  await pass();
  states = all.map(({ state }) => state).join(" ");
  assert.equal(states, "cancelled processing processing cancelled processing");
  assert.ok(server.asked.some(([method, id]) => method === "DELETE" && id === "f1"));
  assert.equal(server.files.size, 3);
});

test("a file that cannot be read any more fails", async () => {
  const { uploads, pass } = make();
  const blob = { size: 3, type: "", slice: () => ({ arrayBuffer: async () => Promise.reject(new Error("moved")) }) };
  const upload = uploads.begin(blob);
  await pass(300);
  await assert.rejects(upload.done, { code: "unreadable" });
});

test("the notice that a file is ready ends the wait", async () => {
  const { server, uploads, pass } = make();
  server.ready = false;
  const upload = uploads.begin(fileOf(3));
  await pass(20_000);
  server.ready = true;
  uploads.told({ id: "f1", state: "ready" });
  await pass(0);
  assert.equal(upload.state, "ready");
});

test("a file is forwarded without an upload", async () => {
  const asked = [];
  const fetch = async (url, { method, body }) => {
    asked.push([method, new URL(url).pathname, body]);
    return new Response('{"file":{"id":"f2","state":"ready"}}', { status: 201 });
  };
  const api = new Api({ base: "https://h.example/chat/", token: "t", fetch });
  const uploads = new Uploads({ api, clock: new FakeClock(), random: () => 1 });
  assert.deepEqual(await uploads.forward("f1"), { id: "f2", state: "ready" });
  assert.deepEqual(asked, [["POST", "/chat/api/v1/files", '{"from":"f1"}']]);
});
