// The names shown for people and conversations.

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
 * The other person in a direct, if known: the person with that name. If several people had the name, it is the sender
 * of the last message there. If the user sent that message, the result is null.
 * @param {App} app @param {ConversationState} state
 */
export function otherOf(app, state) {
  if (state.kind !== "direct" || state.member_count > 2) return null;
  const named = [...app.chat.people.values()].filter((person) => person.user_id === state.title);
  if (named.length <= 1) return named[0] ?? null;
  return named.find((person) => person.uid === state.last_message?.sender_uid) ?? null;
}

/**
 * The uid of the person that a name in a text means, if only one person was seen under it; undefined if none was. A
 * text carries no uid. If a name has had several owners, no card is shown, because it could be the wrong one.
 * @param {Iterable<{uid: string, user_id: string}>} people @param {string} name
 */
export function uidOf(people, name) {
  const wanted = fold(name);
  const uids = new Set([...people].filter((one) => one.user_id === wanted).map((one) => one.uid));
  return uids.size > 1 ? NOBODY : [...uids][0];
}

const NOBODY = "nobody"; // not a valid uid

/** @param {App} app @param {string | undefined} uid */
export const isHere = (app, uid) => Boolean(uid) && app.chat.presence.get(uid ?? "")?.state === "online";

/** The names of all people who were seen, folded as in text/mentions.js. @param {App} app */
export const namesSeen = (app) => new Set([app.me.user_id, ...[...app.chat.people.values()].map((one) => one.user_id)]);

/**
 * The name shown for a person. The user's own name may be newer than the one in the message.
 * @param {App} app @param {string} uid @param {string} name
 */
export const called = (app, uid, name) => (uid === app.me.uid ? app.me.user_id : name);

/**
 * Sort by last message, the newest first. The lobby has no special place.
 * @param {ConversationState[]} states
 */
export function sorted(states) {
  const at = (/** @type {ConversationState} */ state) => state.last_message?.sent_at ?? "";
  return [...states].sort((one, other) =>
    at(one) < at(other) ? 1 : at(one) > at(other) ? -1 : one.conversation < other.conversation ? -1 : 1,
  );
}
