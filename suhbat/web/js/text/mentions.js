// Whom a text may name with @: the twin of suhbat/protocol/mentions.py, which has the definition and decides what is
// counted. tests/vectors/mentions.json holds the two to one answer. What is code, an address or a link, inlines.js
// knows.

/** What stands for everybody there, in every language. */
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
 * What stands behind the @ at this place; empty where it can name nobody.
 * @param {string} text @param {number} at
 * @param {(at: number) => boolean} isCode whether a backtick there begins code
 */
export function run(text, at, isCode) {
  // _@ali_ is emphasised, a_@b is an address.
  if (GLUED.test(text.slice(Math.max(0, at - 300), at).replace(/_+$/, ""))) return "";
  let end = at + 1;
  for (;;) {
    LETTERS.lastIndex = end;
    end += LETTERS.exec(text)?.[0].length ?? 0;
    if (text[end] !== "`" || text[end + 1] === "`" || isCode(end)) break;
    end += 1; // an apostrophe, as some keyboards have it
  }
  const found = text.slice(at + 1, end);
  return [...found].length <= LONGEST ? found : "";
}

/**
 * Every name, folded, that a text may name with @: with those of them that exist it is read as with all names.
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

/** Where a name in what stands behind an @ may end, the shortest first. @param {string} found */
function endsOf(found) {
  return [...[...found.matchAll(BREAKS)].map(({ index }) => /** @type {number} */ (index)), found.length];
}

/**
 * The longest beginning of what stands behind an @ that is a name; shortened at the signs between letters, never
 * within a word. Where none is known, what would be one.
 * @param {string} found what `run` gave @param {(folded: string) => boolean} exists
 */
export function meant(found, exists) {
  for (const end of endsOf(found).reverse()) {
    const name = found.slice(0, end);
    if (EVERYBODY.has(fold(name)) || exists(fold(name))) return name;
  }
  const name = found.replace(/[-_.'`\u2018\u2019\u02bb\u02bc\uff07\uff40]+$/, "");
  return ANY.test(name) ? name : "";
}
