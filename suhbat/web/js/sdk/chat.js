// The entry point of the SDK: a chat as one object that outlives its connections. docs/reference/javascript.md is its
// manual.
//
// `lifeline` drives one connection after the other and a link carries the frames. All decisions are in pure modules:
// `state` (the effect of frames), `outbox` (commands that await a reply), `gaps`, `pulse`, `backoff`.

/** @import { Clock, Link, Saved, Sent } from "./types.js" */

import { systemClock } from "./clock.js";
import { Bots } from "./bots.js";
import { Email } from "./email.js";
import { Hooks } from "./hooks.js";
import { CLOSE, Closed, Refused } from "./errors.js";
import { GrowingMessage } from "./growing-message.js";
import { Api } from "./http.js";
import { newId } from "./ids.js";
import { Lifeline } from "./lifeline.js";
import { bestLink } from "./link.js";
import { DisplayNames } from "./display-names.js";
import { Uploads } from "./files.js";
import { Outbox } from "./outbox.js";
import { Pictures } from "./pictures.js";
import { State } from "./state.js";

export { askForPassword, confirmEmail, resetPassword } from "./email.js";
export { Closed, Refused, Unreachable } from "./errors.js";
export { Api } from "./http.js";
export { WebSocketLink, bestLink, socketUrl } from "./link.js";
export { TabsLink } from "./tabs.js";

/** The limit of a command, in bytes. After a larger one the server closes the connection for good. */
const MAX_FRAME = 64 * 1024;
/** Commands that say how things are at this moment. */
const MOMENTARY = new Set(["typing", "active"]);
/** Commands that only the SDK sends. */
const OWN = new Set(["hello", "sync", "ping"]);

export class Chat {
  #state;
  #outbox = new Outbox();
  #line;
  #names;
  #ids = 0;
  /** @type {Map<string, Set<(...args: any[]) => void>>} */
  #listeners = new Map();
  #files;
  #pictures;
  #email;
  #bots;
  #hooks;

  /**
   * @param {object} options
   * @param {string | URL} options.base  the root URL of the server, with a slash at its end
   * @param {string | null} [options.token]  null: the browser's cookie authenticates
   * @param {Link | null} [options.link]  null: a `bestLink`
   * @param {Saved | null} [options.restored]  the result of `save`
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
    const emit = (/** @type {string[]} */ uids) => this.#emit("people", uids);
    this.#files = new Uploads({ api, clock, random });
    this.#pictures = new Pictures(api);
    this.#email = new Email(api);
    this.#bots = new Bots(api);
    this.#hooks = new Hooks(api);
    this.#names = new DisplayNames({ people: this.#state.people, api, clock, emit });
    this.#line = new Lifeline({
      state: this.#state,
      outbox: this.#outbox,
      link: link ?? bestLink({ base, token, language, clock, random, fetch }),
      token,
      clock,
      random,
      check: () => api.get("/me"),
      emit: (name, ...args) => {
        if (name === "status") this.#names.online(args[0].state === "online");
        if (name === "status" && args[0].state === "online") this.#files.hurry();
        if (name === "file") this.#files.told(args[0]);
        if (name === "presence" && args[0] === null) this.#names.again();
        this.#emit(name, ...args);
      },
    });
  }

  // Connection

  /**
   * Connect. The chat reconnects by itself until `close`, or until the server closes it for good.
   */
  connect() {
    this.#line.start();
  }

  /** Disconnect. Unanswered commands reject with Closed; `connect` starts again. */
  close() {
    this.#line.end(CLOSE.NORMAL, "left");
  }

  /** Reconnect now instead of at `status.retryAt`. If the chat is online, check the connection with a ping. */
  retryNow() {
    this.#line.hurry();
  }

  get status() {
    return this.#line.status;
  }

  // The current state. Callers must not change the objects.

  get me() {
    return this.#state.me;
  }

  get conversations() {
    return this.#state.conversations;
  }

  /** Invitations by conversation: `command("join", { conversation })` accepts one, `leave` declines it. */
  get invitations() {
    return this.#state.invitations;
  }

  get people() {
    return this.#state.people.known;
  }

  /** Counts the changes of `people`. */
  get peopleVersion() {
    return this.#state.people.version;
  }

  /** Everybody who was seen under a name. A guest's name may have had several owners. @param {string} user_id */
  holders(user_id) {
    return this.#state.people.holders(user_id);
  }

  /**
   * Say that somebody is shown. If the display name is not known, or may be outdated, it is asked for, together with
   * others; "people" tells when it is there. By `uid`, or by a name that stands in a text.
   * @param {{ uid?: string | null, user_id?: string | null }} person
   */
  want(person) {
    this.#names.want(person);
  }

  /** Keep what GET /users told about people. @param {import("./types.js").Person[]} people */
  learn(people) {
    const changed = this.#state.people.answered(people);
    if (changed.length) this.#emit("people", changed);
  }

  get presence() {
    return this.#state.presence;
  }

  get cursors() {
    return this.#state.cursors;
  }

  /** The user's uploads: `files.begin(blob, options)`. */
  get files() {
    return this.#files;
  }

  /** The pictures of people and rooms: `pictures.url(person, 64)`. */
  get pictures() {
    return this.#pictures;
  }

  /** The e-mail address of the user's account: `email.get()`. */
  get email() {
    return this.#email;
  }

  /** The bots of the user, and the commands of a conversation: `bots.list()`. */
  get bots() {
    return this.#bots;
  }

  /** The webhooks of the user: `hooks.list()`. */
  get hooks() {
    return this.#hooks;
  }

  /** What the server allows this user: see docs/reference/v1.md. Empty before the first connection. */
  get limits() {
    return this.#state.limits;
  }

  get epoch() {
    return this.#state.epoch;
  }

  /** The state to pass as `restored` later; null before the first snapshot. */
  save() {
    return this.#state.save();
  }

  // Commands

  /**
   * Send a message. Resolves when the message is durable, even after several connections. The server stores a
   * `clientId` once, so a send whose outcome is unknown can be repeated with it. Rejects with Refused or Closed.
   * @param {object} message
   * @param {string} [message.conversation]  its id; or
   * @param {string} [message.toUser]  a name: the direct with that account
   * @param {string} [message.uid]  of that account: send only if it still has the name
   * @param {string} [message.text]  may be left out beside files
   * @param {string[]} [message.files]  ids of files that `files.begin` has uploaded, at most 10
   * @param {number | null} [message.replyTo]  a `seq`
   * @param {number | null} [message.thread]  the `seq` of the message in whose thread it is a reply
   * @param {boolean} [message.also]  whether the conversation gets the reply, too
   * @param {string} [message.clientId]
   * @returns {Promise<Sent>}
   */
  send({
    conversation,
    toUser,
    uid,
    text = "",
    files = [],
    replyTo = null,
    thread = null,
    also = false,
    clientId = newId(),
  }) {
    const target = toUser === undefined ? { conversation } : { to_user: toUser, ...(uid === undefined ? {} : { uid }) };
    const reply = replyTo === null ? {} : { reply_to: replyTo };
    const place = thread === null ? {} : { thread, ...(also ? { also } : {}) };
    const shown = files.length ? { files } : {};
    return this.command("send", { ...target, text, ...reply, ...place, ...shown, client_id: clientId });
  }

  /**
   * Begin a message that grows, for example the answer of a language model (docs/how-to/streaming.md). The text is its
   * beginning, and may be left out.
   * @param {string} conversation
   * @param {{text?: string, replyTo?: number | null, thread?: number | null, clientId?: string}} [options]
   */
  async stream(conversation, { text = "", replyTo = null, thread = null, clientId = newId() } = {}) {
    const reply = replyTo === null ? {} : { reply_to: replyTo };
    const place = thread === null ? {} : { thread };
    const fields = { conversation, text, ...reply, ...place, streaming: true, client_id: clientId };
    const { seq } = await this.command("send", fields);
    return new GrowingMessage((type, asked) => this.command(type, asked), { conversation, seq, text });
  }

  /**
   * How many ms no message to this conversation will be sent, because the server asked to wait: slow mode, for example.
   * @param {string} conversation
   */
  held(conversation) {
    return this.#line.held(conversation);
  }

  /** Whether a message waits, so that `withdraw` would take it back. @param {string} clientId */
  waits(clientId) {
    return this.#outbox.waits(clientId);
  }

  /**
   * Take back a message that waits. Its `send` rejects with Refused, code `withdrawn`. Returns false if it is unknown,
   * or if the server may have stored it.
   * @param {string} clientId
   */
  withdraw(clientId) {
    return this.#outbox.withdraw(clientId);
  }

  /**
   * Send any command (docs/reference/commands.md). Resolves with the content of its `ok`. It is sent again until it is
   * answered, with exceptions: `typing` and `active` are lost while offline, and `create` rejects with Unreachable if
   * the connection breaks before the reply.
   * @param {string} type @param {Record<string, unknown>} [fields] @returns {Promise<any>}
   */
  async command(type, fields = {}) {
    if (OWN.has(type)) throw new TypeError(`${type} is said by the chat itself`);
    const { state, code, message } = this.status;
    if (state === "closed") throw new Closed(code ?? CLOSE.NORMAL, message);
    if (MOMENTARY.has(type)) return void this.#line.say({ type, ...fields });
    const command = { type, id: ++this.#ids, ...fields };
    if (new TextEncoder().encode(JSON.stringify(command)).length > MAX_FRAME) {
      throw new Refused({ code: "too_large", message: "a command has at most 64 KiB" });
    }
    return new Promise((resolve, reject) => {
      this.#outbox.add(command, resolve, reject);
      this.#line.pump();
    });
  }

  // Listeners

  /**
   * Add a listener: "status" (status) · "snapshot" () · "event" (event, conversation state or null) · "reset"
   * (conversation, reason) · "removed" (conversation) · "changed" (conversation) · "typing" (notice) ·
   * "receipt" (notice) · "presence" (uids or null for all) · "people" (uids) · "invitations" () · "caught_up" () ·
   * "held" (): the server asked to wait · "file" (file): an upload is ready · "append" (notice): a message has grown ·
   * "reply" (notice): a bot answers this user alone.
   * Returns a function that removes the listener.
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
 * An exception in one listener affects neither other listeners nor the connection. It is reported as an uncaught error.
 * @param {unknown} error
 */
function report(error) {
  if (globalThis.reportError) return globalThis.reportError(error);
  queueMicrotask(() => {
    throw error;
  });
}
