// Commands that await a reply. They are sent in order and again until they are answered, with a limit on how many are
// in flight. Pure.
//
// A command may be sent many times, because the connection broke before the reply or the server was busy. That is safe:
// a `send` carries the same `client_id` each time, and the other commands are idempotent. Only `create` makes another
// room each time. If the connection breaks before its reply, the outcome is unknown and the `create` rejects.
//
// Every command stands in a line: the messages to one conversation in the same line, every other command in a line of
// its own. A refusal with a `scope` (slow mode, for example) holds back its line only, and the others go on. From then
// on the messages of that line go one at a time until none waits, so that none overtakes another.

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
 * refused, and the other commands go on. Only a conversation may ask for more: slow mode can be a day.
 */
const LONGEST_MS = 60_000;

const ONCE = new Set(["create"]);

/**
 * @typedef {{ command: Frame, line: Line, resolve: (ok: any) => void, reject: (error: Error) => void,
 *   unsure: boolean }} Ask  `unsure`: it was sent, and whether it was carried out is unknown
 */

/**
 * @typedef {{ name: string, asks: Map<number, Ask>, until: number }} Line  Commands that wait for each other while the
 *   line is held back: in their order, those in flight too. `until`: when the first may be sent.
 */

/** Of each command either `resolve` or `reject` is called, once. `now` is steady milliseconds. */
export class Outbox {
  /** By id, ascending, which is the order of the calls. @type {Map<number, Ask>} */
  #asks = new Map();
  /** @type {Set<number>} */
  #flying = new Set();
  #window = WINDOW;
  #notBefore = -Infinity;
  /** @type {Map<string, Line>} */
  #lines = new Map();
  /** The commands of lines that are not held back, in their order. @type {Set<number>} */
  #free = new Set();
  /** @type {Map<string, Line>} */
  #held = new Map();
  /** No command of a line in `#held` may be sent before this time. */
  #due = Infinity;

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
    const name = lineOf(command);
    const line = this.#lines.get(name) ?? { name, asks: new Map(), until: -Infinity };
    const ask = { command, line, resolve, reject, unsure: false };
    this.#lines.set(name, line);
    line.asks.set(command.id, ask);
    this.#asks.set(command.id, ask);
    if (!this.#held.has(name)) this.#free.add(command.id);
  }

  /** The command to send now, if any. It counts as sent. @param {number} now */
  next(now) {
    if (now < this.#notBefore || this.#flying.size >= Math.trunc(this.#window)) return null;
    const id = Math.min(this.#firstFree(), now < this.#due ? Infinity : this.#firstDue(now));
    const ask = this.#asks.get(id);
    if (!ask) return null;
    this.#flying.add(id);
    return ask.command;
  }

  /** How many ms no message to this conversation will be sent. @param {string} conversation @param {number} now */
  held(conversation, now) {
    return Math.max(0, this.#notBefore - now, (this.#held.get(conversation)?.until ?? -Infinity) - now);
  }

  /** The reason to hold back this conversation may be gone: try again now. @param {string} conversation */
  release(conversation) {
    const line = this.#held.get(conversation);
    if (line) line.until = this.#due = -Infinity;
  }

  /** Whether `withdraw` would take back this message. @param {string} clientId */
  waits(clientId) {
    return this.#unsent(clientId) !== null;
  }

  /**
   * Take back a message, unless it may have reached the server. It then rejects with the code `withdrawn`.
   * @param {string} clientId
   */
  withdraw(clientId) {
    const id = this.#unsent(clientId);
    if (id === null) return false;
    this.#take(id)?.reject(new Refused({ code: "withdrawn", message: "the message was withdrawn" }));
    return true;
  }

  /** The id of a message that cannot have reached the server. @param {string} clientId */
  #unsent(clientId) {
    for (const [id, { command, unsure }] of this.#asks)
      if (command.client_id === clientId) return unsure || this.#flying.has(id) ? null : id;
    return null;
  }

  /** The connection is lost: all unanswered commands must be sent again, in order. A `create` in flight rejects. */
  cut() {
    for (const id of this.#flying) {
      if (ONCE.has(this.#asks.get(id)?.command.type ?? "")) {
        this.#take(id)?.reject(new Unreachable("the connection broke; it may have happened or not"));
      }
    }
    this.#land();
    for (const name of this.#held.keys()) this.release(name); // what held it back may have changed meanwhile
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
    const short = wait <= LONGEST_MS || error.id == null || error.scope === "conversation";
    if (!WAIT_AND_REPEAT.has(error.code) || !short) {
      const { code, message, retry_after: retryAfter = null, offset = null } = error;
      this.#take(error.id)?.reject(new Refused({ code, message, retryAfter, offset }));
      return;
    }
    const ask = this.#asks.get(error.id);
    if (!error.scope) {
      this.#notBefore = Math.max(this.#notBefore, now + Math.min(wait, LONGEST_MS));
      this.#window = 1;
      if (error.id == null) this.#land();
      this.#due = -Infinity; // one of them may be the first of its line
    } else if (ask) {
      this.#hold(ask.line, now + wait);
    }
    this.#flying.delete(error.id);
    if (ask) ask.unsure = false;
  }

  /** No reply will arrive any more: reject all commands. @param {Error} error */
  close(error) {
    const asks = [...this.#asks.values()];
    for (const kept of [this.#asks, this.#flying, this.#lines, this.#free, this.#held]) kept.clear();
    for (const { reject } of asks) reject(error);
  }

  /** The outcome of everything in flight is unknown. */
  #land() {
    for (const id of this.#flying) {
      const ask = this.#asks.get(id);
      if (ask) ask.unsure = true;
    }
    this.#flying.clear();
  }

  /** @param {Line} line @param {number} until */
  #hold(line, until) {
    line.until = Math.max(line.until, until);
    this.#due = Math.min(this.#due, line.until);
    if (this.#held.has(line.name)) return;
    this.#held.set(line.name, line);
    for (const id of line.asks.keys()) this.#free.delete(id);
  }

  /** The id of a command that is not held back and may be sent now; Infinity for none. */
  #firstFree() {
    for (const id of this.#free) if (!this.#flying.has(id)) return id;
    return Infinity;
  }

  /** The same of a command in `#held`. Finds out when that changes. @param {number} now */
  #firstDue(now) {
    this.#due = Infinity;
    for (const { asks, until } of this.#held.values()) {
      const [id] = asks.keys();
      if (this.#flying.has(id)) continue;
      this.#due = Math.min(this.#due, until);
      if (until <= now) return id;
    }
    return Infinity;
  }

  /** @param {any} id */
  #take(id) {
    const ask = this.#asks.get(id);
    if (!ask) return undefined;
    const { line } = ask;
    for (const kept of [this.#asks, line.asks, this.#free, this.#flying]) kept.delete(id);
    if (line.asks.size === 0) {
      this.#lines.delete(line.name);
      this.#held.delete(line.name);
    } else if (this.#held.has(line.name)) {
      this.#due = Math.min(this.#due, line.until); // the next one may be sent then
    }
    return ask;
  }
}

/**
 * The line of a command: the target of a message. A conversation's id has no space and no `@`.
 * @param {Frame} command
 */
function lineOf({ type, id, conversation, to_user }) {
  return type === "send" ? (conversation ?? `@${to_user}`) : `${type} ${id}`;
}
