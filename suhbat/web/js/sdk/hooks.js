// Webhooks of the user (docs/reference/http.md): incoming ones of a conversation, and outgoing ones.

/** @import { Api } from "./http.js" */

/** @typedef {{ id: string, name: string, uid: string, maker_uid: string, created_at: string }} IncomingHook */
/**
 * @typedef {"address" | "name" | "refused" | "unreachable" | "timeout" | "tls" | "broken" | "busy"} NoAnswer
 *   why a receiver did not answer; see the reference
 */
/**
 * @typedef {object} OutgoingHook
 * @property {string} id
 * @property {string} name
 * @property {string} uid
 * @property {string} url
 * @property {string[] | "all"} conversations
 * @property {string[]} events
 * @property {boolean} on
 * @property {"failing" | "gone" | null} off  why the server switched it off
 * @property {{ at: string, status: number, reason?: NoAnswer | null } | null} [failed]  the last attempt, if it failed,
 *   so that events wait
 * @property {string} created_at
 */
/**
 * @typedef {object} Delivery  an event that was sent, or tried to be, or a test
 * @property {number} n
 * @property {string} conversation
 * @property {number} seq
 * @property {string} event
 * @property {number} status  what the receiver answered last; 0 if it did not answer
 * @property {NoAnswer | null} [reason]  why it did not
 * @property {number} attempts
 * @property {string} at  of the last attempt
 * @property {string | null} [next_at]  when it is sent again by itself
 */

export class Hooks {
  #api;

  /** @param {Api} api */
  constructor(api) {
    this.#api = api;
  }

  /**
   * Make an incoming webhook. Its `url` is a secret that is shown only here.
   * @param {string} conversation @param {string} name @returns {Promise<{ id: string, url: string }>}
   */
  makeIncoming(conversation, name) {
    return this.#api.post(incoming(conversation), { name });
  }

  /** @param {string} conversation @returns {Promise<IncomingHook[]>} */
  async incoming(conversation) {
    return (await this.#api.get(incoming(conversation))).hooks;
  }

  /** @param {string} conversation @param {string} id */
  async removeIncoming(conversation, id) {
    await this.#api.delete(`${incoming(conversation)}/${encodeURIComponent(id)}`);
  }

  /**
   * Make an outgoing webhook. Its `secret` is shown only here.
   * @param {{ url: string, conversations: string[] | "all", events?: string[], name?: string }} hook
   * @returns {Promise<{ id: string, secret: string }>}
   */
  make(hook) {
    return this.#api.post("/hooks", hook);
  }

  /** The outgoing webhooks of the user. @returns {Promise<OutgoingHook[]>} */
  async list() {
    return (await this.#api.get("/hooks")).hooks;
  }

  /** Switch an outgoing webhook off, or on again. @param {string} id @param {boolean} on */
  async switch(id, on) {
    await this.#api.patch(outgoing(id), { on });
  }

  /** @param {string} id */
  async remove(id) {
    await this.#api.delete(outgoing(id));
  }

  /** The last deliveries, the newest first. @param {string} id @returns {Promise<Delivery[]>} */
  async deliveries(id) {
    return (await this.#api.get(`${outgoing(id)}/deliveries`)).deliveries;
  }

  /**
   * Repeat a delivery now. One that still waits is not sent twice.
   * @param {string} id @param {number} n @returns {Promise<Delivery>}
   */
  again(id, n) {
    return this.#api.post(`${outgoing(id)}/deliveries/${n}/again`);
  }

  /** Send a test now: the delivery, with what the receiver answered. @param {string} id @returns {Promise<Delivery>} */
  test(id) {
    return this.#api.post(`${outgoing(id)}/test`);
  }
}

/** @param {string} conversation */
const incoming = (conversation) => `/conversations/${encodeURIComponent(conversation)}/hooks`;
/** @param {string} id */
const outgoing = (id) => `/hooks/${encodeURIComponent(id)}`;
