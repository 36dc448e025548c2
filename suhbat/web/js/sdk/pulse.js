// Detects a dead connection by a ping each heartbeat and a time limit for its answer. Pure; times are monotonic
// milliseconds.

/** The time limit for the answer to `hello` or `ping`, in ms. */
export const PATIENCE_MS = 10_000;

export class Pulse {
  #heartbeat = 0;
  #awaiting = false;
  #excused = false;
  #at = Infinity;

  /** `hello` was sent and `welcome` is awaited. @param {number} now */
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
   * The refused command may be the ping. An error also proves that the connection is alive, so ping again later.
   * @param {number} wait @param {number} now
   */
  refused(wait, now) {
    if (this.#awaiting && this.#heartbeat) {
      this.#awaiting = false;
      this.#at = now + wait;
    }
  }

  /** Send a ping at the next tick, because the network may have changed. */
  soon() {
    if (!this.#awaiting && this.#heartbeat) this.#at = -Infinity;
  }

  /**
   * The timers did not run for a while (the machine slept or the tab was throttled), so the answer may be unread.
   * Extend the limit once for each ping, because a background tab is always throttled.
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
