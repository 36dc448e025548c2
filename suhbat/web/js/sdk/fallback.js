// A link that takes the best way to the server: a WebSocket; an event stream where sockets are blocked; long polls
// where a proxy holds streams back. It returns to the socket when that works again.

/** @import { Clock, Ear, Frame, Link } from "./types.js" */

import { systemClock } from "./clock.js";
import { CLOSE } from "./errors.js";

const [SOCKET, STREAM, POLLS] = [0, 1, 2];
/** The pause before a WebSocket is tried again, in ms. It doubles until the longest. */
export const FIRST_TRIAL_MS = 5_000;
export const LAST_TRIAL_MS = 600_000;

/** @typedef {Link & { probe: () => Promise<boolean> }} Socket */
/** @typedef {Link & { readonly busy: boolean }} Plain */

export class FallbackLink {
  #socket;
  /** @type {Link[]} */
  #ways;
  #clock;
  #random;
  #way = SOCKET;
  /** Counts openings. What a link says that belongs to an older one is ignored. */
  #opening = 0;
  #opened = false;
  #heard = false;
  /** A link that stays open until the next one works. @type {Link | null} */
  #old = null;
  #trial = FIRST_TRIAL_MS;
  #callOff = () => {};

  /**
   * @param {{ socket: Socket, stream: Plain, polls: Plain, clock?: Clock, random?: () => number }} options
   */
  constructor({ socket, stream, polls, clock = systemClock, random = Math.random }) {
    this.#socket = socket;
    this.#ways = [socket, stream, polls];
    this.#clock = clock;
    this.#random = random;
  }

  /** The way that is taken, or would be: "socket", "stream" or "polls". */
  get way() {
    return ["socket", "stream", "polls"][this.#way];
  }

  /** @param {Ear} ear */
  open(ear) {
    this.#callOff();
    const opening = ++this.#opening;
    this.#opened = this.#heard = false;
    const mine = () => opening === this.#opening;
    this.#ways[this.#way].open({
      ...ear,
      onopen: () => {
        if (!mine()) return;
        this.#opened = true;
        ear.onopen();
      },
      onframe: (frame) => {
        if (!mine()) return;
        if (!this.#heard) this.#works(ear);
        ear.onframe(frame);
      },
      onclose: (code, reason) => {
        if (!mine()) return;
        this.#failed(false);
        ear.onclose(code, reason);
      },
    });
  }

  /** @param {Frame} frame */
  send(frame) {
    return this.#ways[this.#way].send(frame);
  }

  /** @param {number} code */
  close(code) {
    this.#opening++;
    this.#ways[this.#way].close(code);
    if (code === CLOSE.DEAD) this.#failed(true);
    this.#callOff();
    this.#drop();
  }

  /** The first frame has come this way. @param {Ear} ear */
  #works(ear) {
    this.#heard = true;
    this.#drop();
    if (this.#way === SOCKET) this.#trial = FIRST_TRIAL_MS;
    else this.#tryLater(ear);
  }

  /**
   * Choose the way for the next opening. A network that is away blocks everything, so after a request that failed the
   * socket is next. @param {boolean} silent  the server was silent for too long
   */
  #failed(silent) {
    this.#callOff();
    this.#drop();
    if (this.#way === SOCKET) this.#way = this.#heard ? SOCKET : STREAM;
    else if (this.#way === STREAM && (silent || (this.#opened && !this.#heard))) this.#way = POLLS;
    else if (!this.#heard) this.#way = SOCKET;
  }

  /** @param {Ear} ear */
  #tryLater(ear) {
    const opening = this.#opening;
    const wait = this.#trial * (0.75 + this.#random() / 2);
    this.#callOff = this.#clock.after(wait, async () => {
      this.#trial = Math.min(this.#trial * 2, LAST_TRIAL_MS);
      const works = await this.#socket.probe();
      if (opening !== this.#opening) return;
      const link = /** @type {Plain} */ (this.#ways[this.#way]);
      // A command on its way may be one that must not be sent again.
      if (!works || link.busy) return this.#tryLater(ear);
      this.#opening++;
      this.#old = link; // so that the user does not leave in between
      this.#way = SOCKET;
      ear.onclose(CLOSE.RESTART, "WebSockets work again");
    });
  }

  #drop() {
    this.#old?.close(CLOSE.NORMAL);
    this.#old = null;
  }
}
