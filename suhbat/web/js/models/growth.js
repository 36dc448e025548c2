// The messages of a window that grow: notices in their order, also those that arrive during a request, which may have
// been answered before them, and what was missed.

import { grown } from "../sdk/growing.js";

/** @import { Message } from "../sdk/types.js" */
/** @import { HistoryQuery, LoadedPage } from "./timeline.js" */
/** @typedef {{seq: number, offset: number, text: string}} Grown a notice that a growing message has grown */
/**
 * `isLoading`: whether a request for other messages of the window is on its way. `write`: the text of a message that
 * grows.
 * @typedef {{find: (seq: number) => Message | null, write: (seq: number, text: string) => void,
 *   isLoading: () => boolean}} GrowingWindow
 */

export class Growth {
  #load;
  #window;
  /** The messages that are being read again. @type {Set<number>} */
  #asked = new Set();
  /** @type {Grown[]} notices that arrived during a request */
  #kept = [];

  /** @param {(query: HistoryQuery) => Promise<LoadedPage>} load @param {GrowingWindow} window */
  constructor(load, window) {
    this.#load = load;
    this.#window = window;
  }

  /** A message has grown. @param {Grown} notice */
  apply(notice) {
    if (this.#isLoading) this.#kept.push(notice);
    const whole = this.#whole(notice);
    if (whole === null) void this.#ask(notice.seq);
    else this.#window.write(notice.seq, whole);
  }

  /** A request was answered: apply the notices that arrived meanwhile, as far as the answer has less. */
  answered() {
    for (const notice of this.#kept) {
      const whole = this.#whole(notice);
      if (whole && whole.length > (this.#window.find(notice.seq)?.text.length ?? 0))
        this.#window.write(notice.seq, whole);
    }
    if (!this.#isLoading) this.#kept = [];
  }

  get #isLoading() {
    return this.#asked.size > 0 || this.#window.isLoading();
  }

  /** The whole text of a message after a notice. Null if something was missed. @param {Grown} notice */
  #whole({ seq, offset, text }) {
    const message = this.#window.find(seq);
    return message?.streaming ? grown(message.text, offset, text) : "";
  }

  /** Something of a message was missed: read it again. @param {number} seq */
  async #ask(seq) {
    if (this.#asked.has(seq)) return;
    this.#asked.add(seq);
    try {
      const page = await this.#load({ around: seq, limit: 1 });
      const found = [...page.messages, page.root].find((message) => message?.seq === seq);
      if (found?.streaming) this.#window.write(seq, found.text);
    } catch {
      // the next notice asks again
    } finally {
      this.#asked.delete(seq);
      this.answered();
    }
  }
}
