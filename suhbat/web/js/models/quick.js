// The emoji that somebody uses: the last ones first, and the row of six for quick reactions.

/** What the row offers at first. */
export const FIRST = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];

/** How many of the last used emoji are kept. */
export const KEPT = 24;

/**
 * @typedef {object} Used
 * @property {string[]} emoji  the last used first
 * @property {string[]} quick  the row of six
 */

/**
 * Note that an emoji was used.
 * @param {Used} used @param {string} emoji @returns {Used}
 */
export function withUse({ emoji: last, quick }, emoji) {
  return { emoji: [emoji, ...last.filter((one) => one !== emoji)].slice(0, KEPT), quick };
}

/**
 * Note that an emoji was used as a reaction. In the row it takes the place of its own other skin tone, or else of the
 * one that was not used for the longest time. The others keep their places, so that a finger finds them.
 * @param {Used} used @param {string} emoji @returns {Used}
 */
export function withReaction(used, emoji) {
  const { quick } = used;
  const at = quick.findIndex((one) => toneless(one) === toneless(emoji));
  const place = at < 0 ? longestUnused(quick, used.emoji) : at;
  return withUse({ emoji: used.emoji, quick: quick.map((one, index) => (index === place ? emoji : one)) }, emoji);
}

/** @param {string[]} quick @param {string[]} last the last used first */
function longestUnused(quick, last) {
  const ages = quick.map((one) => {
    const at = last.findIndex((used) => toneless(used) === toneless(one));
    return at < 0 ? Infinity : at;
  });
  return ages.lastIndexOf(Math.max(...ages));
}

const TONES = /[\u{1f3fb}-\u{1f3ff}]/gu;

/** The emoji without its skin tones and U+FE0F. @param {string} emoji */
export const toneless = (emoji) => emoji.replace(TONES, "").replaceAll("\ufe0f", "");
