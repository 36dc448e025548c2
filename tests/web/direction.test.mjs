// The direction of texts, and names of other scripts in sentences.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { firstStrong, isolated, untwisted } from "../../suhbat/web/js/text/bidi.js";
import { direction, directionOf } from "../../suhbat/web/js/text/direction.js";
import { t, use } from "../../suhbat/web/js/text/languages.js";
import { parse, plain } from "../../suhbat/web/js/text/markdown.js";

const [FSI, PDI, RLO, RLI] = ["\u2068", "\u2069", "\u202e", "\u2067"];

before(() => use("en"));

test("the first letter decides, not digits, signs or emoji", () => {
  assert.equal(firstStrong("salom"), "ltr");
  assert.equal(firstStrong("12:30 🎉 — שלום abc"), "rtl");
  assert.equal(firstStrong("123 🎉 ١٢٣"), null);
  for (const word of ["привет", "नमस्ते", "你好", "ʻ", "𝒜"]) assert.equal(firstStrong(word), "ltr", word);
  for (const word of ["مرحبا", "ܫܠܡܐ", "ދިވެހި", "ߒߞߏ", "𞤀𞤣𞤤", "\u200f1"]) assert.equal(firstStrong(word), "rtl");
});

test("a name, an address, code or an emoji at the beginning of a message does not decide", () => {
  const rtl = {
    "@ali سلام": "a name",
    "@ali, @vali: سلام": "names",
    "https://a.uz/b سلام": "an address",
    "www.a.uz سلام": "an address without a scheme",
    "<https://a.uz> سلام": "an address in brackets",
    "[https://a.uz](https://a.uz) سلام": "a link that shows its address",
    "`code` سلام": "code",
    "🎉 سلام": "an emoji",
    "**@ali** سلام": "a name in bold",
    "**سلام** ali": "a bold word",
    "[سلام](https://a.uz) ali": "a link with a text",
    "- @ali سلام": "a list",
    "> @ali سلام": "a quote",
    "```\ncode\n```\nسلام": "a block of code",
  };
  for (const [text, what] of Object.entries(rtl)) assert.equal(direction(text), "rtl", what);
  assert.equal(direction("@علی salom"), "ltr");
  assert.equal(direction("[text](https://a.uz) سلام"), "ltr");
  for (const text of ["", "@ali", "https://a.uz", "`a`", "🎉 12"]) assert.equal(direction(text), null, text);
});

test("every block decides for itself", () => {
  const blocks = parse("@ali سلام\n\nsalom\n\n1. один\n2. שתיים");
  assert.deepEqual(blocks.map((block) => directionOf([block])), ["rtl", "ltr", "ltr"]);
  assert.deepEqual(blocks[2].items.map((item) => directionOf(item)), ["ltr", "rtl"]);
}); // prettier-ignore

test("a name from right to left stands in a sentence without turning it", () => {
  assert.equal(t("invitation.from", { name: "علی" }), `${FSI}علی${PDI} invited you`);
  assert.equal(t("invitation.from", { name: "Ali" }), "Ali invited you");
  assert.equal(t("message.read.by", { names: ["دانا", "Ali"] }), `Read by ${FSI}دانا${PDI}, Ali`);
  assert.equal(isolated(isolated("علی")), isolated("علی"));
  const more = t("message.reaction.more", { names: ["دانا"], n: 2 });
  assert.equal(t("message.reaction", { emoji: "👍", n: 3, names: more }), `👍 3: ${more}`);
});

test("signs that turn the text after them do not leave a name", () => {
  assert.equal(untwisted(`a${RLO}b${PDI}c${RLI}`), "abc");
  assert.equal(isolated(`${RLO}xe.evil`), "xe.evil");
  assert.equal(isolated(`دانا${PDI}${RLO}x`), `${FSI}داناx${PDI}`);
  assert.equal(isolated(`${FSI}دانا`), `${FSI}دانا${PDI}`);
});

test("a preview shows the names of people for the names in a text", () => {
  const names = { exists: (name) => name === "ali", called: (name) => (name === "ali" ? "علی ولی" : null) };
  assert.equal(plain("**@ali**, @vali", names), `@${FSI}علی ولی${PDI}, @vali`);
  assert.equal(plain("@ali"), "@ali");
});
