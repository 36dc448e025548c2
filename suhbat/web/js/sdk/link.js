// A link carries frames between a chat and its server. This one uses one WebSocket at a time.

/** @import { Clock, Ear, Frame } from "./types.js" */

import { systemClock } from "./clock.js";
import { CLOSE } from "./errors.js";
import { FallbackLink } from "./fallback.js";
import { HttpLink } from "./http-link.js";

const SUBPROTOCOL = "suhbat.v1";
/** The time limit for opening a socket, in ms. A browser would wait for minutes. */
export const OPEN_MS = 10_000;

/** The URL of a server's WebSocket. @param {string | URL} base  its root URL @param {string | null} [language] */
export function socketUrl(base, language = null) {
  const url = new URL("api/v1/ws", base);
  url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
  if (language) url.searchParams.set("lang", language);
  return url.href;
}

export class WebSocketLink {
  #url;
  #Socket;
  #clock;
  /** @type {WebSocket | null} */
  #socket = null;
  #callOff = () => {};

  /**
   * @param {{ url: string, socket?: typeof WebSocket, clock?: Clock }} options  `socket`: a class like
   *   WebSocket
   */
  constructor({ url, socket = globalThis.WebSocket, clock = systemClock }) {
    this.#url = url;
    this.#Socket = socket;
    this.#clock = clock;
  }

  /** @param {Ear} ear */
  open(ear) {
    this.close(CLOSE.NORMAL);
    const socket = new this.#Socket(this.#url, [SUBPROTOCOL]);
    this.#socket = socket;
    this.#callOff = this.#clock.after(OPEN_MS, () => {
      this.close(CLOSE.DEAD);
      ear.onclose(CLOSE.ABNORMAL, "the server cannot be reached");
    });
    socket.onopen = () => {
      this.#callOff();
      ear.onopen();
      socket.send(JSON.stringify(ear.hello()));
    };
    socket.onmessage = ({ data }) => ear.onframe(parsed(data));
    socket.onclose = ({ code, reason }) => {
      this.#let(socket);
      ear.onclose(code, reason);
    };
  }

  /** Whether a socket can be opened now, besides the one that is used. @returns {Promise<boolean>} */
  probe() {
    return new Promise((resolve) => {
      const socket = new this.#Socket(this.#url, [SUBPROTOCOL]);
      const end = (/** @type {boolean} */ works) => {
        callOff();
        socket.onopen = socket.onclose = null;
        socket.close(CLOSE.NORMAL);
        resolve(works);
      };
      const callOff = this.#clock.after(OPEN_MS, () => end(false));
      socket.onopen = () => end(true);
      socket.onclose = () => end(false);
    });
  }

  /** @param {Frame} frame */
  send(frame) {
    if (this.#socket?.readyState !== 1) return false; // OPEN
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** @param {number} code */
  close(code) {
    const socket = this.#socket;
    if (!socket) return;
    // A socket without a network closes slowly, so do not wait for its close event.
    this.#let(socket);
    socket.close(code);
  }

  /** @param {WebSocket} socket */
  #let(socket) {
    this.#callOff();
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
  }
}

/** @param {unknown} data */
function parsed(data) {
  try {
    return JSON.parse(/** @type {string} */ (data));
  } catch {
    return undefined;
  }
}

/**
 * The link of a chat that is given none: a WebSocket, and plain HTTP where sockets are blocked.
 * @param {{ base: string | URL, token?: string | null, language?: string | null, clock?: Clock,
 *   random?: () => number, fetch?: typeof globalThis.fetch }} options
 */
export function bestLink({ base, token = null, language = null, clock, random, fetch }) {
  const plain = { base, token, language, clock, fetch };
  return new FallbackLink({
    socket: new WebSocketLink({ url: socketUrl(base, language), clock }),
    stream: new HttpLink(plain),
    polls: new HttpLink({ ...plain, polls: true }),
    clock,
    random,
  });
}
