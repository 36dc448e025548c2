// The examples of the CommonMark specification for the subset that the page speaks. commonmark.json lists the
// examples that read otherwise here, each with its reason; an example that is listed and agrees is a mistake too.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";

import { parse } from "../../suhbat/web/js/text/markdown.js";

const require = createRequire(new URL("../../package.json", import.meta.url));
const { tests: examples } = require("commonmark-spec");
const { sections, reasons, deviations } = JSON.parse(
  await readFile(new URL("commonmark.json", import.meta.url), "utf8"),
);

const escape = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const TAGS = { paragraph: "p", quote: "blockquote", strong: "strong", em: "em", strike: "del" };

/** The HTML of a tree in the form of the specification. Names stay text. */
function html(node) {
  if (Array.isArray(node)) return node.map(html).join("");
  if (node.type === "text") return escape(node.text);
  if (node.type === "mention") return `@${node.name}`;
  if (node.type === "break") return "\n";
  if (node.type === "link") return `<a href="${escape(node.href)}">${html(node.children)}</a>`;
  if (node.type === "code" && node.language === undefined) return `<code>${escape(node.text)}</code>`;
  if (node.type === "code") {
    const language = node.language ? ` class="language-${node.language}"` : "";
    return `<pre><code${language}>${escape(node.text && `${node.text}\n`)}</code></pre>`;
  }
  if (node.type === "list") {
    const tag = node.ordered ? "ol" : "ul";
    const start = node.ordered && node.start !== 1 ? ` start="${node.start}"` : "";
    return `<${tag}${start}>${node.items.map((item) => `<li>${html(item)}</li>`).join("")}</${tag}>`;
  }
  return `<${TAGS[node.type]}>${html(node.children)}</${TAGS[node.type]}>`;
}

/** The HTML without details that are not compared: loose lists, titles, and spaces around a line. */
function essence(text) {
  const pieces = text.split(/(<pre>[\s\S]*?<\/pre>)/);
  const found = pieces.map((piece, index) => {
    if (index % 2) return piece;
    return piece
      .replace(/<\/?p>|<br \/>/g, "\n")
      .replace(/ title="[^"]*"/g, "")
      .replace(/[ \t\n]+/g, " ")
      .replace(/ ?(<\/?(?:ul|ol|li|blockquote)\b[^>]*>) ?/g, "$1");
  });
  return found
    .join("")
    .replace(/ ?(<pre>|<\/pre>) ?/g, "$1")
    .trim();
}

const address = (href) => {
  try {
    return decodeURI(href).replaceAll("&amp;", "&");
  } catch {
    return href.replaceAll("&amp;", "&");
  }
};
const readable = (text) =>
  text.replace(/href="([^"]*)"/g, (_, href) => `href="${address(href.replaceAll("&quot;", '"'))}"`);

test("every section of the subset has its examples", () => {
  const counted = examples.filter(({ section }) => sections.includes(section)).length;
  assert.ok(
    counted > 400 && Object.keys(deviations).length < counted / 3,
    `${Object.keys(deviations).length} of ${counted}`,
  );
});

for (const { number, section, markdown, html: expected } of examples) {
  if (!sections.includes(section)) continue;
  const reason = deviations[number];
  test(`example ${number}, ${section}${reason ? `: ${reason}` : ""}`, () => {
    const text = markdown.replaceAll("→", "\t");
    const found = readable(essence(html(parse(text, { allow: (href) => href }))));
    const wanted = readable(essence(expected.replaceAll("→", "\t")));
    if (reason === undefined) assert.equal(found, wanted, text);
    else {
      assert.ok(reason in reasons, reason);
      assert.notEqual(found, wanted, "this is no deviation");
    }
  });
}
