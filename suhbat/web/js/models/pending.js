// Messages that are being sent. They are shown at once and stored until the server accepts them. A refused message is
// kept with its error.

import { keyOf } from "./threads.js";

/** @import { MessageFile } from "../sdk/types.js" */

/**
 * @typedef {{clientId: string, conversation: string, thread?: number | null, also?: boolean, text: string,
 *   files?: string[], copies?: MessageFile[], replyTo: number | null, at: number,
 *   error: {code: string, message: string} | null}} Pending
 *   `thread`: it is a reply there; `also`: the conversation gets the reply, too; `files`: their ids on this device;
 *   `copies`: files that the server has already
 */

const LATE = 3000; // ms

export class PendingMessages {
  /** @type {Map<string, Pending>} by client_id, in the order of writing */
  #all = new Map();
  #send;
  #keep;
  #changed;
  #given;

  /**
   * @param {(message: Pending) => Promise<unknown>} send resolves when the server stored it; rejects
   *   when it never will be stored: the server refused it, or the connection is closed for good
   * @param {{put: (message: Pending) => void, remove: (clientId: string) => void}} keep
   * @param {(conversation: string) => void} changed
   * @param {(message: Pending) => void} [given] it was a command of a bot, which got it
   */
  constructor(send, keep, changed, given = () => {}) {
    this.#send = send;
    this.#keep = keep;
    this.#changed = changed;
    this.#given = given;
  }

  /** Those of a conversation and of all its threads. @param {string} conversation */
  in(conversation) {
    return [...this.#all.values()].filter((one) => one.conversation === conversation);
  }

  /** Those of a conversation without its threads, or of one thread. @param {string} key */
  at(key) {
    return [...this.#all.values()].filter((one) => keyOf(one.conversation, one.thread) === key);
  }

  /** The conversations with such messages. */
  get conversations() {
    return new Set([...this.#all.values()].map(({ conversation }) => conversation));
  }

  /** Whether the server refused this message. @param {string} clientId */
  failed(clientId) {
    return Boolean(this.#all.get(clientId)?.error);
  }

  /** A message that the server refused. @param {string} clientId */
  refused(clientId) {
    const found = this.#all.get(clientId);
    return found?.error ? found : null;
  }

  get size() {
    return this.#all.size;
  }

  /** @param {Omit<Pending, "error">} message */
  add(message) {
    const pending = { ...message, error: null };
    this.#all.set(pending.clientId, pending);
    this.#keep.put(pending);
    this.#changed(pending.conversation);
    this.#go(pending);
  }

  /**
   * Show the messages of an earlier visit, and send those without an error again. The server stores each once, because
   * the client_id is the same.
   * @param {Pending[]} kept
   */
  restore(kept) {
    for (const message of [...kept].sort((one, other) => one.at - other.at)) {
      if (this.#all.has(message.clientId)) continue;
      this.#all.set(message.clientId, message);
      if (!message.error) this.#go(message);
      this.#changed(message.conversation);
    }
  }

  /** Send a refused message again. @param {string} clientId */
  retry(clientId) {
    const found = this.#all.get(clientId);
    if (!found?.error) return;
    found.error = null;
    this.#keep.put(found);
    this.#changed(found.conversation);
    this.#go(found);
  }

  /** Remove a message that has arrived or was discarded. @param {string | null | undefined} clientId */
  remove(clientId) {
    const found = clientId ? this.#all.get(clientId) : undefined;
    if (!found) return;
    this.#all.delete(found.clientId);
    this.#keep.remove(found.clientId);
    this.#changed(found.conversation);
  }

  /** A bot got it: it is no message, and no event follows. @param {Pending} message */
  #give(message) {
    this.remove(message.clientId);
    this.#given(message);
  }

  /** @param {Pending} message */
  async #go(message) {
    try {
      const sent = /** @type {{command?: boolean} | undefined} */ (await this.#send(message));
      if (sent?.command) return this.#give(message);
      // The message's event usually removes it before this. The timer covers a lost event (snapshot, reset).
      setTimeout(() => this.remove(message.clientId), LATE);
    } catch (error) {
      const { code = "closed", message: text = "" } = /** @type {{code?: string, message?: string}} */ (error);
      if (!this.#all.has(message.clientId) || typeof code !== "string") return;
      message.error = { code, message: text };
      this.#keep.put(message);
      this.#changed(message.conversation);
    }
  }
}
