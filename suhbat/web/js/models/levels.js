// Of which messages of a conversation the user is notified (docs/reference/notifications.md). Pure.

/** @import { ConversationState, Level } from "../sdk/types.js" */

export const LEVELS = /** @type {const} */ (["all", "mentions", "none"]);
/** For how long a level is chosen. */
export const SPANS = /** @type {const} */ (["good", "hour", "tomorrow"]);

const HOUR = 3_600_000;
/** When "tomorrow" begins. */
const MORNING = 8;

/** @typedef {Pick<ConversationState, "kind" | "notify">} Levelled */

/** @param {Levelled} state @returns {Level} */
export const defaultLevel = ({ kind }) => (kind === "direct" ? "all" : "mentions");

/** The level that holds now. @param {Levelled} state @param {number} now ms since 1970 @returns {Level} */
export function levelOf(state, now = Date.now()) {
  const { level, until } = state.notify ?? { level: defaultLevel(state), until: null };
  return until !== null && Date.parse(until) <= now ? defaultLevel(state) : level;
}

/** Whether nothing of it notifies: it is shown as muted. @param {Levelled} state @param {number} [now] */
export const isSilent = (state, now) => levelOf(state, now) === "none";

/** What the menu of a conversation offers. */
export const QUICK = /** @type {const} */ ([
  { level: "all", span: "good" },
  { level: "mentions", span: "good" },
  { level: "none", span: "good" },
  { level: "none", span: "hour" },
  { level: "none", span: "tomorrow" },
]);

/** The end of the level that holds now; null if it has none. @param {Levelled} state @param {number} [now] */
export function untilOf(state, now = Date.now()) {
  const until = state.notify?.until ?? null;
  return until !== null && Date.parse(until) > now ? until : null;
}

/** When a level that is chosen now ends, or null. @param {typeof SPANS[number]} span @param {Date} now */
export function endOf(span, now) {
  if (span === "good") return null;
  if (span === "hour") return new Date(now.getTime() + HOUR).toISOString();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, MORNING).toISOString();
}

/**
 * Whether a message notifies. A reply in a thread that the user follows does so as a mention does, any other reply only
 * if it mentions them.
 * @param {Level} level @param {{names: boolean, thread: boolean, follows: boolean}} message `names`: it mentions the
 *   user; `thread`: it is a reply in a thread, which they follow or not
 */
export function wants(level, { names, thread, follows }) {
  if (level === "none") return false;
  return names || (thread ? follows : level === "all");
}
