// Where the words of a search occur in a text, in any spelling: the same rules as in suhbat/chat/normalise.py and
// suhbat/chat/search.py, by which the server found it. Pure.

import { cut } from "./graphemes.js";
import { letters } from "./folding.js";

/** @typedef {{start: number, end: number}} Range  of UTF-16 units */
/** @typedef {Range & {folded: string}} Word */
/** @typedef {{words: string[], begins: boolean}} Term  words in a row; `begins`: the last one is a beginning */

/** Thai and Lao, Burmese, Khmer, kana and Han: each character is a word. */
const ALONE =
  "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3005-\\u3007\\u3041-\\u3096\\u309d-\\u309f\\u30a1-\\u30fa" +
  "\\u30fc-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\ua9e0-\\ua9fe\\uaa60-\\uaa7f\\uf900-\\ufaff" +
  "\\u{20000}-\\u{3ffff}";
const APOSTROPHES = "'`\\u00b4\\u02b9\\u02bb\\u02bc\\u2018\\u2019\\u201b\\uff07";
const LETTER = `(?![${ALONE}])[\\p{L}\\p{N}]`;
const WORD = new RegExp(
  `(?=[\\p{L}\\p{N}])[${ALONE}]\\p{M}*|${LETTER}(?:${LETTER}|\\p{M}|[${APOSTROPHES}](?=[\\p{L}\\p{N}]))*`,
  "gu",
);
const LONGEST_WORD = 64;
const FILTER = /^(?:(?:from|in):.+|has:link$|(?:before|after):\d+-\d+-\d+)/is;
const SHORTEST = 2; // letters of a beginning

/** @param {string} text @returns {Word[]} */
function wordsOf(text) {
  const found = [];
  for (const match of text.matchAll(WORD)) {
    const start = match.index ?? 0;
    const word = folded(match[0]);
    if (word) found.push({ start, end: start + match[0].length, folded: word });
  }
  return found;
}

/** One spelling of `yo`, `ye` and `e`, of `ts` and `s`, of `shch` and `sh`. @param {string} word */
function folded(word) {
  return letters(word)
    .slice(0, LONGEST_WORD)
    .replace(/y+[oe]/g, "e")
    .replace(/t+s/g, "s")
    .replace(/sh(?:ch)+/g, "sh");
}

/** The words and phrases of a query, without its filters. @param {string} query @returns {Term[]} */
export function termsOf(query) {
  /** @type {Term[]} */
  const found = [];
  for (const [, phrase, word] of query.matchAll(/"([^"]*)"|(\S+)/g)) {
    if (word !== undefined && FILTER.test(word)) continue;
    const words = wordsOf((phrase ?? word).normalize("NFKC")).map((one) => one.folded);
    const begins = word !== undefined && word.endsWith("*") && (words.at(-1) ?? "").length >= SHORTEST;
    if (words.length) found.push({ words, begins });
  }
  return found;
}

/**
 * The places of the terms in a text, ascending and apart.
 * @param {string} text @param {Term[]} terms @returns {Range[]}
 */
export function rangesOf(text, terms) {
  const words = wordsOf(text);
  /** @type {Range[]} */
  const found = [];
  for (const term of terms) {
    for (let at = 0; at + term.words.length <= words.length; at += 1) {
      if (!isAt(words, at, term)) continue;
      found.push({ start: words[at].start, end: words[at + term.words.length - 1].end });
    }
  }
  found.sort((one, other) => one.start - other.start);
  /** @type {Range[]} */
  const apart = [];
  for (const range of found) {
    const last = apart.at(-1);
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else apart.push({ ...range });
  }
  return apart;
}

/** @param {Word[]} words @param {number} at @param {Term} term */
function isAt(words, at, term) {
  return term.words.every((wanted, index) => {
    const word = words[at + index].folded;
    return term.begins && index === term.words.length - 1 ? word.startsWith(wanted) : word === wanted;
  });
}

/**
 * The beginning of a word between two places, or else of a character.
 * @param {string} text @param {number} from @param {number} to
 */
function beginning(text, from, to) {
  const space = text.indexOf(" ", from);
  if (space >= 0 && space < to) return space + 1;
  return /[\udc00-\udfff]/.test(text[from]) ? from + 1 : from;
}

const BEFORE = 60; // UTF-16 units that are shown before the first place
const LONGEST = 360;

/**
 * The part of a text around the first place, in pieces.
 * @param {string} text @param {Range[]} ranges @returns {{text: string, marked: boolean}[]}
 */
export function excerpt(text, ranges) {
  const first = ranges[0]?.start ?? 0;
  const from = first > BEFORE ? beginning(text, first - BEFORE, first) : 0;
  const shown = cut(text.slice(from), LONGEST);
  const to = from + shown.length;
  /** @type {{text: string, marked: boolean}[]} */
  const pieces = [];
  const add = (/** @type {string} */ piece, /** @type {boolean} */ marked) => {
    if (piece) pieces.push({ text: piece, marked });
  };
  let at = from;
  add(from > 0 ? "…" : "", false);
  for (const { start, end } of ranges) {
    if (start >= to) break;
    add(text.slice(at, start), false);
    add(text.slice(start, Math.min(end, to)), true);
    at = Math.min(end, to);
  }
  add(text.slice(at, to), false);
  add(to < text.length ? "…" : "", false);
  return pieces;
}
