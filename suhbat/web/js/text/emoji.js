// Emoji by name and by group. The data is loaded on the first use.

import { parse } from "./markdown.js";

/** @typedef {{emoji: string, name: string}} Emoji */

/** @type {{name: string, emoji: Emoji[]}[]} */
let all = [];
/** @type {Map<string, string>} */
let named = new Map();
/** @type {Promise<void> | null} */
let loading = null;

export function load() {
  return (loading ??= import("./emoji-data.js").then(
    ({ GROUPS, ALIASES }) => {
      all = GROUPS.map(([name, list]) => ({ name, emoji: list.split(" ").map(read) }));
      named = new Map(
        all.flatMap((group) => group.emoji.map(({ emoji, name }) => /** @type {[string, string]} */ ([name, emoji]))),
      );
      for (const { emoji, name } of ALIASES.split(" ").map(read)) named.set(name, emoji);
    },
    () => void (loading = null), // without a network the next use tries again
  ));
}

export const groups = () => all;

/** The emoji of a name. @param {string} name without its colons */
export const byName = (name) => named.get(name.toLowerCase()) ?? null;

/**
 * Search results in this order: the emoji with that name, names that begin with it, names with a word that begins so.
 * @param {string} begun @param {number} limit
 * @returns {Emoji[]}
 */
export function search(begun, limit) {
  const wanted = begun.toLowerCase().replace(/[\s-]+/g, "_");
  /** @type {Map<string, Emoji>} */
  const found = new Map();
  /** @type {((name: string) => boolean)[]} */
  const ways = [(name) => name === wanted, (name) => name.startsWith(wanted), (name) => name.includes(`_${wanted}`)];
  for (const matches of ways) {
    for (const [name, emoji] of named) if (matches(name) && !found.has(emoji)) found.set(emoji, { emoji, name });
    if (found.size >= limit) break;
  }
  return [...found.values()].slice(0, limit);
}

const NAME = /(^|[^\w:\\]):([\w+-]{1,40}):(?!\w)/g;
const STAND_IN = /:emoji(\d+)x:/g;

/** Replace `:name:` by the emoji in text, but not in code or URLs. Call `load` first. @param {string} text */
export function replaceNames(text) {
  /** @type {{name: string, emoji: string}[]} */
  const found = [];
  // The Markdown parser decides which names are text. Each name is replaced by a number during the parsing.
  const numbered = text.replace(NAME, (whole, /** @type {string} */ before, /** @type {string} */ name) => {
    const emoji = byName(name);
    if (emoji === null) return whole;
    found.push({ name, emoji });
    return `${before}:emoji${found.length - 1}x:`;
  });
  if (!found.length || text.search(STAND_IN) >= 0) return text;
  const said = spoken(parse(numbered));
  return numbered.replace(STAND_IN, (_, number) =>
    said.has(Number(number)) ? found[number].emoji : `:${found[number].name}:`,
  );
}

/** The numbers that are in text and not in a URL. @param {any} node @param {Set<number>} [said] */
function spoken(node, said = new Set()) {
  if (Array.isArray(node)) for (const one of node) spoken(one, said);
  else {
    if (node.type === "text") for (const [, number] of node.text.matchAll(STAND_IN)) said.add(Number(number));
    spoken(node.children ?? node.items ?? [], said);
    for (const [, number] of (node.href ?? "").matchAll(STAND_IN)) said.delete(Number(number)); // its text is a URL
  }
  return said;
}

// \p{RGI_Emoji} needs a flag that is a syntax error in the oldest supported browsers.
const SHOWN = "(?:(?!\\p{RI})\\p{Emoji_Presentation}|\\p{ExtPict}(?=[\\ufe0f\\p{EMod}]))";
const PART = `${SHOWN}[\\ufe0f\\p{EMod}]{0,2}[\\u{e0020}-\\u{e007f}]*`;
const EMOJI = new RegExp(`^(?:(?:\\p{RI}{2}|[0-9#*]\\ufe0f?\\u20e3|${PART}(?:\\u200d${PART})*)\\s*){1,3}$`, "u");

/** Whether the text consists of one to three emoji, which are shown large. @param {string} text */
export function isEmoji(text) {
  return text.length <= 64 && EMOJI.test(text);
}

/** Parse one entry of the data into the emoji and its name. @param {string} entry @returns {Emoji} */
function read(entry) {
  const [, emoji, name] = /** @type {RegExpExecArray} */ (/^([^a-z0-9+-]+)(.*)$/u.exec(entry));
  return { emoji, name };
}
