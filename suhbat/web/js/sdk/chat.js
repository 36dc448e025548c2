// A chat as one object that outlives its connections. Begin to read here; docs/reference/javascript.md is its
// manual.
//
// Under it `lifeline` drives one connection after the other, a link carries the frames, and everything that
// decides is pure: `state` (what frames mean), `outbox` (what awaits an answer), `gaps`, `pulse`, `backoff`.

/** @import { Clock, Link, Saved, Sent } from "./types.js" */

import { systemClock } from "./clock.js";
import { CLOSE, Closed, Refused } from "./errors.js";
import { Api } from "./http.js";
import { newId } from "./ids.js";
import { Lifeline } from "./lifeline.js";
import { WebSocketLink, socketUrl } from "./link.js";
import { Outbox } from "./outbox.js";
import { State } from "./state.js";

export { Closed, Refused, Unreachable } from "./errors.js";
export { Api } from "./http.js";
export { WebSocketLink, socketUrl } from "./link.js";
export { TabsLink } from "./tabs.js";

/** Bytes of a command: the server closes for good at a larger one. */
const MAX_FRAME = 64 * 1024;
/** What the SDK says by itself. */
const OWN = new Set(["hello", "sync", "ping"]);

export class Chat {
  #state;
  #outbox = new Outbox();
  #line;
  #ids = 0;
  /** @type {Map<string, Set<(...args: any[]) => void>>} */
  #listeners = new Map();

  /**
   * @param {object} options
   * @param {string | URL} options.base  the server's root, with a slash at its end
   * @param {string | null} [options.token]  null: the browser's cookie says who one is
   * @param {Link | null} [options.link]  null: a WebSocketLink
   * @param {Saved | null} [options.restored]  what `save` gave
   * @param {string | null} [options.language]  of the server's messages
   * @param {Clock} [options.clock]
   * @param {() => number} [options.random]
   * @param {typeof globalThis.fetch} [options.fetch]
   */
  constructor({
    base,
    token = null,
    link = null,
    restored = null,
    language = null,
    clock = systemClock,
    random = Math.random,
    fetch = globalThis.fetch,
  }) {
    const api = new Api({ base, token, language, fetch });
    this.#state = new State(restored);
    this.#line = new Lifeline({
      state: this.#state,
      outbox: this.#outbox,
      link: link ?? new WebSocketLink({ url: socketUrl(base, language), clock }),
      token,
      clock,
      random,
      check: () => api.get("/me"),
      emit: (name, ...args) => this.#emit(name, ...args),
    });
  }

  // The connection

  /**
   * Begin; from here on it comes back by itself until `close`, or until the server does not want it any more.
   */
  connect() {
    this.#line.start();
  }

  /** Leave. What awaits an answer is refused with Closed; `connect` begins anew. */
  close() {
    this.#line.end(CLOSE.NORMAL, "left");
  }

  /** Do not wait until `status.retryAt`; where it is online, make sure that it is. */
  retryNow() {
    this.#line.hurry();
  }

  get status() {
    return this.#line.status;
  }

  // What one knows: as it is now, not to be changed by others

  get me() {
    return this.#state.me;
  }

  get conversations() {
    return this.#state.conversations;
  }

  /** By conversation: `command("join", { conversation })` accepts one, `leave` declines it. */
  get invitations() {
    return this.#state.invitations;
  }

  get people() {
    return this.#state.people.known;
  }

  get presence() {
    return this.#state.presence;
  }

  get cursors() {
    return this.#state.cursors;
  }

  get epoch() {
    return this.#state.epoch;
  }

  /** All that `restored` takes; null where nothing is known yet. */
  save() {
    return this.#state.save();
  }

  // What one says

  /**
   * Write; done when the message is durable, however many connections that takes. `clientId` makes it the
   * same message for ever: a send whose outcome is unknown can be repeated with it. Rejects with Refused or
   * Closed.
   * @param {object} message
   * @param {string} [message.conversation]  its id; or
   * @param {string} [message.toUser]  a name: the direct with them
   * @param {string} [message.uid]  theirs: only if the name still is
   * @param {string} message.text
   * @param {number | null} [message.replyTo]  a `seq`
   * @param {string} [message.clientId]
   * @returns {Promise<Sent>}
   */
  send({ conversation, toUser, uid, text, replyTo = null, clientId = newId() }) {
    const target = toUser === undefined ? { conversation } : { to_user: toUser, ...(uid === undefined ? {} : { uid }) };
    const reply = replyTo === null ? {} : { reply_to: replyTo };
    return this.command("send", { ...target, text, ...reply, client_id: clientId });
  }

  /**
   * Any command (docs/reference/commands.md); done with what its `ok` carries. It is sent again until it is
   * answered. Two are not: `typing`, which is lost where one is not online, and `create`, which rejects with
   * Unreachable if the connection breaks under it.
   * @param {string} type @param {Record<string, unknown>} [fields] @returns {Promise<any>}
   */
  async command(type, fields = {}) {
    if (OWN.has(type)) throw new TypeError(`${type} is said by the chat itself`);
    const { state, code, message } = this.status;
    if (state === "closed") throw new Closed(code ?? CLOSE.NORMAL, message);
    if (type === "typing") return void this.#line.say({ type, ...fields });
    const command = { type, id: ++this.#ids, ...fields };
    if (new TextEncoder().encode(JSON.stringify(command)).length > MAX_FRAME) {
      throw new Refused({ code: "too_large", message: "a command has at most 64 KiB" });
    }
    return new Promise((resolve, reject) => {
      this.#outbox.add(command, resolve, reject);
      this.#line.pump();
    });
  }

  // What one hears

  /**
   * Listen: "status" (status) · "snapshot" () · "event" (event, conversation state or null) · "reset"
   * (conversation, reason) · "removed" (conversation) · "changed" (conversation) · "typing" (notice) ·
   * "receipt" (notice) · "presence" (uids or null for all) · "invitations" () · "caught_up" (). Gives what ends
   * it.
   * @param {string} name @param {(...args: any[]) => void} listener
   */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** @param {string} name @param {any[]} args */
  #emit(name, ...args) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        report(error);
      }
    }
  }
}

/**
 * One listener's mistake is neither the others' nor the connection's; it is told as any uncaught error.
 * @param {unknown} error
 */
function report(error) {
  if (globalThis.reportError) return globalThis.reportError(error);
  queueMicrotask(() => {
    throw error;
  });
}
