// When a message is there as a whole: at once, or, if it grows, when it is finished.

/** @import { Event } from "../sdk/types.js" */

const KEPT = 200;

export class WholeMessages {
  /** @type {Set<string>} */
  #told = new Set();

  /**
   * Whether this event brings a whole message that no earlier one brought. After a reconnection a message that has
   * grown comes whole with both of its events. One that was cut before it had a text is news to nobody.
   * @param {Event} event
   */
  isNew({ type, conversation, message }) {
    const comes = type === "message.finished" || (type === "message.created" && !message.streaming);
    if (comes && message.cut && !message.text) return false;
    if (!comes || message.deleted) return comes;
    const key = `${conversation} ${message.seq}`;
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    for (const oldest of this.#told) {
      if (this.#told.size <= KEPT) break;
      this.#told.delete(oldest);
    }
    return true;
  }
}
