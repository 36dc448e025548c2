// Quiet hours, in which nothing notifies (docs/reference/notifications.md). Pure.

/** @import { Quiet } from "../sdk/types.js" */

const WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/**
 * Whether it is quiet at this time. Hours that end at or before their beginning end on the next day. The clock on the
 * wall decides.
 * @param {Quiet | null | undefined} quiet @param {Date} now
 */
export function isQuiet(quiet, now) {
  if (!quiet) return false;
  const { from, to, days } = quiet;
  const { clock, day } = wall(quiet.zone, now);
  const yesterday = day === 1 ? 7 : day - 1;
  if (from < to) return days.includes(day) && from <= clock && clock < to;
  return (days.includes(day) && clock >= from) || (days.includes(yesterday) && clock < to);
}

/** What a clock and a calendar on the wall show. @param {string} zone @param {Date} now */
function wall(zone, now) {
  /** @type {Intl.DateTimeFormatOptions} */
  const shown = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const parts = formatter(zone, shown).formatToParts(now);
  const of = (/** @type {string} */ type) => parts.find((part) => part.type === type)?.value ?? "";
  return { clock: `${of("hour")}:${of("minute")}`, day: WEEK.indexOf(of("weekday")) + 1 };
}

/** @param {string} zone @param {Intl.DateTimeFormatOptions} shown */
function formatter(zone, shown) {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...shown, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat("en-GB", shown); // a zone that this browser does not know yet
  }
}
