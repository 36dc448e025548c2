// Asks the server for the display names of the people who are shown: one batch at a time, while the chat is online.

/** @import { Api } from "./http.js" */
/** @import { People } from "./people.js" */
/** @import { Clock } from "./types.js" */

const GATHER_MS = 20;
const RETRY_MS = 5_000;

export class DisplayNames {
  #people;
  #api;
  #clock;
  #emit;
  #online = false;
  #asking = false;
  /** @type {(() => void) | null} cancels the timer */
  #timer = null;

  /**
   * @param {{ people: People, api: Api, clock: Clock, emit: (uids: string[]) => void }} options
   *   `emit` gets the uids of the people whose names came
   */
  constructor({ people, api, clock, emit }) {
    this.#people = people;
    this.#api = api;
    this.#clock = clock;
    this.#emit = emit;
  }

  /** @param {{ uid?: string | null, user_id?: string | null }} person */
  want({ uid, user_id }) {
    if (uid ? this.#people.want(uid) : user_id && this.#people.wantName(user_id)) this.#soon(GATHER_MS);
  }

  /** @param {boolean} online */
  online(online) {
    this.#online = online;
    this.#timer?.();
    this.#timer = null;
    this.again();
  }

  /** Ask again for what may be outdated. */
  again() {
    this.#soon(GATHER_MS);
  }

  /** @param {number} milliseconds */
  #soon(milliseconds) {
    if (!this.#online || this.#asking || !this.#people.waiting) return;
    this.#timer ??= this.#clock.after(milliseconds, () => {
      this.#timer = null;
      void this.#ask();
    });
  }

  async #ask() {
    const batch = this.#online && !this.#asking && this.#people.take();
    if (!batch) return;
    this.#asking = true;
    let wait = GATHER_MS;
    try {
      const { users } = await this.#api.get("/users", { uid: batch.uids, user_id: batch.names });
      const changed = this.#people.answered(users);
      if (changed.length) this.#emit(changed);
    } catch (error) {
      const { status, retryAfter } = /** @type {{ status?: number | null, retryAfter?: number | null }} */ (error);
      // A server that refuses the question itself is not asked again.
      if (!status || status === 429 || status >= 500) this.#people.failed(batch);
      wait = retryAfter ? retryAfter * 1000 : RETRY_MS;
    } finally {
      this.#asking = false;
    }
    this.#soon(wait);
  }
}
