// How people and conversations are called.

import { t } from "../text/languages.js";
import { fold } from "../text/mentions.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState } from "../sdk/types.js" */

/** @param {ConversationState} state */
export function titleOf(state) {
  if (state.kind === "lobby") return t("lobby");
  return state.title || t("untitled");
}

/**
 * The other in a direct, as far as they are known: the one of that name. Of several who had it, the one who wrote there
 * last; where that was oneself, nobody is taken for the other.
 * @param {App} app @param {ConversationState} state
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

/** @param {App} app @param {string | undefined} uid */
export const isHere = (app, uid) => Boolean(uid) && app.chat.presence.get(uid ?? "")?.state === "online";

/** The names of everybody who was seen, in the form of text/mentions.js. @param {App} app */
export const namesSeen = (app) => new Set([app.me.user_id, ...[...app.chat.people.values()].map((one) => one.user_id)]);

/**
 * What somebody is called: one's own name may be newer than the message.
 * @param {App} app @param {string} uid @param {string} name
 */
export const called = (app, uid, name) => (uid === app.me.uid ? app.me.user_id : name);

/** The order of the list: the latest first, the lobby as any other. @param {ConversationState[]} states */
export function sorted(states) {
  const at = (/** @type {ConversationState} */ state) => state.last_message?.sent_at ?? "";
  return [...states].sort((one, other) =>
    at(one) < at(other) ? 1 : at(one) > at(other) ? -1 : one.conversation < other.conversation ? -1 : 1,
  );
}
