// A conversation's state after one more of its events: old state + events = state fetched afresh. Pure: a new
// object each time.

/** @import { ConversationState, Event, Message, Reaction } from "./types.js" */

import { Tally } from "./tally.js";

/** What those who keep order can change; `conversation.updated` has all of it. */
const SETTINGS = /** @type {const} */ ([
  "title",
  "topic",
  "visibility",
  "history",
  "archived",
  "slow_mode",
  "retention",
]);

/**
 * `event` is the next of the conversation's log; `uid` is whose state it is; `tally` what its `unread` has in
 * it.
 * @param {ConversationState} state @param {Event} event @param {string} uid @param {Tally} tally
 * @returns {ConversationState}
 */
export function fold(state, event, uid, tally = new Tally(state.last_ordinal)) {
  return { ...state, head: event.seq, ...changes(state, event, uid, tally) };
}

/**
 * `event` is the next of one's own log (`read`, `mentioned` or `draft`), and about this conversation.
 * @param {ConversationState} state @param {Event} event @param {Tally} tally @returns {ConversationState}
 */
export function foldOwn(state, event, tally) {
  switch (event.type) {
    case "read": {
      const unread = tally.marked(event);
      const folded = { ...state, mentions: event.mentions ?? 0 };
      // A mark never goes back: where the state is newer than this old event, it knows better.
      return event.ordinal > state.read_ordinal ? { ...folded, read_ordinal: event.ordinal, unread } : folded;
    }
    case "mentioned":
      return { ...state, mentions: event.mentions };
    case "draft":
      return { ...state, draft: event.text };
    default:
      return state;
  }
}

/**
 * @param {ConversationState} state @param {Event} event @param {string} uid @param {Tally} tally
 * @returns {Partial<ConversationState>}
 */
function changes(state, event, uid, tally) {
  const last = state.last_message;
  switch (event.type) {
    case "message.created": {
      const counts = event.message.sender_uid !== uid && tally.isNew(event.message.ordinal);
      return {
        last_ordinal: event.message.ordinal,
        last_message: event.message,
        unread: state.unread + (counts ? 1 : 0),
      };
    }
    case "message.edited":
      return last?.seq === event.message.seq ? { last_message: event.message } : {};
    case "message.deleted":
      if (!last || last.seq !== event.target) return {};
      return { last_message: { ...last, deleted: true, text: "", reactions: [] } };
    case "reaction.added":
    case "reaction.removed":
      return last && last.seq === event.target ? { last_message: reacted(last, event) } : {};
    case "member.joined":
      return { member_count: state.member_count + 1 };
    case "member.left":
      return { member_count: Math.max(state.member_count - 1, 0) };
    case "member.updated":
      return event.user.uid === uid ? { role: event.role } : {};
    case "conversation.updated":
      return {
        ...Object.fromEntries(SETTINGS.map((name) => [name, event[name] ?? state[name]])),
        last_message: still(state, event),
      };
    default:
      return {}; // an event of a newer server: it has its place in the log, so the head moves
  }
}

/**
 * The last message that the reader may see, now that `history` may be another.
 * @param {ConversationState} state @param {Event} event
 */
function still(state, event) {
  const last = state.last_message;
  if (event.history === "all") return last ?? event.last_message ?? null;
  return last && last.seq > state.since ? last : null;
}

/**
 * The message with the reaction's people changed; an emoji that nobody chose any more goes.
 * @param {Message} message @param {Event} event  `reaction.added` or `reaction.removed` @returns {Message}
 */
export function reacted(message, event) {
  const people = new Map(
    message.reactions.map(({ emoji, users, uids }) => [
      emoji,
      new Map(uids.map((uid, at) => [uid, users[at] ?? ""])),
    ]),
  );
  const chosen = people.get(event.emoji) ?? new Map();
  people.set(event.emoji, chosen);
  if (event.type === "reaction.added") chosen.set(event.actor_uid, event.actor);
  else chosen.delete(event.actor_uid);
  /** @type {Reaction[]} */
  const reactions = [];
  for (const [emoji, who] of [...people].sort(byKey)) {
    if (who.size === 0) continue;
    const sorted = [...who].sort(byKey);
    reactions.push({ emoji, users: sorted.map(([, user]) => user), uids: sorted.map(([uid]) => uid) });
  }
  return { ...message, reactions };
}

/**
 * The server's order, by code point; JavaScript's own is by UTF-16 unit, where some emoji stand elsewhere.
 * @param {[string, any]} a @param {[string, any]} b
 */
function byKey([a], [b]) {
  const left = Array.from(a, (letter) => letter.codePointAt(0) ?? 0);
  const right = Array.from(b, (letter) => letter.codePointAt(0) ?? 0);
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = /** @type {number} */ (left[at]) - /** @type {number} */ (right[at]);
    if (difference) return difference;
  }
  return left.length - right.length;
}
