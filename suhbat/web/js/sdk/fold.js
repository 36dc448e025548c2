// Applies an event to the state of a conversation, so that old state + events = state fetched afresh. Pure: each call
// returns a new object.

/** @import { ConversationState, Event, Message, Reaction, Thread } from "./types.js" */

import { Tally } from "./tally.js";
import { threadOf, withReply } from "./threads.js";

/** The settings that moderators can change. `conversation.updated` carries all of them. */
const SETTINGS = /** @type {const} */ ([
  "title",
  "topic",
  "visibility",
  "history",
  "archived",
  "slow_mode",
  "retention",
  "files",
]);

/** The limits: different emoji on a message, and accounts listed for each emoji. */
const EMOJI = 20;
const SHOWN = 20;

/**
 * Apply `event`, the next event of the conversation's log. `uid` owns the state; `tally` records the messages that
 * `unread` includes.
 * @param {ConversationState} state @param {Event} event @param {string} uid @param {Tally} tally
 * @returns {ConversationState}
 */
export function fold(state, event, uid, tally = new Tally(state.last_ordinal, state.head)) {
  /** @type {ConversationState} */
  const folded = { ...state, head: event.seq, ...changes(state, event, uid, tally) };
  if (event.type === "conversation.updated" && event.picture === undefined) delete folded.picture;
  const last = folded.last_message;
  // The events up to `reactions_at` have arrived, so later reaction events need no comparison with it.
  if (last && (last.reactions_at ?? Infinity) <= event.seq) folded.last_message = without(last);
  return folded;
}

/** @param {Message} message @returns {Message} */
function without({ reactions_at: _, ...message }) {
  return message;
}

/**
 * Apply `event`, the next event of the own log of the user `uid` (`read`, `mentioned`, `thread`, `notify` or `draft`),
 * about this conversation.
 * @param {ConversationState} state @param {Event} event @param {string} uid @param {Tally} tally
 * @returns {ConversationState}
 */
export function foldOwn(state, event, uid, tally) {
  switch (event.type) {
    case "thread":
      return withThreads(state, tally.threads.told(state.threads ?? [], event, uid));
    case "read": {
      if (tally.isNewer(event)) return state;
      // A mark of an older server has no `head`, and never went back.
      const moves = event.head ? event.ordinal !== state.read_ordinal : event.ordinal > state.read_ordinal;
      const read = moves ? event.ordinal : state.read_ordinal;
      const folded = { ...state, mentions: tally.named.told(event, state.mentions, read) };
      return moves ? { ...folded, read_ordinal: read, unread: tally.marked(event) } : folded;
    }
    case "mentioned":
      return { ...state, mentions: tally.named.told(event, state.mentions, state.read_ordinal) };
    case "notify":
      return { ...state, notify: { level: event.level, until: event.until ?? null } };
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
  const found = changed(state, event, uid, tally);
  if (!event.everyone || !event.type.startsWith("message.")) return found;
  const mentions = (state.mentions ?? 0) + tally.named.changed(event, uid, state.read_ordinal);
  return { ...found, mentions: Math.max(0, mentions) };
}

/**
 * @param {ConversationState} state @param {Event} event @param {string} uid @param {Tally} tally
 * @returns {Partial<ConversationState>}
 */
function changed(state, event, uid, tally) {
  const last = state.last_message;
  const root = threadOf(event);
  if (root !== null) {
    const threads = tally.threads.replied(state.threads ?? [], event, uid);
    return {
      ...(threads.length > 0 ? { threads } : {}),
      ...(last && last.seq === root ? { last_message: withReply(last, event) } : {}),
    };
  }
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
    case "message.finished":
      return last && last.seq === event.message.seq ? { last_message: edited(last, event.message) } : {};
    case "message.deleted": {
      const others = event.sender_uid !== undefined && event.sender_uid !== uid;
      const gone = others && tally.isGone(event, state.read_ordinal) ? 1 : 0;
      const unread = Math.max(0, state.unread - gone);
      if (!last || last.seq !== event.target) return { unread };
      return { unread, last_message: tombstone(without(last)) };
    }
    case "reaction.added":
    case "reaction.removed":
      return last && last.seq === event.target ? { last_message: reacted(last, event, uid) } : {};
    case "member.joined":
      return { member_count: state.member_count + 1 };
    case "member.left":
      return { member_count: Math.max(state.member_count - 1, 0) };
    case "member.updated":
      return event.user.uid === uid ? { role: event.role } : {};
    case "conversation.updated":
      return {
        ...Object.fromEntries(SETTINGS.map((name) => [name, event[name] ?? state[name]])),
        ...(event.picture === undefined ? {} : { picture: event.picture }),
        last_message: still(state, event, uid),
      };
    default:
      return {}; // an unknown event of a newer server still moves the head
  }
}

/** A state with these threads. Like the server it has no list if there are none.
 * @param {ConversationState} state @param {Thread[]} threads @returns {ConversationState} */
function withThreads({ threads: _, ...state }, threads) {
  return threads.length > 0 ? { ...state, threads } : state;
}

/** A deleted message: without what its sender said. @param {Message} message @returns {Message} */
export function tombstone({ mentions_all: _, files, actions, hook, streaming, cut, ...message }) {
  return { ...message, deleted: true, text: "", reactions: [] };
}

/**
 * The last message that the reader may see after a possible change of `history`.
 * @param {ConversationState} state @param {Event} event @param {string} uid @returns {Message | null}
 */
function still(state, event, uid) {
  const last = state.last_message;
  if (event.history === "all") return last ?? (event.last_message ? theirs(event.last_message, uid) : null);
  return last && last.seq > state.since ? last : null;
}

/** A message of an event, as this reader sees it. @param {Message} message @param {string} uid @returns {Message} */
function theirs(message, uid) {
  return {
    ...message,
    reactions: message.reactions.map((one) => ({ ...one, mine: one.uids.includes(uid) })),
  };
}

/**
 * A message with its new text and its known reactions and replies. The event's may be newer, and its reactions lack
 * `mine`.
 * @param {Message} known @param {Message} message @returns {Message}
 */
export function edited(known, message) {
  const { reactions, reactions_at, replies } = known;
  const { replies: _, ...changed } = without(message);
  return { ...changed, reactions, ...(reactions_at ? { reactions_at } : {}), ...(replies ? { replies } : {}) };
}

/**
 * The message after a change of its reactions. An emoji with a count of zero is removed.
 * @param {Message} message @param {Event} event  `reaction.added` or `reaction.removed` @param {string} uid
 * @returns {Message}
 */
export function reacted(message, event, uid) {
  const present = message.reactions.find(({ emoji }) => emoji === event.emoji);
  const others = message.reactions.filter(({ emoji }) => emoji !== event.emoji);
  // An event from before the limit existed may add more emoji than a message shows.
  if (!present && others.length >= EMOJI) return message;
  /** @type {Reaction} */
  let changed = present ?? { emoji: event.emoji, count: 0, mine: false, users: [], uids: [] };
  const on = event.type === "reaction.added";
  if (!message.reactions_at || event.seq > message.reactions_at) {
    changed = on ? added(changed, event) : removed(changed, event);
  }
  if (event.actor_uid === uid) changed = { ...changed, mine: on };
  /** @type {[string, Reaction][]} */
  const all = others.map((one) => [one.emoji, one]);
  if (counted(changed) > 0) all.push([changed.emoji, changed]);
  return { ...message, reactions: all.sort(byKey).map(([, one]) => one) };
}

/**
 * Count the reaction of an account. The list is in the order of time, so the account is appended only if the list is
 * complete: accounts that are not listed would come before it.
 * @param {Reaction} reaction @param {Event} event @returns {Reaction}
 */
function added(reaction, event) {
  if (reaction.uids.includes(event.actor_uid)) return reaction;
  const count = counted(reaction);
  const all = reaction.uids.length === count && count < SHOWN;
  return {
    ...reaction,
    count: count + 1,
    users: all ? [...reaction.users, event.actor] : reaction.users,
    uids: all ? [...reaction.uids, event.actor_uid] : reaction.uids,
  };
}

/** @param {Reaction} reaction @param {Event} event @returns {Reaction} */
function removed(reaction, event) {
  const at = reaction.uids.indexOf(event.actor_uid);
  const count = counted(reaction);
  // The account is not listed. If all accounts are listed, it had no reaction and the count stays.
  if (at < 0) return { ...reaction, count: count - Math.min(count - reaction.uids.length, 1) };
  return {
    ...reaction,
    count: count - 1,
    users: reaction.users.filter((_, index) => index !== at),
    uids: reaction.uids.filter((_, index) => index !== at),
  };
}

/** The count of a reaction. Data saved by an older version has no `count`. @param {Reaction} reaction */
const counted = (reaction) => reaction.count ?? reaction.uids.length;

/**
 * Compare by code point, as the server does. JavaScript compares by UTF-16 unit, which orders some emoji differently.
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
