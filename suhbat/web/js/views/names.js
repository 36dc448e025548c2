// How people and conversations are called.

import { t } from "../text/languages.js";

/** @typedef {import("../sdk/types.js").ConversationState} State */

/** @param {State} state */
export function titleOf(state) {
  if (state.kind === "lobby") return t("lobby");
  return state.title || t("untitled");
}

/**
 * The others in a direct, as far as they are known: by name, those who are here.
 * @param {import("../app.js").App} app @param {State} state
 */
export function otherOf(app, state) {
  if (state.kind !== "direct" || state.member_count > 2) return null;
  for (const person of app.chat.people.values()) if (person.user_id === state.title) return person;
  return null;
}

/** @param {import("../app.js").App} app @param {string | undefined} uid */
export const isHere = (app, uid) => Boolean(uid) && app.chat.presence.get(uid ?? "")?.state === "online";

/** The order of the list: the latest first, the lobby as any other. @param {State[]} states */
export function sorted(states) {
  const at = (/** @type {State} */ state) => state.last_message?.sent_at ?? "";
  return [...states].sort((one, other) => (at(one) < at(other) ? 1 : at(one) > at(other) ? -1 : one.conversation < other.conversation ? -1 : 1));
}
