// The threads that the user follows, after each event. Pure.
//
// Replies are in the conversation's log, and `thread` events are in the user's own log. As with read events, either may
// arrive first. So a `thread` event says up to where it counted, and the replies above that are counted again.

/** @import { Event, Message, SavedThreads, Thread } from "./types.js" */

/** Remembered replies and deletions per conversation. No more occur between a `thread` event and what it counted. */
const KEPT = 1_000;

/** The people that the root of a thread lists. */
const PEOPLE = 3;

/** @typedef {{ root: number, seq: number, by: string, ordinal: number, left: number | null }} ReplyItem
 *   A reply, or the deletion of one. `left` is null for a reply, -1 for one that is deleted already, and for a deletion
 *   the number of replies that remain. */

/** Records which replies the threads of one conversation include. It starts from a state with this `head`. */
export class ThreadTally {
  #began;
  /** @type {Map<number, number>} */
  #counted;
  /** @type {ReplyItem[]} */
  #recent;

  /** @param {number} began @param {[number, number][]} counted @param {ReplyItem[]} recent */
  constructor(began, counted = [], recent = []) {
    this.#began = began;
    this.#counted = new Map(counted);
    this.#recent = [...recent];
  }

  /** @param {SavedThreads | undefined} saved undefined in data of an older version @param {number} head */
  static from(saved, head) {
    return saved ? new ThreadTally(saved.began, saved.counted, saved.recent) : new ThreadTally(head);
  }

  /**
   * The threads after the next event of the conversation, which is about a reply.
   * @param {Thread[]} threads @param {Event} event @param {string} uid
   */
  replied(threads, event, uid) {
    const item = itemOf(event);
    this.#recent.push(item);
    if (this.#recent.length > KEPT) this.#recent.shift();
    if (item.seq <= (this.#counted.get(item.root) ?? this.#began)) return threads;
    return threads.map((thread) => (thread.root === item.root ? counting(thread, item, uid) : thread));
  }

  /**
   * The threads after the next `thread` event of the user's own log.
   * @param {Thread[]} threads @param {Event} event @param {string} uid
   */
  told(threads, event, uid) {
    if (event.head < this.#began) return threads; // the state is newer
    const { root } = event.thread;
    this.#counted.set(root, event.head);
    const others = threads.filter((thread) => thread.root !== root);
    if (!event.follow) return others;
    const later = this.#recent.filter((item) => item.root === root && item.seq > event.head);
    const thread = later.reduce((known, item) => counting(known, item, uid), event.thread);
    return [...others, thread].sort((a, b) => a.root - b.root);
  }

  /** @returns {SavedThreads} */
  save() {
    return { began: this.#began, counted: [...this.#counted], recent: [...this.#recent] };
  }
}

/**
 * The root of the thread in which this event creates or deletes a reply; null for other events.
 * @param {Event} event @returns {number | null}
 */
export function threadOf(event) {
  if (event.type === "message.created") return event.message.thread ?? null;
  return event.type === "message.deleted" ? (event.thread ?? null) : null;
}

/**
 * The root of a thread after an event about a reply in it.
 * @param {Message} message @param {Event} event @returns {Message}
 */
export function withReply(message, event) {
  const { replies: known, ...rest } = message;
  if (event.type === "message.deleted") return event.replies ? { ...rest, replies: event.replies } : rest;
  const reply = event.message;
  // Its deletion follows in the log, or the summary is newer.
  if (reply.deleted || (known && known.last_seq >= reply.seq)) return message;
  const others = (known?.people ?? []).filter(({ uid }) => uid !== reply.sender_uid);
  const people = [{ uid: reply.sender_uid, user_id: reply.sender }, ...others].slice(0, PEOPLE);
  const replies = { count: (known?.count ?? 0) + 1, last_seq: reply.seq, last_at: reply.sent_at, people };
  return { ...rest, replies };
}

/** @param {Event} event @returns {ReplyItem} */
function itemOf(event) {
  if (event.type === "message.deleted") {
    const left = event.replies?.count ?? 0;
    return { root: event.thread, seq: event.seq, by: event.sender_uid, ordinal: event.thread_ordinal, left };
  }
  const { thread, sender_uid, thread_ordinal, deleted } = event.message;
  return { root: thread, seq: event.seq, by: sender_uid, ordinal: thread_ordinal, left: deleted ? -1 : null };
}

/** @param {Thread} thread @param {ReplyItem} item @param {string} uid @returns {Thread} */
function counting(thread, { by, ordinal, left }, uid) {
  if (left !== null && left >= 0) {
    const gone = ordinal > thread.read_ordinal && by !== uid ? 1 : 0;
    return { ...thread, count: left, unread: Math.max(0, thread.unread - gone) };
  }
  const counted = { ...thread, thread_ordinal: ordinal, count: thread.count + (left === null ? 1 : 0) };
  if (by === uid) return { ...counted, read_ordinal: ordinal, unread: 0, mentions: 0 };
  return { ...counted, unread: thread.unread + 1 };
}
