// Messages on their way: shown at once, written down until the server has them, and kept with their error if it
// refuses.

/**
 * @typedef {{clientId: string, conversation: string, text: string, replyTo: number | null, at: number,
 *   error: {code: string, message: string} | null}} Pending
 */

const LATE = 3000; // ms

export class PendingMessages {
  /** @type {Map<string, Pending>} by client_id, in the order they were written */
  #all = new Map();
  #send;
  #keep;
  #changed;

  /**
   * @param {(message: Pending) => Promise<unknown>} send resolves when it is stored; rejects when it never will be
   * @param {{put: (message: Pending) => void, remove: (clientId: string) => void}} keep
   * @param {(conversation: string) => void} changed
   */
  constructor(send, keep, changed) {
    this.#send = send;
    this.#keep = keep;
    this.#changed = changed;
  }

  /** @param {string} conversation */
  in(conversation) {
    return [...this.#all.values()].filter((one) => one.conversation === conversation);
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

  /** What an earlier visit left: sent again under the same client_id, which stores it once. @param {Pending[]} kept */
  restore(kept) {
    for (const message of [...kept].sort((one, other) => one.at - other.at)) {
      if (this.#all.has(message.clientId)) continue;
      this.#all.set(message.clientId, message);
      if (!message.error) this.#go(message);
      this.#changed(message.conversation);
    }
  }

  /** Try a refused one again. @param {string} clientId */
  retry(clientId) {
    const found = this.#all.get(clientId);
    if (!found?.error) return;
    found.error = null;
    this.#keep.put(found);
    this.#changed(found.conversation);
    this.#go(found);
  }

  /** It has arrived (or is not wanted any more). @param {string | null | undefined} clientId */
  remove(clientId) {
    const found = clientId ? this.#all.get(clientId) : undefined;
    if (!found) return;
    this.#all.delete(found.clientId);
    this.#keep.remove(found.clientId);
    this.#changed(found.conversation);
  }

  /** @param {Pending} message */
  async #go(message) {
    try {
      await this.#send(message);
      // Its event takes it away, mostly before this. Where the event goes elsewhere (a window into the past) time does.
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
