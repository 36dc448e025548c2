// Look-ups on the server while somebody types: after a pause, and only the answer to the latest letters counts. Pure.

import { systemClock } from "../sdk/clock.js";

/** @import { Clock } from "../sdk/types.js" */

const PAUSE_MS = 200;

/** @template A an answer */
export class Lookup {
  #latest = 0;
  #cancel = () => {};

  /**
   * @param {(typed: string) => Promise<A>} ask
   * @param {(typed: string, answer: A | null, error: unknown) => void} tell  is called with the answer, or with null
   *   and the error; never for letters that were typed over
   * @param {Pick<Clock, "after">} [clock]
   */
  constructor(ask, tell, clock = systemClock) {
    this.ask = ask;
    this.tell = tell;
    this.clock = clock;
  }

  /** These letters are typed now. Nothing is asked for none. @param {string} typed */
  want(typed) {
    const visit = ++this.#latest;
    this.#cancel();
    if (!typed) return;
    this.#cancel = this.clock.after(PAUSE_MS, () => {
      void this.ask(typed).then(
        (answer) => visit === this.#latest && this.tell(typed, answer, null),
        (error) => visit === this.#latest && this.tell(typed, null, error),
      );
    });
  }

  /** No answer counts any more. */
  end() {
    this.#latest += 1;
    this.#cancel();
  }
}
