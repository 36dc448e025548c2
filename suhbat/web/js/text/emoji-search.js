// Finds emoji by their names and by other words for them, in English and in the language of the page.

import { cyrillic } from "./cyrillic.js";
import { everyEmoji, isOffered, load } from "./emoji.js";
import { letters } from "./folding.js";

/** @import { Emoji } from "./emoji.js" */

/** @type {Map<Emoji, {name: string, words: string[]}>} */
let known = new Map();
/** @type {{one: Emoji, names: string[], words: string[]}[] | null} folded for the search */
let index = null;
let language = "";

/**
 * Load the emoji and the words for them in a language. Without a network their English names stay.
 * @param {string} wanted
 */
export async function loadWords(wanted) {
  const file = wanted === "uz-Cyrl" ? "uz" : wanted;
  const [, found] = await Promise.all([load(), import(`./emoji-${file}.js`).catch(() => null)]);
  if (!found || language === wanted) return;
  language = wanted;
  index = null;
  /** @type {string[]} in the order of the emoji: the name, then the other words */
  const entries = found.WORDS.join("|").split("|");
  known = new Map(
    everyEmoji().map((one, at) => {
      const [name, ...words] = entries[at].split(";");
      return [one, { name: wanted === "uz-Cyrl" ? cyrillic(name) : name, words }];
    }),
  );
}

/** The name of an emoji in the language of `loadWords`. @param {Emoji} one */
export const nameOf = (one) => known.get(one)?.name || spaced(one.codes[0]);

/**
 * Search results in this order: an emoji with that name, names that begin with it, names with a word that begins so,
 * emoji with another word that begins so.
 * @param {string} begun @param {number} limit @returns {Emoji[]}
 */
export function search(begun, limit) {
  const wanted = letters(spaced(begun));
  if (!wanted) return [];
  index ??= everyEmoji().map((one) => ({
    one,
    names: [...one.codes.map(spaced), nameOf(one)].map(letters),
    words: (known.get(one)?.words ?? []).map(letters),
  }));
  /** @type {Emoji[][]} */
  const found = [[], [], [], []];
  for (const { one, names, words } of index) {
    const rank = rankOf(wanted, names, words);
    if (rank >= 0 && isOffered(one)) found[rank].push(one);
  }
  return found.flat().slice(0, limit);
}

/** @param {string} wanted @param {string[]} names @param {string[]} words */
function rankOf(wanted, names, words) {
  if (names.includes(wanted)) return 0;
  if (names.some((name) => name.startsWith(wanted))) return 1;
  if (names.some((name) => name.includes(` ${wanted}`))) return 2;
  return words.some((word) => word.startsWith(wanted) || word.includes(` ${wanted}`)) ? 3 : -1;
}

/** @param {string} code */
const spaced = (code) => code.replaceAll("_", " ");
