// Two clicks of a double click, where one is meant: on a button that also takes back what it did. Pure.

/** The longest time, in ms, between two clicks that belong together: what Windows takes for a double click. */
export const TOGETHER = 500;

export class DoubleClick {
  #what = "";
  #at = -Infinity;

  /**
   * Whether this click belongs to the one before. A third one right after the second belongs to them, too.
   * @param {string} what what was clicked @param {number} now ms
   */
  again(what, now) {
    const again = what === this.#what && now - this.#at < TOGETHER;
    this.#what = what;
    this.#at = now;
    return again;
  }
}
