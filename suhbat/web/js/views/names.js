// How people and conversations are called.

import { t } from "../text/languages.js";
import { fold } from "../text/mentions.js";

/** @typedef {import("../sdk/types.js").ConversationState} State */

/** @param {State} state */
export function titleOf(state) {
  if (state.kind === "lobby") return t("lobby");
  return state.title || t("untitled");
}

/**
 * The other in a direct, as far as they are known: the one of that name. Of several who had it, the one who wrote there
 * last; where that was oneself, nobody is taken for the other.
 * @param {import("../app.js").App} app @param {State} state
 */
export function otherOf(app, state) {
  if (state.kind !== "direct" || state.member_count > 2) return null;
  const named = [...app.chat.people.values()].filter((person) => person.user_id === state.title);
  if (named.length <= 1) return named[0] ?? null;
  return named.find((person) => person.uid === state.last_message?.sender_uid) ?? null;
}

/**
 * Whom a name in a text means, as far as one can know: the only one who was seen under it. A text carries no uid; where
 * a name has had several owners, nobody's card is shown for another's.
 * @param {Iterable<{uid: string, user_id: string}>} people @param {string} name
 */
export function uidOf(people, name) {
  const wanted = fold(name);
  const uids = new Set([...people].filter((one) => one.user_id === wanted).map((one) => one.uid));
  return uids.size > 1 ? NOBODY : [...uids][0];
}

const NOBODY = "nobody"; // no uid looks like this

/** @param {import("../app.js").App} app @param {string | undefined} uid */
export const isHere = (app, uid) => Boolean(uid) && app.chat.presence.get(uid ?? "")?.state === "online";

/**
 * Whether somebody who was seen has this name, in the form of text/mentions.js.
 * @param {import("../app.js").App} app @param {string} folded
 */
export function isName(app, folded) {
  for (const person of app.chat.people.values()) if (person.user_id === folded) return true;
  return folded === app.me.user_id;
}

/** The order of the list: the latest first, the lobby as any other. @param {State[]} states */
export function sorted(states) {
  const at = (/** @type {State} */ state) => state.last_message?.sent_at ?? "";
  return [...states].sort((one, other) =>
    at(one) < at(other) ? 1 : at(one) > at(other) ? -1 : one.conversation < other.conversation ? -1 : 1,
  );
}
