// How much asks for the user's attention. Pure.

import { unreadThreads } from "./followed.js";
import { isSilent } from "./levels.js";
import { asking } from "./sections.js";

/** @import { ConversationState } from "../sdk/types.js" */

/** The unread mentions of the user, in conversations and in threads. @param {ConversationState[]} states */
export const mentionsIn = (states) =>
  states.reduce((sum, { mentions }) => sum + mentions, 0) + unreadThreads(states).mentions;

/**
 * The number in the title of the tab and on the icon of the installed page: unread messages, and unread replies of
 * followed threads; of muted conversations only the mentions. Pushes carry the same number.
 * @param {Iterable<ConversationState>} states
 */
export function askingIn(states) {
  const all = [...states];
  const messages = all.reduce((sum, state) => sum + asking({ ...state, silent: isSilent(state) }), 0);
  return messages + unreadThreads(all).replies;
}
