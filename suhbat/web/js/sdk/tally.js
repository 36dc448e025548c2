// Which messages an unread count has in it already. Pure.
//
// A message and the news that one has read so far are in two logs, and there is no order between those:
// either may be told first, live or in a replay. So the mark says up to which message it counted, and this
// remembers what came above that.

/** @import { ConversationState, Event, SavedTally } from "./types.js" */

/** Messages remembered of one conversation; more do not come between a mark and the news of it. */
const KEPT = 10_000;

/** Of one conversation, from a state on whose last message was `counted`. */
export class Tally {
  #counted;
  #above;

  /** @param {number} counted @param {number[]} above */
  constructor(counted, above = []) {
    this.#counted = counted;
    this.#above = [...above];
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

  /** What is unread after this mark. @param {Event} event */
  marked(event) {
    this.#counted = Math.max(this.#counted, event.last_ordinal);
    const first = this.#above.findIndex((ordinal) => ordinal > event.last_ordinal);
    this.#above.splice(0, first < 0 ? this.#above.length : first);
    return event.unread + this.#above.length;
  }

  /** @returns {SavedTally} */
  save() {
    return { counted: this.#counted, above: [...this.#above] };
  }
}

/** Those of all conversations, each from when it is first asked for. */
export class Tallies {
  /** @type {Map<string, Tally>} */
  #tallies;

  /** @param {Record<string, SavedTally>} saved */
  constructor(saved = {}) {
    const entries = Object.entries(saved);
    this.#tallies = new Map(entries.map(([log, { counted, above }]) => [log, new Tally(counted, above)]));
  }

  /** @param {ConversationState} state */
  of(state) {
    const tally = this.#tallies.get(state.conversation) ?? new Tally(state.last_ordinal);
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
