// What was asked and awaits its answer: sent in order, sent again until answered, never too much at once.
// Pure.
//
// A command may be sent many times: before an answer came the connection broke, or the server was busy. That
// is safe, because a `send` carries the same `client_id` each time and what is so already is not changed
// again. `create` alone makes another room each time: when the connection breaks under it nobody knows
// whether it did, and the one who asked is told so.

/** @import { Frame } from "./types.js" */

import { Refused, Unreachable, WAIT_AND_REPEAT } from "./errors.js";

/** Commands that may be on their way at once. */
export const WINDOW = 64;
/** Commands that may await their answer, sent or not. The server may be away for days, and they are in memory. */
export const LIMIT = 10_000;
/** By how much an answer widens the window again, after a refusal for haste has closed it to one. */
const GROWTH = 0.25;
/** The wait after a refusal that names none. */
export const WAIT_MS = 1_000;

/**
 * The longest wait for which a command is kept back. What may be repeated only later (new directs: so many a
 * day) is refused, and everything else goes on.
 */
const LONGEST_MS = 60_000;

const ONCE = new Set(["create"]);

/** @typedef {{ command: Frame, resolve: (ok: any) => void, reject: (error: Error) => void }} Ask */

/** Of each command either `resolve` or `reject` is called, once. `now` is steady milliseconds. */
export class Outbox {
  /** By id, ascending: in the order they were asked. @type {Map<number, Ask>} */
  #asks = new Map();
  /** @type {Set<number>} */
  #flying = new Set();
  #window = WINDOW;
  #notBefore = -Infinity;

  /** How many await an answer, sent or not. */
  get size() {
    return this.#asks.size;
  }

  /**
   * @param {Frame} command  its `id` is an ascending integer
   * @param {(ok: any) => void} resolve @param {(error: Error) => void} reject
   * @throws {Refused} where too much waits already; nothing is kept of it then
   */
  add(command, resolve, reject) {
    if (this.#asks.size >= LIMIT) {
      const message = `${LIMIT.toLocaleString("en")} commands await an answer; wait for some before you ask more`;
      throw new Refused({ code: "outbox_full", message });
    }
    this.#asks.set(command.id, { command, resolve, reject });
  }

  /** The command to send now, if any; it counts as sent. @param {number} now */
  next(now) {
    if (now < this.#notBefore || this.#flying.size >= Math.trunc(this.#window)) return null;
    for (const [id, { command }] of this.#asks) {
      if (this.#flying.has(id)) continue;
      this.#flying.add(id);
      return command;
    }
    return null;
  }

  /** The connection is gone: whatever is unanswered has to be sent again, in the order it was asked. */
  cut() {
    for (const id of this.#flying) {
      if (ONCE.has(this.#asks.get(id)?.command.type ?? "")) {
        this.#take(id)?.reject(new Unreachable("the connection broke; it may have happened or not"));
      }
    }
    this.#flying.clear();
  }

  /** @param {Frame} ok */
  answered(ok) {
    const ask = this.#take(ok.id);
    if (!ask) return;
    this.#window = Math.min(this.#window + GROWTH, WINDOW);
    const { type, id, ...answer } = ok;
    ask.resolve(answer);
  }

  /**
   * A refusal for haste without an `id` may be any command's: then all that are on their way are sent again.
   * @param {Frame} error @param {number} now
   */
  refused(error, now) {
    const wait = error.retry_after ? error.retry_after * 1000 : WAIT_MS;
    if (WAIT_AND_REPEAT.has(error.code) && (wait <= LONGEST_MS || error.id == null)) {
      this.#notBefore = Math.max(this.#notBefore, now + Math.min(wait, LONGEST_MS));
      this.#window = 1;
      if (error.id == null) this.#flying.clear();
      else this.#flying.delete(error.id);
    } else {
      this.#take(error.id)?.reject(
        new Refused({ code: error.code, message: error.message, retryAfter: error.retry_after ?? null }),
      );
    }
  }

  /** Nothing will be answered any more. @param {Error} error */
  close(error) {
    const asks = [...this.#asks.values()];
    this.#asks.clear();
    this.#flying.clear();
    for (const { reject } of asks) reject(error);
  }

  /** @param {any} id */
  #take(id) {
    const ask = this.#asks.get(id);
    this.#asks.delete(id);
    this.#flying.delete(id);
    return ask;
  }
}
