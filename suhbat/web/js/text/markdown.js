// Parses a subset of Markdown into a tree. It never fails, creates no elements, and takes linear time.
//
// The subset is CommonMark's paragraphs, quotes, lists, fenced code, code spans, emphasis and inline links, with
// ~~strike~~, @names and bare URLs. tests/web/commonmark.json lists the differences from the specification with their
// reasons.

import { isolated } from "./bidi.js";
import { blocks } from "./blocks.js";
import { cut } from "./graphemes.js";
import { safe } from "./links.js";
import { EVERYBODY, fold } from "./mentions.js";

/**
 * @typedef {{type: "text", text: string} | {type: "code", text: string} | {type: "break"}
 *   | {type: "link", href: string, children: Inline[]} | {type: "mention", name: string}
 *   | {type: "strong" | "em" | "strike", children: Inline[]}} Inline
 * @typedef {{type: "paragraph", children: Inline[]} | {type: "quote", children: Block[]}
 *   | {type: "code", language: string, text: string}
 *   | {type: "list", ordered: boolean, start: number, items: Block[][]}} Block
 * @typedef {object} Reading  the options and the counter of a parse
 * @property {(href: string) => string | null} allow  the target of a link, or null for no link
 * @property {(folded: string) => boolean} exists  whether an account has this name, folded as in mentions.js
 * @property {number} steps  the number of visited lines and characters, for the tests
 */

/**
 * @typedef {object} TextNames  the people that texts name, by the folded name
 * @property {(folded: string) => boolean} exists  whether somebody has this name
 * @property {(folded: string) => string | null} called  what is shown for the name; null if nobody is known
 */

const never = () => false;
const PREVIEWED = 400; // the number of UTF-16 units of a message that a preview uses

/** @param {string} text @param {Partial<Reading>} [reading] @returns {Block[]} */
export function parse(text, reading = {}) {
  const how = /** @type {Reading} */ (
    Object.assign(reading, { allow: reading.allow ?? safe, exists: reading.exists ?? never, steps: 0 })
  );
  return blocks(text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n"), 0, how);
}

/**
 * The folded names that a text mentions, each once: names for everybody, and names that exist.
 * @param {string} text @param {(folded: string) => boolean} exists
 */
export function named(text, exists) {
  /** @type {Set<string>} */
  const found = new Set();
  /** @param {(Block | Inline)[]} nodes */
  const look = (nodes) => {
    for (const node of nodes) {
      if (node.type === "mention") found.add(fold(node.name));
      if ("children" in node) look(node.children);
      if (node.type === "list") node.items.forEach(look);
    }
  };
  look(parse(text, { exists }));
  return [...found].filter((name) => EVERYBODY.has(name) || exists(name));
}

/**
 * One line for a preview: the text without its markup. Without `names` the names in it are shown as they were typed.
 * `longest`: how many UTF-16 units of the message are used.
 * @param {string} text @param {TextNames} [names] @param {number} [longest]
 */
export function plain(text, names = AS_TYPED, longest = PREVIEWED) {
  const nodes = parse(cut(text, longest), { exists: names.exists });
  return textOf(nodes, names).join("").replace(/\s+/g, " ").trim();
}

/** @type {TextNames} */
const AS_TYPED = { exists: never, called: () => null };

/** @param {(Block | Inline)[]} nodes @param {TextNames} names @returns {string[]} */
function textOf(nodes, names) {
  return nodes.map((node) => {
    switch (node.type) {
      case "mention":
        return `@${isolated(names.called(fold(node.name)) ?? node.name)}`;
      case "break":
        return " ";
      case "code":
        return "language" in node ? `${node.text} ` : node.text;
      case "list":
        return `${textOf(node.items.flat(), names).join("")} `;
      case "paragraph":
      case "quote":
        return `${textOf(node.children, names).join("")} `;
      default:
        return "children" in node ? textOf(node.children, names).join("") : node.text;
    }
  });
}
