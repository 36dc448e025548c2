// Finds the mentions in a text. suhbat/protocol/mentions.py has the definition and decides which mentions count;
// tests/vectors/mentions.json checks that both give the same answer. inlines.js excludes code, URLs and links.

/** The names that mention everybody, in every language. */
export const EVERYBODY = new Set(["all", "hamma", "ҳамма", "все"]);

const LONGEST = 128; // code points of a name as typed, with its marks
const APOSTROPHES = /['`\u2018\u2019\u02bc\uff07\uff40]/g;
const LETTERS = /[\p{L}\p{M}\p{N}_.'\u2018\u2019\u02bb\u02bc\uff07\uff40-]*/uy;
const BREAKS = /[-_.'`\u2018\u2019\u02bb\u02bc\uff07\uff40]/g;
const GLUED = /[\p{L}\p{M}\p{N}@]$/u;
const ANY = /[\p{L}\p{N}]/u;

/** The form in which names are compared. @param {string} name */
export function fold(name) {
  const narrow = name.replace(/[\uff01-\uffee]/g, (letter) => letter.normalize("NFKC"));
  return narrow.replace(APOSTROPHES, "\u02bb").toLowerCase().normalize("NFC");
}

/**
 * The text after the @ at this place that may be a name; empty if it cannot be a mention.
 * @param {string} text @param {number} at
 * @param {(at: number) => boolean} isCode whether a backtick there begins code
 */
export function run(text, at, isCode) {
  // _@ali_ is emphasis, a_@b is a mail address.
  if (GLUED.test(text.slice(Math.max(0, at - 300), at).replace(/_+$/, ""))) return "";
  let end = at + 1;
  for (;;) {
    LETTERS.lastIndex = end;
    end += LETTERS.exec(text)?.[0].length ?? 0;
    if (text[end] !== "`" || text[end + 1] === "`" || isCode(end)) break;
    end += 1; // some keyboards type it as an apostrophe
  }
  const found = text.slice(at + 1, end);
  return [...found].length <= LONGEST ? found : "";
}

/**
 * All folded names that a text may mention. Knowing which of them exist is enough to parse the text.
 * @param {string} text @returns {string[]}
 */
export function possibleNames(text) {
  /** @type {Set<string>} */
  const found = new Set();
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const behind = run(text, at, () => false);
    for (const end of endsOf(behind)) found.add(fold(behind.slice(0, end)));
  }
  found.delete("");
  return [...found];
}

/** The possible ends of a name in the text after an @, the shortest first. @param {string} found */
function endsOf(found) {
  return [...[...found.matchAll(BREAKS)].map(({ index }) => /** @type {number} */ (index)), found.length];
}

/**
 * The longest existing name at the start of the text after an @. The text is shortened only at the signs between
 * letters, never within a word. If no name exists, it is the whole text without signs at its end.
 * @param {string} found the result of `run` @param {(folded: string) => boolean} exists
 */
export function meant(found, exists) {
  for (const end of endsOf(found).reverse()) {
    const name = found.slice(0, end);
    if (EVERYBODY.has(fold(name)) || exists(fold(name))) return name;
  }
  const name = found.replace(/[-_.'`\u2018\u2019\u02bb\u02bc\uff07\uff40]+$/, "");
  return ANY.test(name) ? name : "";
}
