// User-perceived characters: a letter with its marks, a flag, a family (UAX 29, extended grapheme clusters).

/** The fallback without Intl.Segmenter (Firefox before 125). Approximate: it joins rather too much than too little. */
const MARKS = "\\p{M}\\p{EMod}\\u200c\\u200d\\u{e0020}-\\u{e007f}\\u0e33\\u0eb3";
const VIRAMA = "\\u094d\\u09cd\\u0acd\\u0b4d\\u0c4d\\u0d4d";
const HANGUL =
  "(?=[\\u1100-\\u11ff\\ua960-\\ua97c\\uac00-\\ud7fb])" +
  "[\\u1100-\\u115f\\ua960-\\ua97c]*[\\uac00-\\ud7a3]?[\\u1160-\\u11ff\\ud7b0-\\ud7fb]*";
const CLUSTER = new RegExp(
  `(?:\\r\\n|\\p{RI}{2}|${HANGUL}|[^])` +
    `(?:\\u200d\\p{ExtPict}|[${VIRAMA}]\\u200d?(?=\\p{Lo})[\\u0900-\\u0d7f]|[${MARKS}])*`,
  "uy",
);

/** @type {Intl.Segmenter | null} */
const segmenter = "Segmenter" in Intl ? new Intl.Segmenter() : null;

/** The start of the last character that begins at `limit` or before. @param {string} text @param {number} limit */
function boundary(text, limit) {
  if (segmenter) return segmenter.segment(text).containing(limit)?.index ?? text.length;
  return boundaryBySigns(text, limit);
}

/** @param {string} text @param {number} limit */
export function boundaryBySigns(text, limit) {
  let at = 0;
  while (at < text.length) {
    CLUSTER.lastIndex = at;
    const end = CLUSTER.test(text) ? CLUSTER.lastIndex : at + 1;
    if (end > limit) return at;
    at = end;
  }
  return at;
}

/**
 * The beginning of a text, at most `limit` UTF-16 units long. It never ends inside a character.
 * @param {string} text @param {number} limit
 */
export function cut(text, limit) {
  if (text.length <= limit) return text;
  // A letter with very many marks is cut, but never inside a code point.
  const end =
    boundary(text, limit) ||
    (/[\udc00-\udfff]/.test(text[limit]) && /[\ud800-\udbff]/.test(text[limit - 1]) ? limit - 1 : limit);
  return text.slice(0, end);
}

const LONGEST = 32; // UTF-16 units; the longest emoji has fifteen

/** The first character. @param {string} text */
export function first(text) {
  const start = text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, "");
  let end = 1;
  while (end < start.length && !boundary(start, end)) end += 1;
  return start.slice(0, end);
}
