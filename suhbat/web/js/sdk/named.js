// Which messages that name everybody a count of mentions has in it already. Pure.
//
// One's own log gives the whole count, up to an event of the conversation; the conversation's own events change it.

/** @import { Event, SavedNamed } from "./types.js" */

/** Changes remembered of one conversation; more do not come between a count and the news of it. */
const KEPT = 10_000;

export class Named {
  #began;
  #counted;
  #above;

  /**
   * @param {number} began the head of the state that it begins with @param {number} counted
   * @param {[seq: number, ordinal: number, by: number][]} above
   */
  constructor(began, counted = began, above = []) {
    this.#began = began;
    this.#counted = counted;
    this.#above = [...above];
  }

  /** @param {SavedNamed | undefined} saved an older version of the page kept none */
  static from(saved) {
    return saved ? new Named(saved.began, saved.counted, saved.above) : new Named(0);
  }

  /**
   * What this event, of whose log it is the next, adds to the count of `uid`, who has read up to there.
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
   * The count after the whole one of this event; `mentions`: that of before.
   * @param {Event} event @param {number} mentions @param {number} read
   */
  told(event, mentions, read) {
    if (event.head && event.head < this.#began) return mentions; // the state is newer
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
