// Whether the server is still there: a ping each heartbeat, and an end to patience. Pure; time is steady
// milliseconds.

/** How long an answer to `hello` or `ping` may take. */
export const PATIENCE_MS = 10_000;

export class Pulse {
  #heartbeat = 0;
  #awaiting = false;
  #excused = false;
  #at = Infinity;

  /** `hello` was said; `welcome` is awaited. @param {number} now */
  hello(now) {
    this.#await(now);
  }

  /** @param {number} seconds  the heartbeat @param {number} now */
  welcome(seconds, now) {
    this.#heartbeat = seconds * 1000;
    this.pong(now);
  }

  /** @param {number} now */
  pong(now) {
    this.#awaiting = false;
    this.#at = now + this.#heartbeat;
  }

  /**
   * A ping may have been refused: that, too, is a sign of life. Ask again later.
   * @param {number} wait @param {number} now
   */
  refused(wait, now) {
    if (this.#awaiting && this.#heartbeat) {
      this.#awaiting = false;
      this.#at = now + wait;
    }
  }

  /** Ask at the next tick: the network may have changed. */
  soon() {
    if (!this.#awaiting && this.#heartbeat) this.#at = -Infinity;
  }

  /**
   * Nobody looked for a while (a machine that slept, a tab that was held back): the answer may lie there
   * unread. Once for each ping, for a tab in the background is held back always.
   * @param {number} now
   */
  excuse(now) {
    if (this.#awaiting && !this.#excused) {
      this.#excused = true;
      this.#at = now + PATIENCE_MS;
    }
  }

  /**
   * @param {number} now
   * @returns {"rest" | "ping" | "silence"}  silence: this connection is dead, whatever its socket says
   */
  tick(now) {
    if (now < this.#at) return "rest";
    if (this.#awaiting) return "silence";
    this.#await(now);
    return "ping";
  }

  /** @param {number} now */
  #await(now) {
    this.#awaiting = true;
    this.#excused = false;
    this.#at = now + PATIENCE_MS;
  }
}
