// How long to wait before coming back: full jitter, from 0.5 s doubling to 20 s (docs/reference/close-codes.md). Pure.

export const FIRST_MS = 500;
export const MOST_MS = 20_000;

export class Backoff {
  #most = FIRST_MS;
  #random;

  /** @param {() => number} random  from 0 to below 1 */
  constructor(random) {
    this.#random = random;
  }

  /** Milliseconds to wait now; the next time it may be twice as long. */
  next() {
    const most = this.#most;
    this.#most = Math.min(most * 2, MOST_MS);
    return this.#random() * most;
  }

  /** All is well again. */
  reset() {
    this.#most = FIRST_MS;
  }
}
