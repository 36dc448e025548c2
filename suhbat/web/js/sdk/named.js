// For the messages that mention everybody: records which of them a mention count already includes. Pure.
//
// The user's own log gives the whole count up to an event of the conversation. Later events of the conversation change
// it.

/** @import { Event, SavedNamed } from "./types.js" */

/** Remembered changes per conversation. No more occur between the server's count and the arrival of its event. */
const KEPT = 10_000;

export class Named {
  #began;
  #counted;
  #above;

  /**
   * @param {number} began the head of the state that it starts from @param {number} counted
   * @param {[seq: number, ordinal: number, by: number][]} above
   */
  constructor(began, counted = began, above = []) {
    this.#began = began;
    this.#counted = counted;
    this.#above = [...above];
  }

  /** @param {SavedNamed | undefined} saved undefined in data of an older version */
  static from(saved) {
    return saved ? new Named(saved.began, saved.counted, saved.above) : new Named(0);
  }

  /**
   * The change of `uid`'s count by this event, the next one of the conversation's log. `read` is the read position.
   * @param {Event} event @param {string} uid @param {number} read
   */
  changed(event, uid, read) {
    if (!event.everyone || event.seq <= this.#counted) return 0;
    const { ordinal, sender_uid } = event.type === "message.deleted" ? event : event.message;
    if (ordinal === undefined || sender_uid === uid) return 0;
    this.#above.push([event.seq, ordinal, event.everyone]);
    if (this.#above.length > KEPT) this.#above.shift();
    return ordinal > read ? event.everyone : 0;
  }

  /**
   * Whether the state from which it started is newer than an event that carries the whole count.
   * @param {Event} event
   */
  isNewer(event) {
    return Boolean(event.head && event.head < this.#began);
  }

  /**
   * The count after an event that carries the whole count. `mentions` is the count before it.
   * @param {Event} event @param {number} mentions @param {number} read
   */
  told(event, mentions, read) {
    if (this.isNewer(event)) return mentions;
    this.#counted = Math.max(this.#counted, event.head ?? 0);
    this.#above = this.#above.filter(([seq]) => seq > this.#counted);
    const since = this.#above.reduce((sum, [, ordinal, by]) => sum + (ordinal > read ? by : 0), 0);
    return Math.max(0, (event.mentions ?? 0) + since);
  }

  /** @returns {SavedNamed} */
  save() {
    return { began: this.#began, counted: this.#counted, above: [...this.#above] };
  }
}
