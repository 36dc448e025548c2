// Which messages an unread count has in it already, and which deletions. Pure.
//
// A message and the news that one has read so far are in two logs, and there is no order between those:
// either may be told first, live or in a replay. So the mark says what it counted, and this remembers what
// came above that.

/** @import { ConversationState, Event, SavedTally } from "./types.js" */

import { Named } from "./named.js";

/** Messages and deletions remembered of one conversation; more do not come between a mark and the news of it. */
const KEPT = 10_000;

/** Of one conversation, from a state that counted the messages up to the ordinal `counted`, and the deletions
 * up to the `seq` `head`. */
export class Tally {
  #counted;
  #head;
  #above;
  /** @type {[seq: number, ordinal: number][]} */
  #deleted;

  /**
   * @param {number} counted @param {number} head @param {number[]} above @param {[number, number][]} deleted
   * @param {Named} named
   */
  constructor(counted, head = 0, above = [], deleted = [], named = new Named(head)) {
    this.named = named;
    this.#counted = counted;
    this.#head = head;
    this.#above = [...above];
    this.#deleted = [...deleted];
  }

  /**
   * Whether somebody else's message, which was told now, must be added to the count.
   * @param {number} ordinal
   */
  isNew(ordinal) {
    if (ordinal <= this.#counted) return false;
    this.#above.push(ordinal);
    if (this.#above.length > KEPT) this.#above.shift();
    return true;
  }

  /**
   * Whether the deletion of somebody else's message, which was told now, must be taken off the count.
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

  /** What is unread after this mark. @param {Event} event */
  marked(event) {
    const head = event.head ?? 0; // a server of before this did not take deletions off
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
    };
  }
}

/** Those of all conversations, each from when it is first asked for. */
export class Tallies {
  /** @type {Map<string, Tally>} */
  #tallies;

  /** @param {Record<string, SavedTally>} saved */
  constructor(saved = {}) {
    const entries = Object.entries(saved);
    this.#tallies = new Map(
      entries.map(([log, { counted, head, above, deleted, named }]) => [
        log,
        new Tally(counted, head, above, deleted, Named.from(named)),
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
