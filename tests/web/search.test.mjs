// The search: what is asked, and where the words occur in what is found.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { ANYTHING, begun, dayOf, filtersOf, queryOf, startOf } from "../../suhbat/web/js/models/search-query.js";
import { excerpt, rangesOf, termsOf } from "../../suhbat/web/js/text/highlights.js";

const vectors = JSON.parse(await readFile(new URL("../vectors/search.json", import.meta.url), "utf8"));

const ask = (question) => queryOf({ ...ANYTHING, ...question });
const marked = (text, query) => rangesOf(text, termsOf(query)).map(({ start, end }) => text.slice(start, end));

test("the question has the words and the filters", () => {
  assert.deepEqual(ask({ text: "salom ", conversation: "r1" }), { q: "salom", conversation: "r1" });
  assert.deepEqual(ask({ text: "", from: " @ali ", link: true }), { q: "has:link", from: "ali" });
  assert.deepEqual(ask({ text: "", link: true, file: "file" }), { q: "has:link has:file" });
  assert.deepEqual(ask({ text: "reja ", file: "image" }), { q: "reja has:image" });
  const { q } = ask({ text: "choy ", since: "2026-11-01", until: "2026-11-01" });
  const [after, before] = [new Date(2026, 10, 1), new Date(2026, 10, 2)].map((date) => date.toISOString());
  assert.equal(q, `choy after:${after} before:${before}`);
});

test("dates and a conversation only narrow a search", () => {
  for (const question of [{}, { text: "  " }, { conversation: "r1" }, { since: "2026-11-01" }, { from: " @" }])
    assert.equal(ask(question), null);
  assert.equal(filtersOf(ANYTHING), 0);
  assert.equal(filtersOf({ ...ANYTHING, conversation: "r1", since: "2026-11-01", link: true }), 3);
});

test("a day begins and ends in the reader's time zone; a year that is being typed is no day", () => {
  assert.equal(startOf("2026-12-31", 1), new Date(2027, 0, 1).toISOString());
  for (const day of ["", "0002-11-01", "2026-11", "x"]) assert.equal(startOf(day, 0), "");
  assert.equal(dayOf(new Date(2026, 0, 5, 23, 59)), "2026-01-05");
});

test("the last word may not be finished", () => {
  for (const [typed, asked] of [
    ["choyx", "choyx*"],
    ["yangi yi", "yangi yi*"],
    ["oʻzb", "oʻzb*"],
    ["чой", "чой*"],
    ["choy ", "choy"],
    ["c", "c"],
    ["choy*", "choy*"],
    ['"yangi yil"', '"yangi yil"'],
    ['"yangi yi', '"yangi yi'],
    ["from:ali", "from:ali"],
    ["http://a.uz", "http://a.uz"],
    ["c++", "c++"],
    ["", ""],
  ])
    assert.equal(begun(typed), asked);
});

test("words are marked in every spelling, as the server finds them", () => {
  for (const { text, queries, not } of vectors.found) {
    for (const query of queries) assert.notDeepEqual(marked(text, query), [], `${text}: ${query}`);
    for (const query of not) assert.deepEqual(marked(text, query), [], `${text}: ${query}`);
  }
  for (const spellings of vectors.spellings)
    for (const one of spellings) for (const other of spellings) assert.deepEqual(marked(one, other), [one]);
});

test("whole words, beginnings, phrases; filters are no words", () => {
  assert.deepEqual(marked("Choy, choyxona va choy!", "choy"), ["Choy", "choy"]);
  assert.deepEqual(marked("Choy, choyxona va choy!", "choy*"), ["Choy", "choyxona", "choy"]);
  assert.deepEqual(marked("yil yangi, yangi yil", '"yangi yil"'), ["yangi yil"]);
  assert.deepEqual(marked("yangi yil yangi", "yil yangi"), ["yangi", "yil", "yangi"]);
  assert.deepEqual(marked("from ali salom", "salom from:ali in:r1 has:link after:2026-01-01"), ["salom"]);
  assert.deepEqual(marked("Бу 'ўзбек' ёзаман", "o'zbek yozaman"), ["ўзбек", "ёзаман"]);
  assert.deepEqual(marked("sirk цирк", "цирк"), ["sirk", "цирк"]);
  assert.deepEqual(marked("snake_case word", "case"), ["case"]);
  assert.deepEqual(marked("salom", ""), []);
  assert.deepEqual(marked("<b>salom</b>", "salom b"), ["b", "salom", "b"]);
});

test("an excerpt shows the first place with what stands before it", () => {
  const text = `${"so‘z ".repeat(60)}nishon ${"keyin ".repeat(100)}`;
  const pieces = excerpt(text, rangesOf(text, termsOf("nishon")));
  assert.deepEqual(
    pieces.filter(({ marked: isMarked }) => isMarked).map((piece) => piece.text),
    ["nishon"],
  );
  const whole = pieces.map((piece) => piece.text).join("");
  assert.match(whole, /^…so‘z .*nishon keyin.*…$/);
  assert.ok(whole.length < 400);
  assert.deepEqual(excerpt("qisqa", []), [{ text: "qisqa", marked: false }]);
  const han = "東".repeat(200) + "京" + "西".repeat(400);
  assert.ok(excerpt(han, rangesOf(han, termsOf("京"))).some((piece) => piece.marked && piece.text === "京"));
  const faces = "😀".repeat(100) + " x";
  assert.ok(!/^…[\udc00-\udfff]/.test(excerpt(faces, rangesOf(faces, termsOf("x")))[0].text));
});

test("a text of one letter repeated takes no long time", () => {
  const began = performance.now();
  marked("y".repeat(4000), "yo");
  marked("'".repeat(4000), "a");
  begun("a".repeat(400) + ":");
  assert.ok(performance.now() - began < 500);
});
