// Emoji: the data, the search, skin tones, what was used, moves in the grid, what the system can draw.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { moved } from "../../suhbat/web/js/models/grid.js";
import { FIRST, KEPT, withReaction, withUse } from "../../suhbat/web/js/models/quick.js";
import { loadWords, nameOf, search } from "../../suhbat/web/js/text/emoji-search.js";
import * as emoji from "../../suhbat/web/js/text/emoji.js";
import { undrawn } from "../../suhbat/web/js/views/drawn.js";

const source = (path) => readFile(new URL(`../../suhbat/${path}`, import.meta.url), "utf8");
const found = (begun, limit = 20) => search(begun, limit).map((one) => one.emoji);

/** The sequences that the server accepts as a reaction, without U+FE0F. */
async function accepted() {
  const table = await source("protocol/emoji_table.py");
  const [, lines] = /SEQUENCES = \(\n([\s\S]*?)\n\)/.exec(table);
  return new Set(
    [...lines.matchAll(/"([^"]*)"/g)]
      .map(([, part]) => part)
      .join("")
      .trim()
      .split(" "),
  );
}

const bare = (text) => text.replaceAll("\ufe0f", "");
const PAIR_OF_TONES = /[\u{1f3fb}-\u{1f3ff}].+[\u{1f3fb}-\u{1f3ff}]/u;

test("the picker has all of Unicode's emoji, in every skin tone, and nothing else", async () => {
  await emoji.load();
  const offered = emoji.everyEmoji().flatMap((one) => [0, 1, 2, 3, 4, 5].map((tone) => emoji.toned(one, tone)));
  const mine = new Set(offered.map(bare));
  const server = await accepted();
  assert.ok(server.size > 3_900);
  assert.deepEqual(
    [...mine].filter((one) => !server.has(one)),
    [],
  );
  // Pairs of people in two different tones are left out: 25 buttons for each would help nobody.
  const missing = [...server].filter((one) => !mine.has(one));
  assert.deepEqual(
    missing.filter((one) => !PAIR_OF_TONES.test(one) || new Set(one.match(/[\u{1f3fb}-\u{1f3ff}]/gu)).size < 2),
    [],
  );
  const { VERSION } = Object.fromEntries([/(VERSION) = "(.+)"/.exec(await source("protocol/emoji_table.py")).slice(1)]);
  assert.ok(emoji.newcomers().has(VERSION), `nothing of ${VERSION}`);
});

test("names are unique, can be typed, and are named in each language", async () => {
  await emoji.load();
  const all = emoji.everyEmoji();
  const codes = all.flatMap((one) => one.codes);
  assert.equal(new Set(codes).size, codes.length);
  for (const code of codes) assert.match(code, /^[a-z0-9_+-]{1,40}$/, code);
  for (const [language, name] of [
    ["en", "flag: Uzbekistan"],
    ["ru", "флаг: Узбекистан"],
    ["uz", "bayroq: Oʻzbekiston"],
  ]) {
    await loadWords(language);
    assert.equal(nameOf(emoji.byEmoji("🇺🇿")), name);
    const named = all.filter((one) => nameOf(one) !== one.codes[0].replaceAll("_", " ")).length;
    assert.ok(language === "en" || named > 1_850, `${language}: ${named}`);
  }
  await loadWords("uz-Cyrl");
  assert.equal(nameOf(emoji.byEmoji("🇺🇿")), "байроқ: Ўзбекистон");
});

test("what is loaded later is small", async () => {
  for (const [name, limit] of [
    ["data", 25_000],
    ["en", 25_000],
    ["ru", 25_000],
    ["uz", 25_000],
  ]) {
    const size = gzipSync(await source(`web/js/text/emoji-${name}.js`), { level: 9 }).length;
    assert.ok(size < limit, `${name}: ${size}`);
  }
});

test("emoji are found by names, by words, and in the language of the page", async () => {
  await loadWords("en");
  assert.equal(found("fire")[0], "🔥");
  assert.equal(found("thumbs")[0], "👍");
  assert.equal(found("+1")[0], "👍");
  assert.equal(found("Heart")[0], "❤️");
  assert.ok(found("uzbek").includes("🇺🇿"));
  assert.ok(found("happy").includes("😀"));
  assert.ok(found("red_heart").includes("❤️"));
  assert.equal(found("s", 5).length, 5);
  assert.deepEqual(found(" "), []);
  await loadWords("ru");
  assert.equal(found("огонь")[0], "🔥");
  assert.ok(found("елка").includes("🎄"));
  assert.equal(found("tada")[0], "🎉");
  await loadWords("uz");
  assert.ok(found("olov").includes("🔥"));
  assert.ok(found("yurak").includes("❤️"));
  assert.ok(found("юрак").includes("❤️"));
  await loadWords("xx"); // no such file, or no network: the words stay
  assert.ok(found("olov").includes("🔥"));
});

test("skin tones, also of pairs, and emoji that have none", async () => {
  await emoji.load();
  const toned = (name, tone) => emoji.toned(emoji.byName(name), tone);
  assert.equal(toned("+1", 3), "👍🏽");
  assert.equal(toned("+1", 0), "👍");
  assert.equal(toned("fire", 5), "🔥");
  assert.equal(emoji.toned(emoji.byEmoji("🧑‍🤝‍🧑"), 1), "🧑🏻‍🤝‍🧑🏻");
  assert.equal(emoji.toned(emoji.byEmoji("🕵️‍♀️"), 5), "🕵🏿‍♀️");
  assert.equal(emoji.toned(emoji.byEmoji("👩‍❤️‍💋‍👨"), 2), "👩🏼‍❤️‍💋‍👨🏼");
  assert.equal(emoji.byEmoji("👍🏽"), emoji.byName("thumbsup"));
  assert.equal(emoji.byEmoji("🧑🏻‍🤝‍🧑🏿")?.emoji, "🧑‍🤝‍🧑");
  assert.equal(emoji.byEmoji("a"), null);
  assert.equal(emoji.replaceNames("a :wave: :fire:", 5), "a 👋🏿 🔥");
});

test("emoji of versions that the system cannot draw are not offered, but keep their names", async () => {
  await loadWords("en");
  const samples = emoji.newcomers();
  const draws = (coloured) => (one) => ({ coloured: coloured(one), width: 20 });
  const newest = [...samples.keys()].at(-1);
  assert.deepEqual(
    undrawn(
      samples,
      draws((one) => one !== samples.get("18")),
    ),
    ["18"],
  );
  assert.deepEqual(
    undrawn(
      samples,
      draws(() => false),
    ),
    [],
  ); // a browser that hides what it draws
  const apart = (one) => ({ coloured: true, width: one === samples.get("13.1") ? 40 : 20 });
  assert.deepEqual(undrawn(samples, apart), ["13.1"]);
  assert.ok(newest);
  assert.ok(found("orca").length);
  emoji.withhold(["18"]);
  try {
    const left = emoji.groups().flatMap((group) => group.emoji);
    assert.ok(!left.some((one) => one.since === "18") && left.length < emoji.everyEmoji().length);
    assert.deepEqual(found("monarch_butterfly"), []);
    assert.ok(emoji.byName("monarch_butterfly"));
  } finally {
    emoji.withhold([]);
  }
});

test("the last used emoji come first, each once, and only so many", () => {
  let used = { emoji: [], quick: FIRST };
  for (const one of ["😀", "🔥", "😀"]) used = withUse(used, one);
  assert.deepEqual(used, { emoji: ["😀", "🔥"], quick: FIRST });
  for (let at = 0; at < 100; at += 1) used = withUse(used, String.fromCodePoint(0x1f400 + at));
  assert.equal(used.emoji.length, KEPT);
});

test("a new reaction takes the place of the one unused for the longest time, and the others stay", () => {
  let used = { emoji: [], quick: FIRST };
  used = withReaction(used, "❤️");
  assert.deepEqual(used.quick, FIRST);
  used = withReaction(used, "🔥");
  assert.deepEqual(used.quick, [...FIRST.slice(0, 5), "🔥"]);
  used = withReaction(used, "👀");
  assert.deepEqual(used.quick, [...FIRST.slice(0, 4), "👀", "🔥"]);
  used = withReaction(used, "👍🏽"); // another tone of one in the row
  assert.deepEqual(used.quick, ["👍🏽", ...FIRST.slice(1, 4), "👀", "🔥"]);
  for (const one of ["😀", "😁", "😅"]) used = withReaction(used, one);
  assert.ok(
    ["👍🏽", "🔥", "👀"].every((one) => used.quick.includes(one)),
    used.quick.join(),
  );
  assert.equal(new Set(used.quick).size, 6);
});

test("the arrow keys move in the grid, from section to section", () => {
  const go = (section, index, key, more = {}) => moved([5, 9, 3], 4, { section, index }, { key, ...more });
  assert.deepEqual(go(0, 0, "ArrowRight"), { section: 0, index: 1 });
  assert.deepEqual(go(0, 4, "ArrowRight"), { section: 1, index: 0 });
  assert.deepEqual(go(1, 0, "ArrowLeft"), { section: 0, index: 4 });
  assert.deepEqual(go(0, 0, "ArrowLeft"), { section: 0, index: 0 });
  assert.deepEqual(go(2, 2, "ArrowRight"), { section: 2, index: 2 });
  assert.deepEqual(go(0, 2, "ArrowDown"), { section: 0, index: 4 }); // the next line is shorter
  assert.deepEqual(go(0, 4, "ArrowDown"), { section: 1, index: 0 });
  assert.deepEqual(go(1, 7, "ArrowDown"), { section: 1, index: 8 });
  assert.deepEqual(go(2, 1, "ArrowDown"), { section: 2, index: 1 });
  assert.deepEqual(go(1, 2, "ArrowUp"), { section: 0, index: 4 });
  assert.deepEqual(go(1, 6, "ArrowUp"), { section: 1, index: 2 });
  assert.equal(go(0, 3, "ArrowUp"), null);
  assert.deepEqual(go(1, 6, "Home"), { section: 1, index: 4 });
  assert.deepEqual(go(1, 8, "End"), { section: 1, index: 8 });
  assert.deepEqual(go(1, 8, "Home", { ctrlKey: true }), { section: 0, index: 0 });
  assert.deepEqual(go(0, 0, "End", { ctrlKey: true }), { section: 2, index: 2 });
  assert.equal(go(0, 0, "a"), undefined);
});
