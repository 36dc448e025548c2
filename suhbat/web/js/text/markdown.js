// A subset of Markdown as a tree. It never fails, makes no elements, and takes time in proportion to the text: every
// delimiter is pushed once and popped once, and every look ahead is bounded.

import { cut } from "./graphemes.js";

/**
 * @typedef {{type: "text", text: string} | {type: "code", text: string} | {type: "break"}
 *   | {type: "link", href: string, children: Inline[]} | {type: "mention", name: string}
 *   | {type: "strong" | "em" | "strike", children: Inline[]}} Inline
 * @typedef {{type: "paragraph", children: Inline[]} | {type: "quote", children: Block[]}
 *   | {type: "code", language: string, text: string}
 *   | {type: "list", ordered: boolean, start: number, items: Block[][]}} Block
 */

const DEEPEST = 3; // quotes and lists within each other
const FENCE = /^ {0,3}(```+|~~~+)\s*([\w+#.-]{0,20})[^`]*$/;
const ITEM = /^( {0,3})(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;
const QUOTE = /^ {0,3}>/;

/** @param {string} text @returns {Block[]} */
export function parse(text) {
  return blocks(text.replace(/\r\n?/g, "\n").split("\n"), 0);
}

/** One line for a preview: the text without its marks. @param {string} text */
export function plain(text) {
  const words = parse(cut(text, 400)).map(blockText).join(" ");
  return words.replace(/\s+/g, " ").trim();
}

/** @param {string[]} lines @param {number} depth @returns {Block[]} */
function blocks(lines, depth) {
  /** @type {Block[]} */
  const found = [];
  /** @type {string[]} */
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) found.push({ type: "paragraph", children: inline(paragraph.join("\n")) });
    paragraph = [];
  };
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    const fence = FENCE.exec(line);
    const item = depth < DEEPEST ? ITEM.exec(line) : null;
    if (fence) {
      flush();
      const end = closing(lines, at + 1, fence[1]);
      found.push({ type: "code", language: fence[2], text: lines.slice(at + 1, end).join("\n") });
      at = end + 1;
    } else if (depth < DEEPEST && QUOTE.test(line)) {
      flush();
      const start = at;
      while (at < lines.length && QUOTE.test(lines[at])) at += 1;
      const inner = lines.slice(start, at).map((quoted) => quoted.replace(/^ {0,3}> ?/, ""));
      found.push({ type: "quote", children: blocks(inner, depth + 1) });
    } else if (item) {
      flush();
      at = list(lines, at, depth, found);
    } else {
      if (line.trim()) paragraph.push(line);
      else flush();
      at += 1;
    }
  }
  flush();
  return found;
}

/** The line that closes a fence, or the end. @param {string[]} lines @param {number} from @param {string} fence */
function closing(lines, from, fence) {
  for (let at = from; at < lines.length; at += 1) {
    const line = lines[at].trim();
    if (line.length >= fence.length && line === fence[0].repeat(line.length)) return at;
  }
  return lines.length;
}

/** @param {string[]} lines @param {number} from @param {number} depth @param {Block[]} found @returns {number} the line after it */
function list(lines, from, depth, found) {
  const first = /** @type {RegExpExecArray} */ (ITEM.exec(lines[from]));
  const ordered = first[2] === undefined;
  /** @type {string[][]} */
  const items = [];
  let at = from;
  for (; at < lines.length; at += 1) {
    const line = lines[at];
    const item = ITEM.exec(line);
    if (item && (item[2] === undefined) === ordered && (at === from || item[1].length < 2)) items.push([item[4]]);
    else if (/^ {2,}\S/.test(line)) items[items.length - 1].push(line.replace(/^ {2,4}/, ""));
    else break;
  }
  const start = ordered ? Number(first[3]) : 1;
  found.push({ type: "list", ordered, start, items: items.map((item) => blocks(item, depth + 1)) });
  return at;
}

const LINK = /\[([^[\]\n]{1,300})\]\(([^()\s]{1,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,200}){0,3})\)/y;
const ADDRESS = /https?:\/\/[^\s<>"`]{1,2000}/iy;
const MENTION = /@([\p{L}\p{N}_](?:[\p{L}\p{N}_.\u02bb-]|['\u2018\u2019\u02bc](?=\p{L})){0,31})/uy;
const WORD = /[\p{L}\p{N}_]/u;
const SPECIAL = /[\\`[@*_~\n]|https?:\/\//gi;

/** @typedef {{mark: string, type: "strong" | "em" | "strike" | "root", children: Inline[]}} Frame */

/** @param {string} text @returns {Inline[]} */
function inline(text) {
  /** @type {Frame[]} */
  const open = [{ mark: "", type: "root", children: [] }];
  const codes = codeEnds(text);
  let at = 0;
  const add = (/** @type {Inline} */ node) => {
    const { children } = open[open.length - 1];
    const last = children[children.length - 1];
    if (node.type === "text" && last?.type === "text") last.text += node.text;
    else children.push(node);
  };
  while (at < text.length) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(text);
    const place = next ? next.index : text.length;
    if (place > at) add({ type: "text", text: text.slice(at, place) });
    if (!next) break;
    at = place;
    const letter = text[at];
    const before = text.slice(Math.max(0, at - 2), at).match(/.$/su)?.[0] ?? " ";
    const took =
      letter === "\n"
        ? (add({ type: "break" }), 1)
        : letter === "\\"
          ? escaped(text, at, add)
          : letter === "`"
            ? code(text, at, codes, add)
            : letter === "["
              ? link(text, at, add)
              : letter === "@"
                ? WORD.test(before) ? 0 : mention(text, at, add)
                : letter === "h" || letter === "H"
                  ? WORD.test(before) ? 0 : address(text, at, add)
                  : delimiter(text, at, before, open, add);
    if (took) at += took;
    else {
      add({ type: "text", text: letter });
      at += 1;
    }
  }
  while (open.length > 1) unmatched(open);
  return open[0].children;
}

/** @param {string} text @param {number} at @param {(node: Inline) => void} add */
function escaped(text, at, add) {
  if (!/[\\`*_~[\]()>#@.!+-]/.test(text[at + 1] ?? "")) return 0;
  add({ type: "text", text: text[at + 1] });
  return 2;
}

/** Where each run of backticks is, by its length: so that looking for the closing one is a step, not a walk. @param {string} text */
function codeEnds(text) {
  /** @type {Map<number, number[]>} */
  const ends = new Map();
  for (const run of text.matchAll(/`+/g)) {
    const places = ends.get(run[0].length) ?? [];
    ends.set(run[0].length, places);
    places.push(run.index);
  }
  for (const places of ends.values()) places.reverse();
  return ends;
}

/** @param {string} text @param {number} at @param {Map<number, number[]>} ends @param {(node: Inline) => void} add */
function code(text, at, ends, add) {
  let length = 1;
  while (text[at + length] === "`") length += 1;
  const places = ends.get(length) ?? [];
  while (places.length && places[places.length - 1] <= at) places.pop();
  const end = places[places.length - 1];
  if (end === undefined) {
    add({ type: "text", text: "`".repeat(length) });
    return length;
  }
  const inner = text.slice(at + length, end).replaceAll("\n", " ");
  add({ type: "code", text: /^ .*\S.* $/s.test(inner) ? inner.slice(1, -1) : inner });
  return end + length - at;
}

/** @param {string} text @param {number} at @param {(node: Inline) => void} add */
function link(text, at, add) {
  LINK.lastIndex = at;
  const found = LINK.exec(text);
  const href = found && safe(found[2]);
  if (!found || !href) return 0;
  add({ type: "link", href, children: inlineText(found[1]) });
  return found[0].length;
}

/** What a link says has emphasis, but no links. @param {string} text @returns {Inline[]} */
function inlineText(text) {
  return /[`*_~]/.test(text) && !/[@[]|https?:/i.test(text) ? inline(text) : [{ type: "text", text }];
}

/** @param {string} text @param {number} at @param {(node: Inline) => void} add */
function address(text, at, add) {
  ADDRESS.lastIndex = at;
  const found = ADDRESS.exec(text)?.[0];
  if (!found) return 0;
  // A sentence goes on after an address; a bracket belongs to it only if it was opened in it.
  let end = found.length;
  let opened = 0;
  for (const letter of found) opened += letter === "(" ? 1 : letter === ")" ? -1 : 0;
  while (end > 0) {
    const last = found[end - 1];
    if (last === ")" && opened < 0) opened += 1;
    else if (!/[.,;:!?*_~'\]}»”’]/.test(last)) break;
    end -= 1;
  }
  const href = safe(found.slice(0, end));
  if (!href) return 0;
  add({ type: "link", href, children: [{ type: "text", text: found.slice(0, end) }] });
  return end;
}

/** Only what leads to a page or a letter, and shows where; null for the rest. @param {string} href */
function safe(href) {
  // Controls and bidi overrides make an address look like another.
  if (/[\u0000-\u0020\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(href)) return null;
  try {
    const url = new URL(href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}

/** @param {string} text @param {number} at @param {(node: Inline) => void} add */
function mention(text, at, add) {
  MENTION.lastIndex = at;
  const found = MENTION.exec(text);
  if (!found) return 0;
  const name = found[1].replace(/[.-]+$/, "");
  add({ type: "mention", name });
  return name.length + 1;
}

const TYPES = /** @type {const} */ ({ "**": "strong", __: "strong", "*": "em", _: "em", "~~": "strike" });

/** A run of * _ or ~: it closes what it can, and opens what is left. @param {string} text @param {number} at @param {string} before @param {Frame[]} open @param {(node: Inline) => void} add */
function delimiter(text, at, before, open, add) {
  const letter = text[at];
  let length = 1;
  while (text[at + length] === letter) length += 1;
  const after = text.slice(at + length, at + length + 2).match(/^./su)?.[0] ?? " ";
  const inWord = letter === "_" && WORD.test(before) && WORD.test(after);
  const opens = /\S/.test(after) && !inWord && !(letter === "_" && WORD.test(before));
  const closes = /\S/.test(before) && !inWord && !(letter === "_" && WORD.test(after));
  let left = length > 3 || (letter === "~" && length !== 2) ? 0 : length;
  if (!left) add({ type: "text", text: letter.repeat(length) });
  while (left) {
    const mark = closes ? closable(open, letter, left) : null;
    if (mark) {
      close(open, mark);
      left -= mark.length;
    } else if (opens) {
      const opening = letter.repeat(left >= 2 ? 2 : 1);
      open.push({ mark: opening, type: TYPES[/** @type {keyof typeof TYPES} */ (opening)], children: [] });
      left -= opening.length;
    } else {
      add({ type: "text", text: letter.repeat(left) });
      left = 0;
    }
  }
  return length;
}

const LOOKED = 8; // open marks within each other that a closing one may reach

/** The innermost open mark that this run closes. @param {Frame[]} open @param {string} letter @param {number} left */
function closable(open, letter, left) {
  for (let at = open.length - 1; at > Math.max(0, open.length - 1 - LOOKED); at -= 1) {
    const { mark, children } = open[at];
    if (mark[0] === letter && mark.length <= left && (children.length || at < open.length - 1)) return mark;
  }
  return null;
}

/** @param {Frame[]} open @param {string} mark */
function close(open, mark) {
  while (open[open.length - 1].mark !== mark) unmatched(open);
  const frame = /** @type {Frame} */ (open.pop());
  open[open.length - 1].children.push({ type: /** @type {"em"} */ (frame.type), children: frame.children });
}

/** A mark that was never closed is the letters it is. @param {Frame[]} open */
function unmatched(open) {
  const frame = /** @type {Frame} */ (open.pop());
  const { children } = open[open.length - 1];
  for (const node of [/** @type {Inline} */ ({ type: "text", text: frame.mark }), ...frame.children]) {
    const last = children[children.length - 1];
    if (node.type === "text" && last?.type === "text") last.text += node.text;
    else children.push(node);
  }
}

/** @param {Block} block @returns {string} */
function blockText(block) {
  if (block.type === "code") return block.text;
  if (block.type === "quote") return block.children.map(blockText).join(" ");
  if (block.type === "list") return block.items.flatMap((item) => item.map(blockText)).join(" ");
  return inlineWords(block.children);
}

/** @param {Inline[]} nodes @returns {string} */
function inlineWords(nodes) {
  return nodes
    .map((node) => {
      if (node.type === "mention") return `@${node.name}`;
      if (node.type === "break") return " ";
      return "children" in node ? inlineWords(node.children) : node.text;
    })
    .join("");
}
