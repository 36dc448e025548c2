// What only this user sees between the messages, in this tab and until it is closed: the commands that a bot got, and
// its private answers. The server stores neither.

import { isIn, keyOf } from "./threads.js";

/**
 * @typedef {{id: number, key: string, conversation: string, thread: number | null, after: number, at: number,
 *   text: string, by: {uid: string, user_id: string} | null}} Aside
 *   `after`: the `seq` of the last event before it; `at`: ms since 1970; `by`: the bot that answers, null for a command
 */

const KEPT = 50;

export class Asides {
  /** @type {Aside[]} in the order in which they came */
  #all = [];
  #ids = 0;
  #changed;

  /** @param {(key: string, came: Aside | null) => void} changed `came`: what is new there */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Those of a conversation without its threads, or of one thread. @param {string} key */
  at(key) {
    return this.#all.filter((one) => one.key === key);
  }

  /** The oldest gives way. @param {Omit<Aside, "id" | "key">} aside */
  add(aside) {
    const came = { ...aside, id: ++this.#ids, key: keyOf(aside.conversation, aside.thread) };
    this.#all = [...this.#all, came].slice(-KEPT);
    this.#changed(came.key, came);
  }

  /** @param {number} id */
  close(id) {
    const found = this.#all.find((one) => one.id === id);
    if (!found) return;
    this.#all = this.#all.filter((one) => one !== found);
    this.#changed(found.key, null);
  }

  /** The user is no longer there. @param {string} conversation */
  forget(conversation) {
    this.#all = this.#all.filter(({ key }) => !isIn(key, conversation));
  }
}
