// Finds the start and the end of URLs, and decides which of them may become links.
//
// A sentence may continue after a URL, in any script. The text after it must never become a part of the host, because
// the link would lead to another site. tests/vectors/links.json has the cases.

const LONGEST = 2000; // UTF-16 units of a URL
const SCHEME = /https?:\/\/|www\.(?=[\p{L}\p{N}])/iuy;
const HOST = /(?:\[[0-9a-f:.]{2,45}\]|[\p{L}\p{M}\p{N}._-]{1,253})(?::\d{1,5})?/iuy;
const REST = /[/?#]/y;
const USER = /[^\s/?#<>"]{0,300}@/y;
const INNER = /[\p{L}\p{M}\p{N}!#$%&'*+,./:;=?@_~-]/u;
const SENTENCE = /[.,;:!?*_~'([{]/;
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const CLOSING = /** @type {Record<string, string>} */ ({ ")": "(", "]": "[", "}": "{" });
// Characters that must not precede a URL: a part of a word, of another URL, or of a path.
const GLUED = /[\p{L}\p{M}\p{N}@/.-]/u;

/**
 * The bare URL that begins here: its end, its target (null: no link), and its text.
 * @param {string} text
 * @param {number} at
 * @param {string} before the character before it
 */
export function address(text, at, before) {
  SCHEME.lastIndex = at;
  const scheme = SCHEME.exec(text);
  if (!scheme || GLUED.test(before)) return null;
  const bare = scheme[0].endsWith(".");
  const start = bare ? at : at + scheme[0].length;
  HOST.lastIndex = start;
  const host = HOST.exec(text)?.[0];
  if (!host) return null;
  const shown = ownScript(host);
  let end = start + shown.length;
  if (shown.length === host.length) {
    // A URL with credentials before the host, or with a disguised host, is no link.
    USER.lastIndex = end;
    if (text[end] === "%" || USER.test(text)) return null;
    REST.lastIndex = end;
    if (REST.test(text)) end = rest(text, end, at + LONGEST);
  }
  // If a bidi control character follows, the text after it looks like a part of the URL, or is one: no link.
  const turned = TURNING.test(text[end] ?? "");
  while (end > start && SENTENCE.test(text[end - 1])) end -= 1;
  if (end <= start || (bare && !/^www\.[^.]+\../i.test(text.slice(at, end)))) return null;
  const written = text.slice(at, end);
  return { end, href: turned ? null : safe(bare ? `https://${written}` : written), text: written };
}

/**
 * A host without trailing text of another script. No top-level domain mixes Latin with another script.
 * @param {string} host
 */
function ownScript(host) {
  const mixed = /^(.*\.|)([a-z][a-z\d-]*)(?=[^\p{Script=Latin}\p{M}\p{N}._:-])[^.]*$/iu.exec(host);
  const other = /^(.*\.[^\p{Script=Latin}\p{N}._:-]+)\p{Script=Latin}[^.:]*$/u.exec(host);
  return mixed ? mixed[1] + mixed[2] : other ? other[1] : host;
}

/**
 * The end of path, query and fragment. A closing bracket that was not opened in the URL belongs to the sentence.
 * @param {string} text @param {number} from @param {number} limit
 */
function rest(text, from, limit) {
  /** @type {string[]} */
  const open = [];
  let at = from;
  while (at < Math.min(text.length, limit)) {
    const sign = String.fromCodePoint(/** @type {number} */ (text.codePointAt(at)));
    if ("([{".includes(sign)) open.push(sign);
    else if (sign in CLOSING) {
      if (open.pop() !== CLOSING[sign]) break;
    } else if (!INNER.test(sign)) break;
    at += sign.length;
  }
  return at;
}

/** `<https://…>` or `<ali@a.uz>`. @param {string} text @param {number} at */
export function bracketed(text, at) {
  ANGLE.lastIndex = at;
  const found = ANGLE.exec(text);
  return (
    found && {
      end: at + found[0].length,
      address: found[2] ? `mailto:${found[2]}` : found[1],
      text: found[2] ?? found[1],
    }
  );
}
const ANGLE =
  /<(?:([a-z][a-z\d+.-]{1,31}:[^\s<>]{0,2000})|([\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z\d](?:[a-z\d.-]{0,250}[a-z\d])?))>/iy;

const DEEPEST = 3; // the limit of nested brackets in the URL of a link

/**
 * Parse the round brackets after the text of a link: the URL, and a title that is not shown. `end` is -1 if there is no
 * match; `looked` is the position that the search reached.
 * @param {string} text
 * @param {number} at the opening bracket
 */
export function target(text, at) {
  if (text[at] !== "(") return { end: -1, address: "", looked: at };
  const start = space(text, at + 1);
  const place = text[start] === "<" ? afterAngle(text, start + 1) : afterAddress(text, start);
  if (place < 0) return { end: -1, address: "", looked: -place };
  const address = text[start] === "<" ? text.slice(start + 1, place - 1) : text.slice(start, place);
  const after = space(text, place);
  const titled = after > place ? title(text, after) : after;
  const end = space(text, titled);
  return { end: text[end] === ")" ? end + 1 : -1, address: unescaped(address), looked: end };
}

/**
 * @param {string} text @param {number} start
 * @returns {number} the position after the closing angle bracket; without one, the negated end of the search
 */
function afterAngle(text, start) {
  let at = start;
  for (; at < text.length && !"<\n".includes(text[at]); at += 1) {
    if (text[at] === ">") return at + 1;
    if (text[at] === "\\") at += 1;
  }
  return -at;
}

/**
 * @param {string} text @param {number} start
 * @returns {number} the position after a URL without spaces; without one, the negated end of the search
 */
function afterAddress(text, start) {
  let depth = 0;
  let at = start;
  for (; at < text.length && at - start <= LONGEST && !/[\u0000-\u0020\u007f]/.test(text[at]); at += 1) {
    if (text[at] === "\\" && isEscape(text[at + 1])) at += 1;
    else if (text[at] === "(" && ++depth > DEEPEST) return -at;
    else if (text[at] === ")" && --depth < 0) break;
  }
  return depth > 0 ? -at : at;
}

/**
 * The end of a title in quotes or brackets. Without a title it is the given place.
 * @param {string} text @param {number} at
 */
function title(text, at) {
  const end = { '"': '"', "'": "'", "(": ")" }[text[at]];
  if (!end) return at;
  for (let place = at + 1; place < text.length; place += 1) {
    if (text[place] === "\\") place += 1;
    else if (text[place] === end) return place + 1;
    else if (text[place] === "(" && end === ")") return at;
  }
  return at;
}

/** @param {string} text @param {number} at */
function space(text, at) {
  while (" \t\n".includes(text[at] ?? "x")) at += 1;
  return at;
}

/** Whether a backslash can escape the character: ASCII punctuation. @param {string | undefined} sign */
export const isEscape = (sign) => sign !== undefined && /[!-/:-@[-`{-~]/.test(sign);

/** @param {string} text */
const unescaped = (text) => text.replace(/\\([!-/:-@[-`{-~])/g, "$1");

/** The normalised URL if it is http, https or mailto and shows where it leads; else null. @param {string} href */
export function safe(href) {
  // Control characters and bidi overrides can disguise a URL.
  if (/[\u0000-\u0020\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(href)) return null;
  try {
    const url = new URL(href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}
