// The direction of a message's text. The first letter decides for each block, but not that of a name, an address or
// code, which are often in another script than the text.

import { firstStrong } from "./bidi.js";
import { parse } from "./markdown.js";
import { cut } from "./graphemes.js";

/** @import { Block, Inline } from "./markdown.js" */

const LOOKED = 400; // UTF-16 units of a message that decide about its preview
const ADDRESS = /^(?:https?:\/\/|www\.|mailto:|[^\s@]+@[^\s@]+$)/i;

/**
 * Of these parts of a parsed text. Null if only names, addresses, code and emoji are in them.
 * @param {(Block | Inline)[]} nodes @returns {"ltr" | "rtl" | null}
 */
export function directionOf(nodes) {
  for (const node of nodes) {
    const found = ofNode(node);
    if (found) return found;
  }
  return null;
}

/** Of a message in one line, as in a preview. @param {string} text Markdown */
export const direction = (text) => directionOf(parse(cut(text, LOOKED)));

/** Whether a link shows nothing but its own address. @param {Extract<Inline, {type: "link"}>} link */
export const isBare = ({ children }) =>
  children.length === 1 && children[0].type === "text" && ADDRESS.test(children[0].text);

/** @param {Block | Inline} node @returns {"ltr" | "rtl" | null} */
function ofNode(node) {
  switch (node.type) {
    case "text":
      return firstStrong(node.text);
    case "code":
    case "mention":
    case "break":
      return null;
    case "list":
      return directionOf(node.items.flat());
    case "link":
      return isBare(node) ? null : directionOf(node.children);
    default:
      return directionOf(node.children);
  }
}
