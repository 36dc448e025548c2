// The order of messages of which some wait for their files. Pure but for the promise that `patience` returns.
//
// A message with files is sent when they are uploaded. Messages written after it wait for it, so that "look at this"
// follows the picture; but no longer than the patience: a film that takes ten minutes must not stop a conversation.

import { Refused } from "../sdk/errors.js";

export class Turns {
  /** The last message of each line that has not been handed over. @type {Map<string, Promise<void>>} */
  #last = new Map();
  /** How to take back each message that waits, by client id. @type {Map<string, (error: Error) => void>} */
  #waiting = new Map();
  #patience;

  /** @param {() => Promise<unknown>} patience resolves when a message has waited long enough for those before it */
  constructor(patience) {
    this.#patience = patience;
  }

  /**
   * Send a message in its turn. Resolves and rejects as `send` does, and rejects if `ready` does.
   * @template T
   * @param {string} line  the conversation
   * @param {string} id
   * @param {(() => Promise<string[]>) | null} ready resolves with the ids of its files when they are uploaded
   * @param {(files: string[]) => Promise<T>} send
   * @returns {Promise<T>}
   */
  go(line, id, ready, send) {
    const before = this.#last.get(line);
    if (!before && !ready) return send([]);
    const withdrawn = new Promise((_, reject) => void this.#waiting.set(id, reject));
    const turn = before ? Promise.race([before, this.#patience()]) : null;
    const prepared = Promise.race([Promise.all([ready ? ready() : [], turn]), withdrawn]).finally(() =>
      this.#waiting.delete(id),
    );
    const sent = prepared.then(([files]) => send(files));
    const handed = prepared.then(
      () => {},
      () => {},
    );
    this.#last.set(line, handed);
    void handed.then(() => this.#last.get(line) === handed && this.#last.delete(line));
    return sent;
  }

  /** Whether a message waits for its files or for its turn. @param {string} id */
  waits(id) {
    return this.#waiting.has(id);
  }

  /** Take back a message that waits. Its `go` rejects with the code `withdrawn`. @param {string} id */
  withdraw(id) {
    const reject = this.#waiting.get(id);
    reject?.(new Refused({ code: "withdrawn", message: "the message was withdrawn" }));
    return reject !== undefined;
  }
}
