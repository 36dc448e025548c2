// Whether somebody looks at the page, and when the server must be told: it pushes to nobody who looks. Pure; times are
// in ms of one clock.

/** The server takes a minute of silence for an absence. */
export const AGAIN_MS = 40_000;
/** Nobody looks at a page that has the focus but was not used for so long: they may have left the room. */
export const IDLE_MS = 180_000;

export class Attention {
  #focused = false;
  #used = -Infinity;
  /** What the server was told last over this connection. */
  #told = false;
  #at = -Infinity;

  /** The window got the focus, or lost it. @param {boolean} has @param {number} now */
  focus(has, now) {
    this.#focused = has;
    if (has) this.#used = now;
  }

  /** A key, the mouse or a finger. @param {number} now */
  used(now) {
    this.#used = now;
  }

  /** There is a new connection, which knows nothing. */
  renew() {
    this.#told = false;
  }

  /**
   * What to tell the server now; null for nothing.
   * @param {number} now @returns {boolean | null}
   */
  tell(now) {
    const looks = this.#focused && now - this.#used < IDLE_MS;
    if (looks ? this.#told && now - this.#at < AGAIN_MS : !this.#told) return null;
    this.#told = looks;
    this.#at = now;
    return looks;
  }
}
