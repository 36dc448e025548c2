// A text is never cut inside a character, with or without Intl.Segmenter.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { boundaryBySigns, cut, first } from "../../suhbat/web/js/text/graphemes.js";

const { texts } = JSON.parse(await readFile(new URL("../vectors/graphemes.json", import.meta.url), "utf8"));

for (const characters of texts) {
  const text = characters.join("");
  test(`cut between characters only: ${JSON.stringify(text)}`, () => {
    const ends = [0];
    for (const one of characters) ends.push(ends.at(-1) + one.length);
    for (let limit = characters[0].length; limit <= text.length; limit += 1) {
      const fitting = ends.filter((end) => end <= limit).at(-1);
      assert.equal(cut(text, limit).length, fitting, `within ${limit}`);
      if (limit < text.length)
        assert.equal(boundaryBySigns(text, limit), fitting, `without a segmenter, within ${limit}`);
    }
    assert.equal(first(text), characters[0]);
  });
}

test("a character that is longer than the limit is cut between code points", () => {
  assert.equal(cut("a" + "\u0301".repeat(50), 10), "a" + "\u0301".repeat(9));
  assert.equal(cut("😀", 1), "");
  assert.equal(cut("👨‍👩‍👧‍👦", 4), "👨‍");
  assert.equal(first(""), "");
  assert.ok(first("a" + "\u0301".repeat(5000)).length <= 32);
});

test("without a segmenter no character of random texts is cut that Unicode keeps whole", () => {
  const signs = [..."ae \u0301\u0306\u200d\ufe0f\u20e3😀👍🏽👩❤♀🇺🇿🇰क्षिกำ한\u1100\u1161\u11a8\r\n𠮷"];
  const segmenter = new Intl.Segmenter();
  for (let round = 0, state = 7; round < 3000; round += 1) {
    let text = "";
    for (let left = 12; left > 0; left -= 1) {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      text += signs[Math.floor((state / 2 ** 31) * signs.length)];
    }
    const bounds = new Set([...segmenter.segment(text)].map(({ index }) => index));
    for (let limit = 1; limit < text.length; limit += 1)
      assert.ok(bounds.has(boundaryBySigns(text, limit)), JSON.stringify([text, limit]));
  }
});
