// Parses lines into paragraphs, quotes, lists and code (CommonMark 0.31, chapters 4 and 5). Each line is read once for
// each quote and list that contains it, of which there are at most DEEPEST.

import { inline } from "./inlines.js";

/** @import { Block } from "./markdown.js" */
/** @import { Reading } from "./markdown.js" */

const DEEPEST = 6; // quotes and lists within each other
const FENCE = /^( {0,3})(```+|~~~+)[ \t]*([\w+#.-]{0,20})(.*)$/;
const QUOTE = /^ {0,3}>/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/; // a thematic break in CommonMark; plain text here
const ITEM = /^([ \t]*)([-*+]|\d{1,9}[.)])(?:([ \t]+)(.*)|)$/;

/** @param {string[]} lines @param {number} depth @param {Reading} reading @returns {Block[]} */
export function blocks(lines, depth, reading) {
  /** @type {Block[]} */
  const found = [];
  /** @type {string[]} */
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) found.push({ type: "paragraph", children: inline(paragraph.join("\n"), reading) });
    paragraph = [];
  };
  for (let at = 0; at < lines.length;) {
    reading.steps += 1;
    const line = lines[at];
    const fence = fenceOf(line);
    const item = depth < DEEPEST ? itemOf(line) : null;
    if (fence) {
      flush();
      const end = closing(lines, at + 1, fence.mark);
      const inner = lines.slice(at + 1, end).map((code) => dedent(code, fence.indent));
      reading.steps += inner.length;
      found.push({ type: "code", language: fence.language, text: inner.join("\n") });
      at = end + 1;
    } else if (depth < DEEPEST && QUOTE.test(line)) {
      flush();
      const start = at;
      while (at < lines.length && QUOTE.test(lines[at])) at += 1;
      const inner = lines.slice(start, at).map((quoted) => dedent(quoted.slice(quoted.indexOf(">") + 1), 1));
      found.push({ type: "quote", children: blocks(inner, depth + 1, reading) });
    } else if (item && !item.empty && (!paragraph.length || !item.ordered || item.start === 1)) {
      // Inside a paragraph, "2026." at the beginning of a line is a year, not a list item.
      flush();
      at = list(lines, at, depth, found, reading);
    } else {
      if (line.trim()) paragraph.push(line);
      else flush();
      at += 1;
    }
  }
  flush();
  return found;
}

/** @param {string} line */
export function fenceOf(line) {
  const found = FENCE.exec(line);
  // A line with more backticks after the opening ones is a code span, not a fence.
  if (!found || (found[2][0] === "`" && found[4].includes("`"))) return null;
  return { indent: found[1].length, mark: found[2], language: found[3] };
}

/** Whether this line closes a code fence that was opened with `mark`. @param {string} line @param {string} mark */
export function closes(line, mark) {
  const signs = line.trim();
  return signs.length >= mark.length && columns(line) < 4 && signs === mark[0].repeat(signs.length);
}

/** The line that closes a fence, or the end. @param {string[]} lines @param {number} from @param {string} mark */
function closing(lines, from, mark) {
  let at = from;
  while (at < lines.length && !closes(lines[at], mark)) at += 1;
  return at;
}

/**
 * The start of a list item. `indent` is the column of its marker, `offset` the column of its text.
 * @param {string} line
 */
function itemOf(line) {
  const found = ITEM.exec(line);
  if (!found || RULE.test(line)) return null;
  const [, before, sign, space = "", text = ""] = found;
  const indent = columns(before);
  if (indent > 3) return null;
  const width = columns(" ".repeat(indent + sign.length) + space) - indent - sign.length;
  const offset = indent + sign.length + (text && width < 5 ? width : 1);
  const ordered = sign.length > 1;
  return {
    indent,
    offset,
    ordered,
    start: ordered ? Number(sign.slice(0, -1)) : 1,
    mark: sign[sign.length - 1],
    empty: !text.trim(),
  };
}

/**
 * @param {string[]} lines @param {number} from @param {number} depth @param {Block[]} found @param {Reading} reading
 * @returns {number} the index of the next line
 */
function list(lines, from, depth, found, reading) {
  const first = /** @type {NonNullable<ReturnType<typeof itemOf>>} */ (itemOf(lines[from]));
  /** @type {string[][]} */
  const items = [];
  let last = first;
  let blank = 0;
  let at = from;
  for (; at < lines.length; at += 1) {
    reading.steps += 1;
    const line = lines[at];
    if (!line.trim()) {
      blank += 1;
      continue;
    }
    const item = itemOf(line);
    const sibling = item !== null && item.ordered === first.ordered && item.mark === first.mark;
    const indent = columns(line);
    // Two spaces are enough to continue "10. text", because people write it so.
    if (at > from && (indent >= last.offset || (indent >= last.indent + 2 && !sibling))) {
      items[items.length - 1].push(...Array(blank).fill(""), dedent(line, last.offset));
    } else if (sibling) {
      last = /** @type {typeof first} */ (item);
      items.push([
        dedent(
          line.replace(/[-*+]|\d{1,9}[.)]/, (sign) => " ".repeat(sign.length)),
          last.offset,
        ),
      ]);
    } else break;
    blank = 0;
  }
  found.push({
    type: "list",
    ordered: first.ordered,
    start: first.start,
    items: items.map((item) => blocks(item, depth + 1, reading)),
  });
  return at;
}

/** The indentation of a line. A tab advances to the next multiple of four columns. @param {string} line */
function columns(line) {
  let column = 0;
  for (const sign of line) {
    if (sign === " ") column += 1;
    else if (sign === "\t") column += 4 - (column % 4);
    else break;
  }
  return column;
}

/**
 * The line without its first `count` columns of space, or without all of its space.
 * @param {string} line @param {number} count
 */
function dedent(line, count) {
  let column = 0;
  let at = 0;
  for (; column < count; at += 1) {
    if (line[at] === " ") column += 1;
    else if (line[at] === "\t") column += 4 - (column % 4);
    else break;
  }
  return " ".repeat(Math.max(0, column - count)) + line.slice(at);
}
