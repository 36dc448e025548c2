// The push subscription of this browser. It follows what the user wants: each start of the page compares the two, makes
// or ends the subscription, and tells the server. So it survives a changed key, a subscription that the browser lost,
// and another account on the device.

import { isOfKey } from "./models/push.js";

/** @import { Api } from "./sdk/http.js" */

const PATIENCE_MS = 10_000; // for the worker, which may be installing still

/**
 * Whether the last attempt worked. "none": this account gets no pushes, like those of guests. "failed": the browser or
 * its push service refused, or the server was not reached.
 * @typedef {"off" | "on" | "none" | "failed"} PushState
 */

export class Pushes {
  /** @type {PushState} */
  state = "off";
  /** The server's id of this browser's subscription. @type {string | null} */
  id = null;
  #api;
  #registration;
  #changed;
  #patience;
  /** The last wish. @type {{wanted: boolean, account: boolean} | null} */
  #wish = null;
  /** The work before: a later wish waits for it. @type {Promise<unknown>} */
  #work = Promise.resolve();

  /**
   * @param {object} parts
   * @param {Pick<Api, "get" | "post" | "delete">} parts.api
   * @param {() => Promise<Pick<ServiceWorkerRegistration, "pushManager"> | undefined>} parts.registration of the
   *   worker, when it is active
   * @param {() => void} parts.changed
   * @param {number} [parts.patience] ms
   */
  constructor({ api, registration, changed, patience = PATIENCE_MS }) {
    this.#api = api;
    this.#registration = registration;
    this.#changed = changed;
    this.#patience = patience;
  }

  /**
   * Make the subscription as it is wanted. `account`: whether the user has an account; guests get no pushes.
   * @param {boolean} wanted @param {{account: boolean}} who
   */
  follow(wanted, { account }) {
    const before = this.#wish;
    if (before?.wanted === wanted && before.account === account) return this.#work;
    this.#wish = { wanted, account };
    return this.#begin();
  }

  /** Try again what has failed. */
  retry() {
    return this.state === "failed" ? this.#begin() : this.#work;
  }

  #begin() {
    this.#work = this.#work.then(() => this.#follow());
    return this.#work;
  }

  async #follow() {
    const { wanted, account } = this.#wish ?? { wanted: false, account: false };
    try {
      const manager = (await this.#soon(this.#registration()))?.pushManager;
      const known = (await manager?.getSubscription()) ?? null;
      if (wanted && account) {
        if (!manager) throw new Error("this browser has no push service");
        this.id = await this.#subscribed(manager, known);
        this.state = "on";
      } else {
        await known?.unsubscribe(); // if the server does not hear of it, it does so from the push service
        if (this.id) await this.#api.delete(`/push/${encodeURIComponent(this.id)}`).catch(() => {});
        this.id = null;
        this.state = wanted ? "none" : "off";
      }
    } catch (error) {
      this.id = null;
      const { status } = /** @type {{status?: number}} */ (error);
      this.state = !wanted ? "off" : status === 403 ? "none" : "failed";
    }
    this.#changed();
  }

  /** @param {PushManager} manager @param {PushSubscription | null} known @returns {Promise<string>} */
  async #subscribed(manager, known) {
    const { push_key } = await this.#api.get("/server");
    if (known && isOfKey(known.options.applicationServerKey, push_key)) {
      try {
        return (await this.#api.post("/push", known.toJSON())).id;
      } catch (error) {
        if (/** @type {{code?: string}} */ (error).code !== "endpoint_in_use") throw error;
      }
    }
    await known?.unsubscribe();
    const made = await manager.subscribe({ userVisibleOnly: true, applicationServerKey: push_key });
    return (await this.#api.post("/push", made.toJSON())).id;
  }

  /** @template T @param {Promise<T>} answer */
  #soon(answer) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const late = new Promise((/** @type {(value: undefined) => void} */ resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#patience);
    });
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }
}
