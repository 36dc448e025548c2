// Records which messages and deletions an unread count already includes. Pure.
//
// A message and the user's read event are in two logs without an order between them. Either may arrive first, live or
// in a replay. So the read event says up to where it counted, and this object remembers the changes above that.

/** @import { ConversationState, Event, SavedTally } from "./types.js" */

import { Named } from "./named.js";
import { ThreadTally } from "./threads.js";

/** Remembered messages and deletions per conversation. No more occur between a read mark and its `read` event. */
const KEPT = 10_000;

/** The tally of one conversation. It starts from a state that counted the messages up to the ordinal `counted` and the
 * deletions up to the `seq` `head`. */
export class Tally {
  #counted;
  #head;
  #above;
  /** @type {[seq: number, ordinal: number][]} */
  #deleted;

  /**
   * @param {number} counted @param {number} head @param {number[]} above @param {[number, number][]} deleted
   * @param {Named} named @param {ThreadTally} threads
   */
  constructor(counted, head = 0, above = [], deleted = [], named = new Named(head), threads = new ThreadTally(head)) {
    this.named = named;
    this.threads = threads;
    this.#counted = counted;
    this.#head = head;
    this.#above = [...above];
    this.#deleted = [...deleted];
  }

  /** Whether the state from which the tally started is newer than this read event. @param {Event} event */
  isNewer(event) {
    return this.named.isNewer(event);
  }

  /**
   * Whether an arriving message of another account must be added to the count.
   * @param {number} ordinal
   */
  isNew(ordinal) {
    if (ordinal <= this.#counted) return false;
    this.#above.push(ordinal);
    if (this.#above.length > KEPT) this.#above.shift();
    return true;
  }

  /**
   * Whether an arriving deletion of another account's message must be subtracted from the count.
   * @param {Event} event @param {number} readOrdinal
   */
  isGone(event, readOrdinal) {
    this.#deleted.push([event.seq, event.ordinal]);
    if (this.#deleted.length > KEPT) this.#deleted.shift();
    const at = this.#above.indexOf(event.ordinal);
    if (at >= 0) {
      this.#above.splice(at, 1);
      return event.ordinal > readOrdinal;
    }
    return event.ordinal > readOrdinal && event.ordinal <= this.#counted && event.seq > this.#head;
  }

  /** The unread count after this read event. @param {Event} event */
  marked(event) {
    const head = event.head ?? 0; // an older server did not subtract deletions
    this.#counted = Math.max(this.#counted, event.last_ordinal);
    this.#head = Math.max(this.#head, head);
    this.#above = this.#above.filter((ordinal) => ordinal > event.last_ordinal);
    this.#deleted = this.#deleted.filter(([seq]) => seq > head);
    const since = this.#deleted.filter(([, ordinal]) => ordinal > event.ordinal && ordinal <= event.last_ordinal);
    return Math.max(0, event.unread + this.#above.length - since.length);
  }

  /** @returns {SavedTally} */
  save() {
    return {
      counted: this.#counted,
      head: this.#head,
      above: [...this.#above],
      deleted: [...this.#deleted],
      named: this.named.save(),
      threads: this.threads.save(),
    };
  }
}

/** The tallies of all conversations. Each is created on first use. */
export class Tallies {
  /** @type {Map<string, Tally>} */
  #tallies;

  /** @param {Record<string, SavedTally>} saved */
  constructor(saved = {}) {
    const entries = Object.entries(saved);
    this.#tallies = new Map(
      entries.map(([log, { counted, head = 0, above, deleted, named, threads }]) => [
        log,
        new Tally(counted, head, above, deleted, Named.from(named), ThreadTally.from(threads, head)),
      ]),
    );
  }

  /** @param {ConversationState} state */
  of(state) {
    const tally = this.#tallies.get(state.conversation) ?? new Tally(state.last_ordinal, state.head);
    this.#tallies.set(state.conversation, tally);
    return tally;
  }

  /** @param {string} log */
  forget(log) {
    this.#tallies.delete(log);
  }

  /** @returns {Record<string, SavedTally>} */
  save() {
    return Object.fromEntries([...this.#tallies].map(([log, tally]) => [log, tally.save()]));
  }
}
