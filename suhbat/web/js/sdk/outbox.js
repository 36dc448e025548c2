// Commands that await a reply. They are sent in order and again until they are answered, with a limit on how many are
// in flight. Pure.
//
// A command may be sent many times, because the connection broke before the reply or the server was busy. That is safe:
// a `send` carries the same `client_id` each time, and the other commands are idempotent. Only `create` makes another
// room each time. If the connection breaks before its reply, the outcome is unknown and the `create` rejects.

/** @import { Frame } from "./types.js" */

import { Refused, Unreachable, WAIT_AND_REPEAT } from "./errors.js";

/** The limit of commands in flight. */
export const WINDOW = 64;
/** The limit of unanswered commands, sent or not. They are in memory and the server may be offline for days. */
export const LIMIT = 10_000;
/** The growth of the window per `ok`, after an error of WAIT_AND_REPEAT has reduced it to one. */
const GROWTH = 0.25;
/** The delay after an error of WAIT_AND_REPEAT that names no delay. */
export const WAIT_MS = 1_000;

/**
 * The longest delay for which a command is held back. A command with a longer delay (new directs have a daily limit) is
 * refused, and the other commands go on.
 */
const LONGEST_MS = 60_000;

const ONCE = new Set(["create"]);

/** @typedef {{ command: Frame, resolve: (ok: any) => void, reject: (error: Error) => void }} Ask */

/** Of each command either `resolve` or `reject` is called, once. `now` is steady milliseconds. */
export class Outbox {
  /** By id, ascending, which is the order of the calls. @type {Map<number, Ask>} */
  #asks = new Map();
  /** @type {Set<number>} */
  #flying = new Set();
  #window = WINDOW;
  #notBefore = -Infinity;

  /** The number of unanswered commands, sent or not. */
  get size() {
    return this.#asks.size;
  }

  /**
   * @param {Frame} command  its `id` is an ascending integer
   * @param {(ok: any) => void} resolve @param {(error: Error) => void} reject
   * @throws {Refused} if too many commands wait already; then this one is not kept
   */
  add(command, resolve, reject) {
    if (this.#asks.size >= LIMIT) {
      const message = `${LIMIT.toLocaleString("en")} commands await an answer; wait for some before you ask more`;
      throw new Refused({ code: "outbox_full", message });
    }
    this.#asks.set(command.id, { command, resolve, reject });
  }

  /** The command to send now, if any. It counts as sent. @param {number} now */
  next(now) {
    if (now < this.#notBefore || this.#flying.size >= Math.trunc(this.#window)) return null;
    for (const [id, { command }] of this.#asks) {
      if (this.#flying.has(id)) continue;
      this.#flying.add(id);
      return command;
    }
    return null;
  }

  /** The connection is lost: all unanswered commands must be sent again, in order. A `create` in flight rejects. */
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
   * An error of WAIT_AND_REPEAT without an `id` may belong to any command, so all commands in flight are sent again.
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

  /** No reply will arrive any more: reject all commands. @param {Error} error */
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
