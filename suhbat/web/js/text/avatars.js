// The picture of a person without one: a colour and initials. Pure.

import { first } from "./graphemes.js";

/** The colours of css/tokens.css. */
export const HUES = 12;

/**
 * The number of the colour of a name: the same everywhere, and each equally often.
 * @param {string} user_id
 */
export function hueOf(user_id) {
  let hash = 0x811c9dc5; // FNV-1a, and the last step of MurmurHash3: short names differ in few bits
  for (let at = 0; at < user_id.length; at += 1) hash = Math.imul(hash ^ user_id.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % HUES;
}

/**
 * The first characters of the first and the last word of a display name or of a `user_id`, in capitals. A name without
 * letters and digits gives its first character, for example an emoji.
 * @param {string} name
 */
export function initials(name) {
  const words = name.split(/[\s_.\-\u2010-\u2015/|,;:()[\]{}"«»“”]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  if (!words.length) return first(name.trim()) || "?";
  const chosen = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  // Between letters that would join (Arabic) stands a sign that keeps them apart.
  return chosen.map(initial).join(chosen.some((word) => /\p{Script=Arabic}/u.test(word)) ? "\u200c" : "");
}

/** @param {string} word */
function initial(word) {
  const start = word.search(/[\p{L}\p{N}]/u);
  return first(first(word.slice(start)).toUpperCase());
}
