// Emoji by name and by group. The data is loaded on the first use; emoji-search.js finds them by words.

import { parse } from "./markdown.js";

/**
 * @typedef {object} Emoji
 * @property {string} emoji
 * @property {string[]} codes  its names between colons, the usual one first
 * @property {boolean} tones  whether it has skin tones
 * @property {string} since  the version of Unicode's emoji that brought it, or "" for one that every system knows
 */

/** @type {{name: string, emoji: Emoji[]}[]} */
let all = [];
/** @type {Map<string, Emoji>} */
let named = new Map();
/** @type {Map<string, Emoji>} by the emoji without U+FE0F */
let bare = new Map();
/** @type {Set<string>} */
let withheld = new Set();
/** @type {Promise<void> | null} */
let loading = null;

export function load() {
  return (loading ??= import("./emoji-data.js").then(
    ({ GROUPS, VERSIONS }) => {
      all = GROUPS.map(([name, list]) => ({ name, emoji: list.split(" ").map((entry) => read(entry, VERSIONS)) }));
      bare = new Map(everyEmoji().map((one) => [one.emoji.replaceAll("\ufe0f", ""), one]));
      named = new Map(everyEmoji().flatMap((one) => one.codes.map((code) => /** @type {const} */ ([code, one]))));
    },
    () => void (loading = null), // without a network the next use tries again
  ));
}

/** All emoji, in the order of the data. */
export const everyEmoji = () => all.flatMap((group) => group.emoji);

/** The emoji that are offered, by group. */
export const groups = () => all.map(({ name, emoji }) => ({ name, emoji: emoji.filter(isOffered) }));

/** @param {Emoji} one */
export const isOffered = (one) => !withheld.has(one.since);

/** One emoji of each version that not every system knows. */
export const newcomers = () =>
  new Map(
    everyEmoji()
      .filter((one) => one.since)
      .map((one) => [one.since, one.emoji]),
  );

/** Offer no emoji of these versions, because the system cannot draw them. @param {Iterable<string>} versions */
export const withhold = (versions) => void (withheld = new Set(versions));

/** The emoji of a name. @param {string} name without its colons */
export const byName = (name) => named.get(name.toLowerCase()) ?? null;

/** The emoji of a text, in any skin tone. @param {string} text */
export function byEmoji(text) {
  const wanted = text.replace(/[\u{1f3fb}-\u{1f3ff}\ufe0f]/gu, "");
  return bare.get(wanted) ?? null;
}

/** The code points that take the tone: the first, and in a pair each person. */
const TONED = /^(.)\ufe0f?|([🧑👩👨])/gu;

/** The emoji in a skin tone. @param {Emoji} one @param {number} tone 1 to 5, or 0 for none */
export function toned({ emoji, tones }, tone) {
  if (!tones || !tone) return emoji;
  return emoji.replace(TONED, (_, first, person) => (first ?? person) + String.fromCodePoint(0x1f3fa + tone));
}

const NAME = /(^|[^\w:\\]):([\w+-]{1,40}):(?!\w)/g;
const STAND_IN = /:emoji(\d+)x:/g;

/**
 * Replace `:name:` by the emoji in text, but not in code or URLs. Call `load` first.
 * @param {string} text @param {number} [tone] the skin tone
 */
export function replaceNames(text, tone = 0) {
  /** @type {{name: string, emoji: string}[]} */
  const found = [];
  // The Markdown parser decides which names are text. Each name is replaced by a number during the parsing.
  const numbered = text.replace(NAME, (whole, /** @type {string} */ before, /** @type {string} */ name) => {
    const one = byName(name);
    if (!one) return whole;
    found.push({ name, emoji: toned(one, tone) });
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
// The ranges are those from which each version takes its new emoji. A browser may not know them yet.
const NEWER = "[\\u{1f6d5}-\\u{1f6df}\\u{1fa70}-\\u{1faff}]";
const SHOWN = `(?:(?!\\p{RI})\\p{Emoji_Presentation}|${NEWER}|\\p{ExtPict}(?=[\\ufe0f\\p{EMod}]))`;
const PART = `${SHOWN}[\\ufe0f\\p{EMod}]{0,2}[\\u{e0020}-\\u{e007f}]*`;
const EMOJI = new RegExp(`^(?:(?:\\p{RI}{2}|[0-9#*]\\ufe0f?\\u20e3|${PART}(?:\\u200d${PART})*)\\s*){1,3}$`, "u");

/** Whether the text consists of one to three emoji, which are shown large. @param {string} text */
export function isEmoji(text) {
  return text.length <= 64 && EMOJI.test(text);
}

/**
 * Parse one entry of the data: the emoji, marks in capitals, the names. The marks are T for skin tones, and a letter
 * for the version.
 * @param {string} entry @param {readonly string[]} versions @returns {Emoji}
 */
function read(entry, versions) {
  const [, emoji, marks, codes] = /** @type {RegExpExecArray} */ (
    /^([0-9#*]?[^a-zA-Z0-9+#*-]+)([A-Z]*)(.+)$/u.exec(entry)
  );
  const version = marks.replace("T", "");
  return {
    emoji,
    codes: codes.split(","),
    tones: marks.includes("T"),
    since: version && versions[version.charCodeAt(0) - 65],
  };
}
