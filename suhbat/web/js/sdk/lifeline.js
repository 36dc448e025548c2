// Drives the connections: sends and receives over the current one and decides whether and when to reconnect
// (docs/reference/close-codes.md).

/** @import { Clock, Effect, Frame, Link, Status } from "./types.js" */
/** @import { Outbox } from "./outbox.js" */
/** @import { State } from "./state.js" */

import { Backoff } from "./backoff.js";
import { CLOSE, Closed, Refused, Unreachable, mayReconnect } from "./errors.js";
import { answer } from "./resume.js";

const TICK_MS = 500;
/** A tick that comes more than this many ms after the last one was delayed, together with all work of the page. */
const LATE_MS = 5_000;

/** How long, in ms, a connection must be healthy before its end is followed by a short delay. */
const STEADY_MS = 10_000;

/** After these events slow mode may be off, or not apply to the user any more. */
const RELEASING = new Set(["conversation.updated", "member.updated"]);

export class Lifeline {
  /** @type {Status} */
  status;
  #state;
  #outbox;
  #link;
  #token;
  #clock;
  #check;
  #emit;
  #backoff;
  /** Whether this connection was ever open. */
  #reached = false;
  /** When this connection caught up; null before that. @type {number | null} */
  #liveSince = null;
  /** Counts starts and stops. An answer that belongs to an older count is ignored. */
  #life = 0;
  /** @type {Frame | null} */
  #lastError = null;
  #ticked = 0;
  #stopTicking = () => {};
  #stopWaiting = () => {};

  /**
   * @param {object} parts
   * @param {State} parts.state
   * @param {Outbox} parts.outbox
   * @param {Link} parts.link
   * @param {string | null} parts.token
   * @param {Clock} parts.clock @param {() => number} parts.random
   * @param {() => Promise<unknown>} parts.check  requests the current account; fails if the login is not valid
   * @param {(name: string, ...args: any[]) => void} parts.emit
   */
  constructor({ state, outbox, link, token, clock, random, check, emit }) {
    this.#state = state;
    this.#outbox = outbox;
    this.#link = link;
    this.#token = token;
    this.#clock = clock;
    this.#check = check;
    this.#emit = emit;
    this.#backoff = new Backoff(random);
    this.status = { state: "offline", since: clock.wall(), retryAt: null, code: null, message: "" };
  }

  /** Start, unless it is running. */
  start() {
    const idle = this.status.state === "offline" && this.status.retryAt === null;
    if (!idle && this.status.state !== "closed") return;
    this.#life++;
    this.#backoff.reset();
    this.#connect();
  }

  /** Reconnect or check at once: the network may have returned, or changed under an open connection. */
  hurry() {
    if (this.status.state === "online") this.#state.pulse.soon();
    else if (this.status.state === "offline" && this.status.retryAt !== null) this.#connect();
    else if (this.status.state === "connecting") this.#link.hurry?.();
  }

  /** Stop and reject all commands. Only `start` connects again. @param {number} code @param {string} reason */
  end(code, reason) {
    if (this.status.state === "closed") return;
    this.#life++;
    this.#stop();
    this.#link.close(CLOSE.NORMAL);
    this.#set("closed", { code, message: reason });
    this.#outbox.close(new Closed(code, reason));
  }

  /** Send a command now if the connection is ready, else drop it. @param {Frame} command */
  say(command) {
    return this.#state.welcomed && this.#link.send(command);
  }

  /** How many ms no message to this conversation will be sent. @param {string} conversation */
  held(conversation) {
    return this.#outbox.held(conversation, this.#clock.steady());
  }

  /** Send the commands that may be sent now. */
  pump() {
    if (!this.#state.welcomed) return;
    for (;;) {
      const command = this.#outbox.next(this.#clock.steady());
      if (!command || !this.#link.send(command)) return;
    }
  }

  #connect() {
    this.#stop();
    this.#reached = false;
    this.#lastError = null;
    this.#set("connecting");
    this.#link.open({
      hello: () => this.#hello(),
      onopen: () => void (this.#reached = true),
      onframe: (frame) => this.#hear(frame),
      onclose: (code, reason) => this.#closed(code, reason),
      answer: (hello) => answer(this.#state, hello),
      hurry: () => this.hurry(),
    });
  }

  #hello() {
    const now = this.#clock.steady();
    this.#ticked = now;
    this.#stopTicking();
    this.#stopTicking = this.#clock.after(TICK_MS, () => this.#tick());
    return this.#state.hello(this.#token, now);
  }

  /** @param {any} frame */
  #hear(frame) {
    if (typeof frame?.type !== "string") return this.#drop(CLOSE.INVALID_DATA, "not understood");
    const now = this.#clock.steady();
    if (frame.type === "error") this.#lastError = frame;
    const effects = this.#state.receive(frame, now);
    if (frame.type === "ok") this.#outbox.answered(frame);
    if (frame.type === "error") this.#outbox.refused(frame, now);
    if (RELEASING.has(frame.type)) this.#outbox.release(frame.conversation);
    this.#carryOut(effects);
    if (frame.type === "error" && frame.retry_after) this.#emit("held");
    if (["welcome", "ok", "error"].includes(frame.type)) this.pump();
  }

  #tick() {
    const now = this.#clock.steady();
    this.#stopTicking = this.#clock.after(TICK_MS, () => this.#tick());
    if (now - this.#ticked > LATE_MS) this.#state.pulse.excuse(now);
    this.#ticked = now;
    this.#carryOut(this.#state.tick(now));
    this.pump();
  }

  /** @param {Effect[]} effects */
  #carryOut(effects) {
    for (const effect of effects) {
      if ("emit" in effect) this.#emit(...effect.emit);
      else if ("say" in effect) this.say(effect.say);
      else if ("live" in effect) this.#live();
      else return this.#drop(CLOSE.ABNORMAL, "the server does not answer");
    }
  }

  #live() {
    this.#liveSince = this.#clock.steady();
    this.#set("online");
    this.#emit("caught_up");
  }

  /**
   * Close this connection from the client.
   * @param {number} code  handled as if the server had closed with it @param {string} reason
   */
  #drop(code, reason) {
    this.#link.close(CLOSE.DEAD);
    this.#closed(code, reason);
  }

  /** @param {number} code @param {string} reason */
  #closed(code, reason) {
    this.#stop();
    const error = this.#lastError;
    let wait = 0;
    if (error && (error.code === reason || error.id === "hello")) {
      reason = error.message;
      wait = (error.retry_after ?? 0) * 1000;
    }
    if (!mayReconnect(code)) return this.end(code, reason);
    if (this.#wasWell()) this.#backoff.reset();
    this.#liveSince = null;
    wait += this.#backoff.next();
    this.#stopWaiting = this.#clock.after(wait, () => this.#connect());
    this.#set("offline", { code, message: reason, retryAt: this.#clock.wall() + wait });
    if (!this.#reached) void this.#ask(this.#life);
  }

  /**
   * Whether the next delay may be short. Without this rule, whatever ends each connection soon after it opened would
   * cause rapid reconnections for ever: a fault of the server, a proxy that cuts, polls that reach another node each
   * time.
   */
  #wasWell() {
    return this.#liveSince !== null && this.#clock.steady() - this.#liveSince >= STEADY_MS;
  }

  /**
   * A browser does not report why a socket never opened. The login may be invalid, so ask the server.
   * @param {number} life
   */
  async #ask(life) {
    try {
      await this.#check();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      const wanted = error.status !== 401 && error.status !== 403;
      if (wanted || life !== this.#life || this.status.state === "online") return;
      this.end(error.status === 401 ? CLOSE.UNAUTHENTICATED : CLOSE.FORBIDDEN, error.message);
    }
  }

  #stop() {
    this.#stopTicking();
    this.#stopWaiting();
    this.#state.cut();
    this.#outbox.cut();
  }

  /** @param {Status["state"]} state @param {Partial<Status>} [more] */
  #set(state, more = {}) {
    const apart = (/** @type {string} */ one) => (one === "connecting" ? "offline" : one);
    const since = apart(state) === apart(this.status.state) ? this.status.since : this.#clock.wall();
    this.status = { retryAt: null, code: null, message: "", ...more, state, since };
    this.#emit("status", this.status);
  }
}
