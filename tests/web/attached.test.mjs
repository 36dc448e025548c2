// What comes with a paste, and what a message without a text is called.

import assert from "node:assert/strict";
import { test } from "node:test";

import { said } from "../../suhbat/web/js/text/said.js";
import { use } from "../../suhbat/web/js/text/languages.js";
import { pasted } from "../../suhbat/web/js/views/attach.js";

const file = (name, type = "image/png") => new File(["x"], name, { type, lastModified: Date.UTC(2026, 10, 30, 12) });
const paste = (files, text = "") => pasted({ clipboardData: { files, getData: () => text } }).map(({ name }) => name);

test("a pasted picture has a name of its own; a text of an office program with a picture of it stays a text", () => {
  const [name] = paste([file("image.png")]);
  assert.match(name, /^2026-1[12]-\d\d \d\d-\d\d-00\.png$/); // in the time zone of this machine
  assert.deepEqual(paste([file("a.jpg"), file("b.pdf", "application/pdf")]), ["a.jpg", "b.pdf"]);
  assert.deepEqual(paste([file("image.png")], "jadval"), []);
  assert.deepEqual(pasted({ clipboardData: null }), []);
});

test("a message says its text, or else its files", async () => {
  await use("en");
  const one = (kind, more = {}) => ({ name: "a.bin", kind, ...more });
  const says = (...files) => said({ text: " ", files });
  assert.equal(said({ text: "salom", files: [one("image")] }), "salom");
  assert.equal(said({ text: "" }), "");
  const names = ["image", "video", "audio", "file"].map((kind) => says(one(kind)));
  assert.deepEqual(names, ["Picture", "Video", "a.bin", "a.bin"]);
  assert.equal(says(one("audio", { waveform: "AAA" })), "Voice message");
  assert.deepEqual([says(one("image"), one("image")), says(one("image"), one("file"))], ["2 pictures", "2 files"]);
});
