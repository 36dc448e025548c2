// Markdown: the supported syntax, the text it leaves alone, and that no input makes it fail or slow.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
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
  ["***a***", "em(strong(a))"],
  ["**a *b* c**", "strong(a em(b) c)"],
  ["*a **b** c*", "em(a strong(b) c)"],
  ["snake_case_name 2 * 3 * 4 a** b", "snake_case_name 2 * 3 * 4 a** b"],
  ["2*3*4", "2*3*4"],
  ["5*x*y 2**3**4", "5*x*y 2**3**4"],
  ["x*2*y and 3*z", "x*2*y and 3*z"],
  ["**5**ta *2 va 3* *note 2*3 = 6*", "strong(5)ta em(2 va 3) em(note 2*3 = 6)"],
  ["这是**「重点」**的", "这是strong(「重点」)的"],
  ["*a~~b*c~~", "em(a~~b)c~~"],
  ["**open", "**open"],
  ["**a *b** c*", "em(em(a em(b)) c)"],
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
  ["1. a\n\n2. b\n\n\n3. c", "1[(a)|(b)|(c)]"],
  ["1. a\n\nx\n\n2. b", "1[(a)](x)2[(b)]"],
  ["- a\n\n- b\n\nx", "-[(a)|(b)](x)"],
  ["- a\n\t- b\n\t\t- c\n- d", "-[(a)-[(b)-[(c)]]|(d)]"],
  ["1.\ta\n\t- b\n2.\tc", "1[(a)-[(b)]|(c)]"],
  ["- a\n    - b\n        - c", "-[(a)-[(b)-[(c)]]]"],
  ["10. a\n  - b\n11. c", "10[(a)-[(b)]|(c)]"],
  ["- ```\n  x\n\n  y\n  ```\n- b", "-[code(x\n\ny)|(b)]"],
  ["1. a\n   ```js\n   x\n\n     y\n   ```\n\n   b\n2. c", "1[(a)code(x\n\n  y)(b)|(c)]"],
  ["- a\n\n\t~~~\n\tx\n\n\ty\n\t~~~", "-[(a)code(x\n\ny)]"],
  ["> ```\n> x\n>\n> y\n> ```\nz", "quote(code(x\n\ny))(z)"],
  ["It was in\n2026. A good year", "(It was in/2026. A good year)"],
  ["* * *\n---", "(* * */---)"],
  ["-", "(-)"],
  ["a\n- b", "(a)-[(b)]"],
  ["-a\n1.b\n#c", "(-a/1.b/#c)"],
]) {
  test(`blocks: ${JSON.stringify(text)}`, () => assert.equal(short(parse(text)), tree));
}

test("fenced code keeps every character, and needs no end", () => {
  assert.deepEqual(parse("```js\n**a** <b>\n\n  c\n```\nd")[0], {
    type: "code",
    language: "js",
    text: "**a** <b>\n\n  c",
  });
  assert.deepEqual(parse("~~~\na"), [{ type: "code", language: "", text: "a" }]);
});

const { texts } = JSON.parse(await readFile(new URL("../vectors/links.json", import.meta.url), "utf8"));
/** The links of a tree: the text and the target. */
const links = (node) =>
  Array.isArray(node)
    ? node.flatMap(links)
    : node.type === "link"
      ? [[short(node.children), node.href]]
      : links(node.children ?? node.items ?? []);
for (const [text, wanted] of texts) {
  test(`links: ${JSON.stringify(text)}`, () => {
    const found = links(parse(text)).map(([written, href]) => [
      written.replace(/\w+\((.*?)\)/g, (whole, inner) => (/^(em|strong)/.test(whole) ? inner : whole)),
      href,
    ]);
    assert.deepEqual(
      found,
      wanted.map((one) => (typeof one === "string" ? [one, new URL(one).href] : [one[0], new URL(one[1]).href])),
    );
  });
}

for (const href of [
  "javascript:alert(1)",
  "data:text/html,x",
  "vbscript:x",
  "file:///x",
  "//a.uz",
  "https://u:p@a.uz",
  "https://a\u202e.uz",
  "ja\u0000vascript:x",
  "x",
]) {
  test(`no link to ${JSON.stringify(href)}`, () =>
    assert.doesNotMatch(JSON.stringify(parse(`[t](${href})`)), /"href"/));
}

test("a preview is one line without marks", () => {
  assert.equal(plain("**a**\n\n> b\n- c\n```\nd\n```"), "a b c d");
  assert.equal(plain("@ali [t](https://a.uz)"), "@ali t");
});

test("pushes and mails say what a preview says", async () => {
  const file = new URL("../vectors/plain.json", import.meta.url);
  const { texts } = JSON.parse(await readFile(file, "utf8"));
  for (const [text, shown] of texts) {
    const line = shown.replace(/^(?:> |• |\d+\. )+/gm, "").replace(/\s+/g, " ");
    assert.equal(plain(text), line, text);
  }
});

const ALPHABET = [..."*_~`[]()>@ \n-1.\\aʻ<:/😀\u202e"];
/** Random numbers from a fixed seed. */
function* random(seed) {
  for (let state = seed; ;) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state / 2 ** 31;
  }
}

test("5,000 random texts: it never throws, and loses no letter", () => {
  const numbers = random(7);
  for (let round = 0; round < 5_000; round += 1) {
    let text = "";
    for (let left = numbers.next().value * 60; left > 0; left -= 1)
      text += ALPHABET[Math.floor(numbers.next().value * ALPHABET.length)];
    const letters = (/** @type {string} */ from) => (from.match(/[aʻ😀]/gu) ?? []).join("");
    // The language of a fence is kept beside the text. It is not shown.
    const shown = JSON.stringify(parse(text));
    for (const letter of ["a", "ʻ", "😀"]) {
      if (!/^ {0,3}(```|~~~)/m.test(text) && !shown.includes('"link"')) {
        assert.equal(
          [...letters(plainAll(text))].filter((one) => one === letter).length,
          [...letters(text)].filter((one) => one === letter).length,
          JSON.stringify(text),
        );
      }
    }
  }
});

/** The whole shown text, without a limit. */
function plainAll(text) {
  const words = (nodes) =>
    nodes
      .map((node) => node.text ?? (node.name ? `@${node.name}` : words(node.children ?? node.items?.flat() ?? [])))
      .join(" ");
  return words(parse(text));
}

test("a tree is made in steps that grow with the text, not with its square", () => {
  const pieces = [
    "*",
    "[",
    "]",
    "`",
    "_",
    "~~",
    "> ",
    ">",
    "**a",
    "_a ",
    "*a ",
    "[a](",
    "[a](b(c",
    "[a](<b",
    "[a](b 'c",
    "[](",
    "![",
    "@a",
    "- ",
    "-\t",
    "1. ",
    "`a``b",
    "***a**",
    "*a _b ~~c ",
    "a*",
    "a**b",
    "*a*",
    "\\",
    "\\`",
    "( ",
    "http://",
    "https://a/(",
    "https://a:99999/",
    "www.a.",
    "<a:",
    "<a@b",
    "  - a\n",
    "\t- a\n",
    "> - ",
    "- a\n\n",
    "```\n",
    "~~~ `\n",
    "a\n",
    "\n",
  ];
  const pairs = pieces.flatMap((one) => ["", "*", "[", "`", "[a](b(c"].map((other) => one + other));
  const steps = (/** @type {string} */ text) => {
    const reading = {};
    parse(text, reading);
    return reading.steps;
  };
  for (const piece of pairs) {
    const [short, long] = [500, 2_000].map((length) => piece.repeat(Math.ceil(length / piece.length)));
    assert.ok(
      steps(long) <= 25 * long.length,
      `${JSON.stringify(piece)}: ${steps(long)} steps for ${long.length} signs`,
    );
    assert.ok(
      steps(long) <= 6 * steps(short) + 100,
      `${JSON.stringify(piece)}: ${steps(short)} steps, then ${steps(long)}`,
    );
  }
});

test("what is within another is bounded: emphasis, quotes, lists", () => {
  const depth = (/** @type {any} */ node) =>
    Array.isArray(node) ? Math.max(0, ...node.map(depth)) : 1 + depth(node.children ?? node.items ?? []);
  for (const text of [
    "*a **b ".repeat(300) + "c** d* ".repeat(300),
    "> ".repeat(2_000),
    "- ".repeat(2_000) + "a",
    "\t"
      .repeat(40)
      .split("")
      .map((_, at) => "\t".repeat(at) + "- a")
      .join("\n"),
  ]) {
    assert.ok(depth(parse(text)) < 40, text.slice(0, 20));
  }
});
