// The threads that a user follows. Their numbers are in the states of the conversations; their roots come from the
// server, and change with the events. Pure.

import { change, countReply } from "./amendments.js";
import { isSilent } from "./levels.js";
import { keyOf } from "./threads.js";

/** @import { ConversationState, Event, Message, Thread } from "../sdk/types.js" */

/** A followed thread. @typedef {{state: ConversationState, thread: Thread, message: Message}} Followed */

/**
 * How many replies of a thread ask for attention. In a muted conversation only mentions do.
 * @param {Thread} thread @param {boolean} silent
 */
export const askingThread = ({ unread, mentions }, silent) => (silent ? mentions : unread);

/**
 * The unread threads, all of their unread replies that ask for attention, and the mentions of the user in them.
 * @param {Iterable<ConversationState>} states
 */
export function unreadThreads(states) {
  const found = { threads: 0, replies: 0, mentions: 0 };
  for (const state of states)
    for (const thread of state.threads ?? []) {
      const asking = askingThread(thread, isSilent(state));
      found.threads += asking > 0 ? 1 : 0;
      found.replies += asking;
      found.mentions += thread.mentions;
    }
  return found;
}

/**
 * The ordinal of the last reply that can be unread: neither deleted nor the user's own; 0 if there is none.
 * @param {Message[]} replies ascending @param {string} me the uid of the user
 */
export function lastOfOthers(replies, me) {
  const last = replies.filter((one) => !one.deleted && one.sender_uid !== me).at(-1);
  return last?.thread_ordinal ?? 0;
}

export class FollowedThreads {
  /** By the key of the thread: its root, in a list of one for `change`. @type {Map<string, [Message]>} */
  #roots = new Map();
  #me;

  /** @param {() => string} me the uid of the user */
  constructor(me) {
    this.#me = me;
  }

  /** These roots are as of now. @param {Message[]} messages */
  add(messages) {
    for (const message of messages) this.#roots.set(keyOf(message.conversation, message.seq), [message]);
  }

  /** @param {Event} event */
  apply(event) {
    const seq = event.message?.thread ?? event.thread ?? event.target ?? event.message?.seq;
    const root = typeof seq === "number" ? this.#roots.get(keyOf(event.conversation, seq)) : undefined;
    if (root) countReply(root, event) || change(root, event, this.#me());
  }

  /**
   * Those whose roots are known: the unread ones first, and of each kind the one with the latest reply.
   * @param {Iterable<ConversationState>} states @returns {Followed[]}
   */
  in(states) {
    const all = [...states].flatMap((state) =>
      (state.threads ?? []).flatMap((thread) => {
        const [message] = this.#roots.get(keyOf(state.conversation, thread.root)) ?? [];
        return message ? [{ state, thread, message }] : [];
      }),
    );
    const last = (/** @type {Followed} */ { message }) => message.replies?.last_at ?? message.sent_at;
    const rank = (/** @type {Followed} */ one) => `${one.thread.unread ? 1 : 0} ${last(one)}`;
    return all.sort((one, other) => (rank(one) < rank(other) ? 1 : -1));
  }

  /** The keys of all that are followed. @param {Iterable<ConversationState>} states */
  keys(states) {
    return [...states].flatMap(({ conversation, threads = [] }) =>
      threads.map(({ root }) => keyOf(conversation, root)),
    );
  }

  /** Whether the root of this thread is known. @param {string} key */
  has(key) {
    return this.#roots.has(key);
  }
}
