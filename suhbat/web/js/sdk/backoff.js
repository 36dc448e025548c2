// The delay before a reconnection: full jitter, doubling from 0.5 s to 20 s (docs/reference/close-codes.md). Pure.

export const FIRST_MS = 500;
export const MOST_MS = 20_000;

export class Backoff {
  #most = FIRST_MS;
  #random;

  /** @param {() => number} random  from 0 to below 1 */
  constructor(random) {
    this.#random = random;
  }

  /** The delay for this attempt, in milliseconds. The next delay may be twice as long. */
  next() {
    const most = this.#most;
    this.#most = Math.min(most * 2, MOST_MS);
    return this.#random() * most;
  }

  /** The connection is healthy again: start from the shortest delay. */
  reset() {
    this.#most = FIRST_MS;
  }
}
