// The messages that mention the user or reply to them, and those that they have saved, the newest first. Pure.

import { change } from "./amendments.js";
import { keyOf } from "./threads.js";

/** @import { ConversationState, Event, Message } from "../sdk/types.js" */

/** Why a message is listed: it mentions the user, it replies to them, or they saved it. */
/** @typedef {{message: Message, reason: "mention" | "reply" | "saved"}} Listing */

/**
 * Whether a message is above the user's read mark, in its conversation or in its thread.
 * @param {Message} message @param {ConversationState | undefined} state
 */
export function isUnread({ thread, ordinal, thread_ordinal = 0 }, state) {
  if (thread === undefined) return ordinal > (state?.read_ordinal ?? Infinity);
  const followed = state?.threads?.find(({ root }) => root === thread);
  return followed !== undefined && thread_ordinal > followed.read_ordinal;
}

export class Inbox {
  /** By conversation and `seq`, in the order of the server. @type {Map<string, Listing>} */
  #listings = new Map();
  #me;

  /** @param {() => string} me the uid of the user */
  constructor(me) {
    this.#me = me;
  }

  /** Pages of the server, the first one or a later one. @param {Listing[]} listings @param {boolean} first */
  add(listings, first) {
    if (first) this.#listings.clear();
    for (const one of listings) this.#listings.set(keyOf(one.message.conversation, one.message.seq), one);
  }

  /** A message changed, or is gone. @param {Event} event */
  apply(event) {
    const seq = event.message?.seq ?? event.target;
    const key = typeof seq === "number" ? keyOf(event.conversation, seq) : "";
    const found = this.#listings.get(key);
    if (!found) return;
    const list = [found.message];
    change(list, event, this.#me());
    if (list[0].deleted) this.#listings.delete(key);
    else this.#listings.set(key, { ...found, message: list[0] });
  }

  /** @param {string} conversation @param {number} seq */
  remove(conversation, seq) {
    this.#listings.delete(keyOf(conversation, seq));
  }

  /** What the user can still read. @param {Map<string, ConversationState>} states @returns {Listing[]} */
  in(states) {
    return [...this.#listings.values()].filter(({ message }) => states.has(message.conversation));
  }

  get size() {
    return this.#listings.size;
  }
}
