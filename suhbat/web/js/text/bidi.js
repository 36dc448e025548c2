// The direction of texts (UAX 9): which side a text begins on, and how a name of another script stands in a sentence.

/** The letters that are written from right to left: Hebrew, Arabic, Syriac, Thaana, N'Ko, Adlam and their like. */
const RTL = /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** A letter, or a mark that stands for one (LRM, RLM, ALM). Digits, signs and emoji have no direction of their own. */
const STRONG = /[\p{L}\u200e\u200f\u061c]/u;
/** Signs that turn all text after them until they are closed: embeddings, overrides, isolates. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

const ISOLATE = "\u2068";
const CLOSED = "\u2069";
const CLOSED_PARTS = /\u2068[^\u2068\u2069]*\u2069/g;

/** The direction of the first letter; null if there is none. @param {string} text @returns {"ltr" | "rtl" | null} */
export function firstStrong(text) {
  const letter = STRONG.exec(text)?.[0];
  if (!letter) return null;
  return RTL.test(letter) ? "rtl" : "ltr";
}

/**
 * A name or a title without the signs that turn the text after them. The server refuses them in names, but not in
 * titles.
 * @param {string} text
 */
export const untwisted = (text) => text.replace(TURNING, "");

/**
 * A name or a title to be put into a sentence that is shown as plain text, as in a tooltip: a part from right to left
 * does not move the words and signs beside it. Elements use <bdi> instead.
 * @param {string} text
 */
export function isolated(text) {
  const plain = isClosed(text) ? text : untwisted(text);
  return RTL.test(plain.replace(CLOSED_PARTS, "")) ? ISOLATE + plain + CLOSED : plain;
}

/**
 * Whether a text has no turning signs but isolates that it closes itself, such as those of names in it.
 * @param {string} text
 */
function isClosed(text) {
  let open = 0;
  for (const sign of text.match(TURNING) ?? []) {
    if (sign === ISOLATE) open += 1;
    else if (sign !== CLOSED || --open < 0) return false;
  }
  return open === 0;
}
