// Markdown: what it reads, what it leaves alone, and that nothing makes it fail or slow.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parse, plain } from "../../suhbat/web/js/text/markdown.js";

/** The tree in short: `strong(a)`. */
const short = (nodes) =>
  nodes
    .map((node) => {
      if (node.type === "text") return node.text;
      if (node.type === "break") return "/";
      if (node.type === "mention") return `mention(${node.name})`;
      if (node.type === "code") return `code(${node.text})`;
      if (node.type === "link") return `link(${node.href} ${short(node.children)})`;
      if (node.type === "list") return `${node.ordered ? node.start : "-"}[${node.items.map(short).join("|")}]`;
      return `${node.type === "paragraph" ? "" : node.type}(${short(node.children)})`;
    })
    .join("");
const inline = (text) => short(parse(text)).slice(1, -1);

for (const [text, tree] of [
  ["**a** *b* _c_ __d__ ~~e~~ `f`", "strong(a) em(b) em(c) strong(d) strike(e) code(f)"],
  ["***a***", "strong(em(a))"],
  ["**a *b* c**", "strong(a em(b) c)"],
  ["*a **b** c*", "em(a strong(b) c)"],
  ["snake_case_name 2 * 3 * 4 a** b", "snake_case_name 2 * 3 * 4 a** b"],
  ["**open", "**open"],
  ["**a *b** c*", "**a em(b)* c*"],
  ["\\*a\\* \\`b\\`", "*a* `b`"],
  ["``a`b``", "code(a`b)"],
  ["`a **b**", "`a strong(b)"],
  ["a\nb", "a/b"],
  ["[t](https://a.uz/x_(y))", "link(https://a.uz/x_(y) t)"],
  ["[t](mailto:ali@a.uz)", "link(mailto:ali@a.uz t)"],
  ["(https://a.uz/b.) https://a.uz, x", "(link(https://a.uz/b https://a.uz/b).) link(https://a.uz/ https://a.uz), x"],
  ["@ali. @oʻtkir, a@b.uz @", "mention(ali). mention(oʻtkir), a@b.uz @"],
  ["[@ali](https://a.uz) [https://b.uz](https://a.uz)", "link(https://a.uz/ @ali) link(https://a.uz/ https://b.uz)"],
]) {
  test(`inline: ${JSON.stringify(text)}`, () => assert.equal(inline(text), tree));
}

for (const [text, tree] of [
  ["a\n\nb", "(a)(b)"],
  ["> a\n> > b\n\nc", "quote((a)quote((b)))(c)"],
  ["- a\n- b\n  - c\n- d", "-[(a)|(b)-[(c)]|(d)]"],
  ["3. a\n4. b", "3[(a)|(b)]"],
  ["1. a\n- b", "1[(a)]-[(b)]"],
  ["a\n- b", "(a)-[(b)]"],
  ["-a\n1.b\n#c", "(-a/1.b/#c)"],
]) {
  test(`blocks: ${JSON.stringify(text)}`, () => assert.equal(short(parse(text)), tree));
}

test("fenced code keeps every character, and needs no end", () => {
  assert.deepEqual(parse("```js\n**a** <b>\n\n  c\n```\nd")[0], { type: "code", language: "js", text: "**a** <b>\n\n  c" });
  assert.deepEqual(parse("~~~\na"), [{ type: "code", language: "", text: "a" }]);
});

for (const href of ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///x", "//a.uz", "https://u:p@a.uz", "https://a\u202e.uz", "ja\u0000vascript:x", "x"]) {
  test(`no link to ${JSON.stringify(href)}`, () => assert.doesNotMatch(JSON.stringify(parse(`[t](${href})`)), /"href"/));
}

test("a preview is one line without marks", () => {
  assert.equal(plain("**a**\n\n> b\n- c\n```\nd\n```"), "a b c d");
  assert.equal(plain("@ali [t](https://a.uz)"), "@ali t");
});

const ALPHABET = [..."*_~`[]()>@ \n-1.\\aʻ<:/😀\u202e"];
/** Random, and the same each time. */
function* random(seed) {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state / 2 ** 31;
  }
}

test("20,000 random texts: it never throws, and loses no letter", () => {
  const numbers = random(7);
  for (let round = 0; round < 20_000; round += 1) {
    let text = "";
    for (let left = numbers.next().value * 60; left > 0; left -= 1) text += ALPHABET[Math.floor(numbers.next().value * ALPHABET.length)];
    const letters = (/** @type {string} */ from) => (from.match(/[aʻ😀]/gu) ?? []).join("");
    // The language of a fence is kept beside the text, and not shown.
    const shown = JSON.stringify(parse(text));
    for (const letter of ["a", "ʻ", "😀"]) {
      if (!/^ {0,3}(```|~~~)/m.test(text) && !shown.includes('"link"')) {
        assert.equal([...letters(plainAll(text))].filter((one) => one === letter).length, [...letters(text)].filter((one) => one === letter).length, JSON.stringify(text));
      }
    }
  }
});

/** Everything that is shown, without limit. */
function plainAll(text) {
  const words = (nodes) =>
    nodes.map((node) => node.text ?? (node.name ? `@${node.name}` : words(node.children ?? node.items?.flat() ?? []))).join(" ");
  return words(parse(text));
}

test("time grows with the text, not with its square", () => {
  for (const piece of ["*", "[", "`", "> ", "**a", "_a ", "~~", "[a](", "@a", "- ", "`a``b", "***a**", "http://", "\\", "( ", "*a _b ~~c ", "a*", "[a](b(c", "1. ", "  - a\n"]) {
    const cost = (/** @type {number} */ length) => {
      let best = Infinity;
      for (let run = 0; run < 5; run += 1) {
        const began = performance.now();
        parse(piece.repeat(Math.ceil(length / piece.length)));
        best = Math.min(best, performance.now() - began);
      }
      return best;
    };
    assert.ok(cost(4_000) < 50, `${JSON.stringify(piece)} takes ${cost(4_000)} ms`);
  }
});
