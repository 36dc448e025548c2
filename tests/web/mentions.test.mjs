// The mentions in a text, by the same vectors as the server's (tests/protocol/test_mentions.py).

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { named, parse } from "../../suhbat/web/js/text/markdown.js";
import { EVERYBODY, fold } from "../../suhbat/web/js/text/mentions.js";

const { people, texts } = JSON.parse(await readFile(new URL("../vectors/mentions.json", import.meta.url), "utf8"));
const exists = (folded) => people.includes(folded);

for (const { text, names } of texts) {
  test(`${JSON.stringify(text)} names ${names}`, () => {
    const found = named(text, exists).map((name) => (EVERYBODY.has(name) ? "*" : name));
    assert.deepEqual([...new Set(found)], names);
  });
}

test("names are compared in one form", () => {
  for (const [typed, folded] of [
    ["ALI", "ali"],
    ["O'TKIR", "oʻtkir"],
    ["jose\u0301", "josé"],
    ["ＡＬＩ", "ali"],
    ["ЮЛЯ", "юля"],
  ]) {
    assert.equal(fold(typed), folded);
  }
});

test("a name that nobody here knows is shown without what follows the sentence", () => {
  const [{ children }] = parse("@nobody.x- va @kim's.");
  assert.deepEqual(
    children.filter(({ type }) => type === "mention").map(({ name }) => name),
    ["nobody.x", "kim's"],
  );
});

test("a thousand names take steps in proportion", () => {
  const reading = { steps: 0 };
  parse("@ali ".repeat(800), reading);
  assert.ok(reading.steps < 4000);
});
