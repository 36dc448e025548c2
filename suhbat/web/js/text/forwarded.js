// A forwarded message, as the text of a new one: a comment, from whom it is, and the text as a quote. Pure.

import { parse } from "./markdown.js";

/** @import { Block, Inline } from "./markdown.js" */

const LOOKED_AT = 60; // @ signs that are looked at one by one; further ones are all made plain

/**
 * @param {{from: string, text: string, comment?: string}} message `from`: a line that names the author, as Markdown
 */
export function forwarded({ from, text, comment = "" }) {
  const said = text.trim();
  const quote = said && unnamed(said).replace(/^/gm, "> ");
  return [comment.trim(), [from, quote].filter(Boolean).join("\n")].filter(Boolean).join("\n\n");
}

/** A name that Markdown takes for nothing else. @param {string} name */
export const escaped = (name) => name.replace(/[!-/:-@[-`{-~]/g, "\\$&");

/**
 * The same text in which no @name names anybody: who was named there is not called again here. Code and addresses stay
 * as they are.
 * @param {string} text
 */
export function unnamed(text) {
  let left = named(text);
  for (let at = text.indexOf("@"), looked = 0; left > 0 && at >= 0; at = text.indexOf("@", at + 1)) {
    const changed = `${text.slice(0, at)}\\${text.slice(at)}`;
    looked += 1;
    const less = looked > LOOKED_AT ? left : named(changed);
    if (looked <= LOOKED_AT && less >= left) continue;
    [text, left] = [changed, less];
    at += 1;
  }
  return text;
}

/** How many @names a text has. @param {string} text */
function named(text) {
  const count = (/** @type {(Block | Inline)[]} */ nodes) => {
    let found = 0;
    for (const node of nodes) {
      if (node.type === "mention") found += 1;
      if ("children" in node) found += count(node.children);
      if (node.type === "list") for (const item of node.items) found += count(item);
    }
    return found;
  };
  return count(parse(text));
}
