// Converts Uzbek from Latin to Cyrillic, as suhbat/texts/cyrillic.py does, so that the texts are written once.

const WORLDWIDE = /\b(?:https|JPEG|PNG|WebP|iPhone|iPad|iOS|Firefox|Chrome|Edge|Safari)/u; // with any ending
const WORDS = /\b(?:API|Ctrl|Emoji)(?![\p{L}\p{N}_])|[\p{L}\p{N}]*:[\p{L}\p{N}-]+|[\p{L}_]*\d[\p{L}\p{N}_]*/u;
/** Text that stays Latin: placeholders, quotations, code, paths, names with an underscore, international words. */
const KEPT = new RegExp(`\\{[^}]*\\}|"[^"]*"|\`[^\`]*\`|\\S*[/_]\\S*|${WORDS.source}|${WORLDWIDE.source}`, "gu");

/** @type {Record<string, string>} */
const SIGNS = {
  "oʻ": "ў", "gʻ": "ғ", sh: "ш", ch: "ч", yo: "ё", yu: "ю", ya: "я", ye: "е", "yoʻ": "йў",
  a: "а", b: "б", c: "с", d: "д", e: "е", f: "ф", g: "г", h: "ҳ", i: "и", j: "ж", k: "к", l: "л", m: "м", n: "н",
  o: "о", p: "п", q: "қ", r: "р", s: "с", t: "т", u: "у", v: "в", w: "в", x: "х", y: "й", z: "з", "ʼ": "ъ",
}; // prettier-ignore
/** @type {Record<string, string>} */
const LOANS = { tsiya: "ция", ksiya: "кция", filtr: "фильтр" };
/** @type {Record<string, string>} words with a soft sign, which Latin lacks; before an ending Cyrillic drops it too */
const SOFT = {
  parol: "пароль", profil: "профиль", yanvar: "январь", fevral: "февраль", aprel: "апрель", iyun: "июнь", iyul: "июль",
  sentabr: "сентябрь", oktabr: "октябрь", noyabr: "ноябрь", dekabr: "декабрь",
}; // prettier-ignore
const [SOFTS, LOAN] = [SOFT, LOANS].map((words) => Object.keys(words).join("|"));
const SIGN = new RegExp(`(?:${SOFTS})(?![a-zʻʼ])|${LOAN}|yoʻ|oʻ|gʻ|sh|ch|yo|yu|ya|ye|[a-zʼ]`, "gi");

/**
 * `oʻ` and `gʻ` are written with U+02BB, the glottal stop with U+02BC. The parts that KEPT matches do not change.
 * @param {string} text
 */
export function cyrillic(text) {
  let done = "";
  let place = 0;
  for (const kept of text.matchAll(KEPT)) {
    done += words(text.slice(place, kept.index)) + kept[0];
    place = kept.index + kept[0].length;
  }
  return done + words(text.slice(place));
}

/** @param {string} text */
function words(text) {
  return text.replace(SIGN, (latin, /** @type {number} */ at) => {
    const low = latin.toLowerCase();
    const loan = SOFT[low] ?? LOANS[low];
    if (loan && latin === latin.toUpperCase()) return loan.toUpperCase();
    const before = text[at - 1] ?? "";
    // At the beginning of a word, and after a vowel.
    const open = low === "e" && (!/\p{L}/u.test(before) || /[aeiouʻ]/i.test(before));
    const made = loan ?? (open ? "э" : SIGNS[low]);
    return latin === low ? made : made[0].toUpperCase() + made.slice(1);
  });
}
