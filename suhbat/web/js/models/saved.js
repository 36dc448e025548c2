// Which messages the user has saved for later, on this or another device.

import { keyOf } from "./threads.js";

/** @import { Event, Message } from "../sdk/types.js" */

const PAGE = 100;

export class SavedMessages {
  /** Undefined until they are loaded. @type {Set<string> | undefined} */
  #keys;
  /** @type {Promise<unknown> | null} */
  #loading = null;

  /** @param {(query: Record<string, unknown>) => Promise<{saved: {message: Message}[], cursor: string | null}>} ask */
  constructor(ask) {
    this.ask = ask;
  }

  /** @param {string} conversation @param {number} seq */
  has(conversation, seq) {
    return this.#keys?.has(keyOf(conversation, seq)) ?? false;
  }

  /** Load them once. If it fails, the next call tries again. */
  load() {
    if (this.#keys) return Promise.resolve();
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #load() {
    /** @type {Set<string>} */
    const keys = new Set();
    let cursor = null;
    do {
      /** @type {Awaited<ReturnType<SavedMessages["ask"]>>} */
      const page = await this.ask({ limit: PAGE, cursor });
      for (const { message } of page.saved) keys.add(keyOf(message.conversation, message.seq));
      ({ cursor } = page);
    } while (cursor);
    this.#keys = keys;
  }

  /** Events may have been missed. */
  forget() {
    this.#keys = undefined;
  }

  /** An event of the user's own log. @param {Event} event */
  apply({ target, message, on }) {
    const key = keyOf(target, message);
    if (on) this.#keys?.add(key);
    else this.#keys?.delete(key);
  }
}
