// The messages outside of the loaded window that replies quote. Each is requested once, and events keep it up to date.

import { aboutText, amended } from "./amendments.js";

/** @import { Event, Message } from "../sdk/types.js" */
/** @import { HistoryQuery, LoadedPage } from "./timeline.js" */

/**
 * @typedef {{message: Message | null, since: Event[] | null}} Quote
 *   `since`: the events about it that arrived during the request
 */

const MOST = 400; // messages; the oldest one is dropped and requested again on demand

export class Quotes {
  /** @type {Map<number, Quote>} by the `seq` of the quoted message */
  #all = new Map();
  #load;
  #changed;

  /**
   * @param {(query: HistoryQuery) => Promise<LoadedPage>} load
   * @param {(seq: number) => void} changed
   */
  constructor(load, changed) {
    this.#load = load;
    this.#changed = changed;
  }

  /** A message in its current state, or null while it is not known. @param {number} seq */
  of(seq) {
    if (!this.#all.has(seq)) void this.#ask(seq);
    return this.#all.get(seq)?.message ?? null;
  }

  /** @param {number} seq */
  async #ask(seq) {
    /** @type {Quote} */
    const quote = { message: null, since: [] };
    this.#all.set(seq, quote);
    if (this.#all.size > MOST) this.#all.delete(/** @type {number} */ (this.#all.keys().next().value));
    try {
      const page = await this.#load({ around: seq, limit: 1 });
      const found = page.messages.find((message) => message.seq === seq);
      if (!found) return;
      quote.message = found;
      // The server may have read the log before the message was deleted.
      for (const event of quote.since ?? []) if (event.seq > page.head) quote.message = amended(quote.message, event);
    } catch {
      return; // it is shown as not loaded; the next opened window requests it again
    } finally {
      quote.since = null;
    }
    if (this.#all.get(seq) === quote) this.#changed(seq);
  }

  /** Apply an edit or a deletion. @param {Event} event */
  apply(event) {
    const seq = aboutText(event);
    const quote = seq === null ? undefined : this.#all.get(seq);
    if (!quote || seq === null) return;
    quote.since?.push(event);
    if (!quote.message) return;
    quote.message = amended(quote.message, event);
    this.#changed(seq);
  }

  clear() {
    this.#all.clear();
  }
}
