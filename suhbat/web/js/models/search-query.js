// The question of a search: the words and the filters, as the server reads them (docs/how-to/search.md). Pure.

/**
 * @typedef {object} Question
 * @property {string} text
 * @property {string | null} conversation  the only one to search
 * @property {string} from  the name of the sender, or ""
 * @property {string} since  the first day, as YYYY-MM-DD in the reader's time zone, or ""
 * @property {string} until  the last day
 * @property {boolean} link  only messages with a link
 * @property {"" | "file" | FileKind} file  only messages with files of this kind; "file" is any
 */

/** @import { FileKind } from "../sdk/types.js" */

/** @type {Readonly<Question>} */
export const ANYTHING = { text: "", conversation: null, from: "", since: "", until: "", link: false, file: "" };

/** Letters of the text. The server takes 500, and the filters need some. */
export const LONGEST = 400;

/**
 * The parameters of a request; null if there is nothing to search for: the dates and the conversation only narrow it.
 * @param {Readonly<Question>} question @returns {{q: string, conversation?: string, from?: string} | null}
 */
export function queryOf({ text, conversation, from, since, until, link, file }) {
  const sender = from.trim().replace(/^@/, "");
  if (!text.trim() && !sender && !link && !file) return null;
  const first = startOf(since, 0);
  const end = startOf(until, 1);
  const has = [link && "has:link", file && `has:${file}`];
  const parts = [begun(text), ...has, first && `after:${first}`, end && `before:${end}`];
  return {
    q: parts.filter(Boolean).join(" "),
    ...(conversation === null ? {} : { conversation }),
    ...(sender ? { from: sender } : {}),
  };
}

/**
 * The text, whose last word may not be finished: it is searched as a beginning, unless a space, a quote or a sign
 * follows.
 * @param {string} text
 */
export function begun(text) {
  const quotes = text.match(/"/g)?.length ?? 0;
  const isBegun =
    quotes % 2 === 0 && /(?:^|\s)[^\s":]*[\p{L}\p{N}][\p{L}\p{M}\p{N}'\u02bb\u02bc\u2018\u2019]+$/u.test(text);
  return isBegun ? `${text.trim()}*` : text.trim();
}

/** How many filters narrow the search, beside the words. @param {Readonly<Question>} question */
export function filtersOf({ conversation, from, since, until, link, file }) {
  return [conversation !== null, from.trim(), since, until, link, file].filter(Boolean).length;
}

/**
 * The beginning of a day in the reader's time zone, as RFC 3339 in UTC; "" if that is no day.
 * @param {string} day as YYYY-MM-DD @param {number} later days after it
 */
export function startOf(day, later) {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? [];
  if (!year || Number(year) < 1000) return ""; // a year that is not written to its end
  const start = new Date(Number(year), Number(month) - 1, Number(date) + later);
  return Number.isNaN(start.getTime()) ? "" : start.toISOString();
}

/** A date as a field for dates has it, in the reader's time zone. @param {Date} date */
export function dayOf(date) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
