// The check for the oldest browsers finds features that they lack, and docs/web.md names the same browsers.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { OLDEST, lookAtScript, lookAtStyles, lookAtUses } from "./oldest.mjs";

for (const [source, what] of [
  ["export const emoji = /^\\p{RGI_Emoji}$/v;", "regular expression flag"],
  ["export const word = /(?<!a)b/;", "look behind"],
  ["export class A { static { A.b = 1; } }", "static"],
  ["using file = open();", "SyntaxError"],
  ["Object.groupBy([], String);", "Object.groupBy"],
  ["URL.canParse('x');", "URL.canParse"],
  ["AbortSignal.any([]);", "AbortSignal.any"],
  ["h('div', { writingsuggestions: 'off' });", "writingsuggestions"],
]) {
  test(`too new: ${source}`, () => assert.match(lookAtScript(source).join(), new RegExp(what.replace(".", "\\."))));
}

for (const [source, what] of [
  ["a { color: light-dark(red, blue); }", "light-dark()"],
  ["a { color: red; & b { color: blue; } }", "nesting: & b"],
  ["@starting-style { a { opacity: 0; } }", "@starting-style"],
  ["a:has(b) { color: red; }", ":has"],
  ["a { float: inline-end; }", "float: inline-end"],
  ["a { field-sizing: content; }", "field-sizing"],
]) {
  test(`too new: ${source}`, () => assert.ok(lookAtStyles(source).includes(what), lookAtStyles(source).join()));
}

test("what they know is not found", () => {
  assert.deepEqual(
    lookAtScript(
      "export class A { #b = 1; c = /(?<d>\\p{L})/u; e() { return this.#b ?? [1].at(-1); } };" +
        "AbortSignal.timeout(1); await 1;",
    ),
    [],
  );
  assert.deepEqual(
    lookAtStyles(
      "@media (max-width: 720px) { a:not(:hover) > b::before { inset: 0; height: 100dvh; color: rgb(0 0 0 / 0.4); } }",
    ),
    [],
  );
});

test("what an object has not there is found by its type", async () => {
  const place = await mkdtemp(join(tmpdir(), "suhbat-oldest-"));
  try {
    const path = join(place, "page.js");
    await writeFile(
      path,
      "document.body.showPopover();\nrequestIdleCallback(() => {});\n[1].toSorted();\n" +
        "new Map().values().map(String);\ndocument.body.click();\n",
    );
    const found = lookAtUses([path]).join("\n");
    for (const name of ["showPopover", "requestIdleCallback", "toSorted", "map"])
      assert.match(found, new RegExp(`'${name}'`));
    assert.doesNotMatch(found, /click/);
  } finally {
    await rm(place, { recursive: true });
  }
});

test("docs/web.md names these browsers", async () => {
  const page = await readFile(new URL("../../docs/web.md", import.meta.url), "utf8");
  assert.ok(
    page.includes(`Chrome and Edge ${OLDEST.chrome}, Firefox ${OLDEST.firefox} (ESR), Safari ${OLDEST.safari}`),
  );
  assert.equal(OLDEST.edge, OLDEST.chrome);
});
