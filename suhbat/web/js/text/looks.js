// Whether two names look the same: then the page shows the `user_id` with them. Pure.

/** Letters of other scripts and digits that look like these Latin letters. */
const ALIKE = Object.entries({
  a: "аαɑ", b: "вβƅ", c: "сϲ", d: "ԁ", e: "еεєɛ", g: "ɡց", h: "нһ", i: "іıι1lӏ", k: "кκ", m: "м", n: "ոη", o: "оο0օס٥",
  p: "рρ", q: "ԛ", r: "г", s: "ѕ", t: "тτ", u: "υս", v: "νѵ", w: "ԝω", x: "хχ", y: "уγү",
}).flatMap(([latin, others]) => [...others].map((letter) => /** @type {const} */ ([letter, latin]))); // prettier-ignore
/** @type {Map<string, string>} */
const LATIN = new Map(ALIKE);

/** @type {Map<string, string>} */
const known = new Map();
const KEPT = 10_000;

/**
 * The form in which two names are equal that a reader could take for each other: without case, marks, blanks, signs and
 * invisible characters, and with letters of other scripts as the Latin ones that they look like.
 * @param {string} name
 */
export function look(name) {
  const found = known.get(name);
  if (found !== undefined) return found;
  if (known.size >= KEPT) known.clear();
  const bare = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{S}]/gu, "");
  const made = [...bare].map((letter) => LATIN.get(letter) ?? letter).join("");
  known.set(name, made);
  return made;
}
