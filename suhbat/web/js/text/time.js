// Formats times: the clock, the day, the time since. It uses the language of the page, and the time zone and the habits
// of the system: in English they decide between 24 and 12 hours, and between "20 November" and "November 20".

import { current, t } from "./languages.js";
import { cyrillic } from "./cyrillic.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

// Browsers support Uzbek poorly: some show "M11" for November.
const MONTHS = [
  "yanvar",
  "fevral",
  "mart",
  "aprel",
  "may",
  "iyun",
  "iyul",
  "avgust",
  "sentabr",
  "oktabr",
  "noyabr",
  "dekabr",
];
const WEEK = ["yakshanba", "dushanba", "seshanba", "chorshanba", "payshanba", "juma", "shanba"];

/** The habits of the browser, which follows the system. Found out at the first use. @type {Habits | undefined} */
let system;

/** @typedef {Pick<Intl.ResolvedDateTimeFormatOptions, "locale" | "hourCycle">} Habits */

/** Take the habits of a locale; without one those of the system. @param {string} [locale] @returns {Habits} */
export function follow(locale) {
  return (system = new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions());
}

/** 14:05, or 2:05 PM @param {Date} date */
export function clock(date) {
  return format(date, hours());
}

/** 14:05, or 2:05: for a place too narrow for AM and PM. @param {Date} date */
export function brief(date) {
  return clock(date).split(/\s/u)[0];
}

/**
 * The day as a heading: today, yesterday, Monday, 3 March. The year is added if it is not the current one.
 * @param {Date} date @param {Date} now
 */
export function day(date, now) {
  const away = daysBetween(date, now);
  if (away === 0) return t("time.today");
  if (away === 1) return t("time.yesterday");
  const year = date.getFullYear() === now.getFullYear() ? "" : ` ${date.getFullYear()}`;
  if (isUzbek()) return uzbek(`${WEEK[date.getDay()]}, ${date.getDate()}-${MONTHS[date.getMonth()]}${year}`);
  return format(date, { weekday: "long", day: "numeric", month: "long", ...(year ? { year: "numeric" } : {}) });
}

/** The names of the days, from Monday on. */
export function weekdays() {
  const monday = 5; // of January 1970
  return [0, 1, 2, 3, 4, 5, 6].map((n) =>
    isUzbek() ? uzbek(WEEK[(n + 1) % 7]) : format(new Date(1970, 0, monday + n), { weekday: "long" }),
  );
}

/** For a list: the clock today, the weekday within a week, else the date. @param {Date} date @param {Date} now */
export function short(date, now) {
  const away = daysBetween(date, now);
  if (away === 0) return clock(date);
  if (away > 0 && away < 7)
    return isUzbek() ? uzbek(WEEK[date.getDay()].slice(0, 3)) : format(date, { weekday: "short" });
  return format(date, {
    day: "2-digit",
    month: "2-digit",
    ...(date.getFullYear() === now.getFullYear() ? {} : { year: "2-digit" }),
  });
}

/** Date and clock. @param {Date} date */
export function moment(date) {
  if (isUzbek()) return uzbek(`${date.getDate()}-${MONTHS[date.getMonth()]} ${date.getFullYear()}, ${clock(date)}`);
  return format(date, { day: "numeric", month: "long", year: "numeric", ...hours() });
}

/** The text for the time when an account was last online. @param {Date} date @param {Date} now */
export function ago(date, now) {
  const minutes = Math.floor((now.getTime() - date.getTime()) / MINUTE);
  if (minutes < 1) return t("time.now");
  if (minutes < 60) return t("time.minutes", { n: minutes });
  if (daysBetween(date, now) === 0) return t("time.at", { when: clock(date) });
  return t("time.at", {
    when: daysBetween(date, now) === 1 ? `${t("time.yesterday").toLowerCase()}, ${clock(date)}` : moment(date),
  });
}

const isUzbek = () => current().startsWith("uz");
const uzbek = (/** @type {string} */ text) => (current() === "uz-Cyrl" ? text.replace(/[\p{L}]+/gu, cyrillic) : text);

/** Russian and Uzbek count 24 hours. English has both. @returns {Intl.DateTimeFormatOptions} */
function hours() {
  const twelve = current() === "en" && /h1[12]/.test((system ?? follow()).hourCycle ?? "");
  return twelve
    ? { hour: "numeric", minute: "2-digit", hourCycle: "h12" }
    : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
}

/** @type {Map<string, Intl.DateTimeFormat>} cached, because creating one takes longer than a hundred uses */
const formats = new Map();

/** @param {Date} date @param {Intl.DateTimeFormatOptions} options */
function format(date, options) {
  const { locale } = system ?? follow();
  const english = current() === "en" && locale.startsWith("en");
  // For Uzbek only digits are formatted here.
  const language = english ? locale : isUzbek() || current() === "en" ? "en-GB" : current();
  const key = language + JSON.stringify(options);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, made);
  return made.format(date);
}

/** The difference in calendar days, not in periods of 24 hours. @param {Date} date @param {Date} now */
function daysBetween(date, now) {
  const start = (/** @type {Date} */ one) => Date.UTC(one.getFullYear(), one.getMonth(), one.getDate());
  return Math.round((start(now) - start(date)) / DAY);
}

/** A time that is left, as m:ss or h:mm:ss. @param {number} seconds whole */
export function countdown(seconds) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const short = `${minutes % 60}:${two(seconds % 60)}`;
  return minutes < 60 ? short : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}
