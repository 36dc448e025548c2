// What somebody is about to write that can be completed: a name after @, an emoji after :, a command after /.

const COMMAND = /^\s*(\/)([a-z0-9_]{0,32}(?:@[^\s@]{0,64})?)$/i;
const NAME = /(?:^|[\s(])([@:])([\p{L}\p{M}\p{N}_.+\-\u02bb\u2018\u2019']{0,32})$/u;

/** @typedef {"@" | ":" | "/"} Sign */

/**
 * The sign and the text after it; null for an ordinary text. A command can only be the beginning of a message, and one
 * letter of an emoji is too little.
 * @param {string} before the text before the caret
 * @returns {{sign: Sign, begun: string} | null}
 */
export function begunIn(before) {
  const [, sign = "", begun = ""] = COMMAND.exec(before) ?? NAME.exec(before) ?? [];
  if (!sign || (sign === ":" && begun.length < 2)) return null;
  return { sign: /** @type {Sign} */ (sign), begun };
}
