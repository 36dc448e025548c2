// The newest messages of each conversation that was opened, stored on this device to be read without a network. Events
// keep them up to date, whether the conversation is open or not.

import { change } from "./amendments.js";

/** @import { Event, Message } from "../sdk/types.js" */
/** @import { Database } from "../storage/database.js" */
/** @import { Timeline } from "./timeline.js" */

const KEPT = 100; // messages per conversation

export class KeptMessages {
  #database;
  #me;
  /** The events that the stored messages may lack, by conversation. @type {Map<string, Event[]>} */
  #since = new Map();
  /** Reads and writes wait for each other. @type {Promise<unknown>} */
  #work = Promise.resolve();

  /**
   * @param {Pick<Database, "get" | "put" | "remove" | "clear">} database
   * @param {() => string} me gives the user's uid
   */
  constructor(database, me) {
    this.#database = database;
    this.#me = me;
  }

  /** The messages of a conversation; none if it was never opened. @param {string} conversation */
  in(conversation) {
    return this.#after(async () => {
      const stored = (await this.#database.get("messages", conversation)) ?? [];
      return this.#with(stored, this.#since.get(conversation) ?? []);
    });
  }

  /** Take note of an event. It is stored by the next `save`. @param {Event} event */
  apply(event) {
    if (!/^(message|reaction)\./.test(event.type)) return;
    const since = this.#since.get(event.conversation);
    if (since) since.push(event);
    else this.#since.set(event.conversation, [event]);
  }

  /** Store everything as it is now. @param {Iterable<[string, Timeline]>} timelines those in memory, by conversation */
  save(timelines) {
    const since = this.#since;
    this.#since = new Map();
    /** @type {Map<string, Message[]>} */
    const whole = new Map();
    for (const [conversation, timeline] of timelines)
      if (timeline.current) whole.set(conversation, timeline.messages.slice(-KEPT));
    return this.#after(async () => {
      for (const [conversation, messages] of whole) await this.#database.put("messages", conversation, messages);
      for (const [conversation, events] of since) {
        const stored = whole.has(conversation) ? null : await this.#database.get("messages", conversation);
        if (stored) await this.#database.put("messages", conversation, this.#with(stored, events));
      }
    });
  }

  /** Events will be missing from this conversation. @param {string} conversation */
  forget(conversation) {
    this.#since.delete(conversation);
    return this.#after(() => this.#database.remove("messages", conversation));
  }

  /** Events will be missing from every conversation. */
  clear() {
    this.#since.clear();
    return this.#after(() => this.#database.clear("messages"));
  }

  /** @template T @param {() => Promise<T>} act @returns {Promise<T>} */
  #after(act) {
    const done = this.#work.then(act);
    this.#work = done.catch(() => {});
    return done;
  }

  /**
   * The messages with the effects of events, of which some may be in them already.
   * @param {Message[]} messages @param {Event[]} events
   */
  #with(messages, events) {
    const all = [...messages];
    for (const event of events) {
      const next = (all.at(-1)?.ordinal ?? 0) + 1;
      if (event.type !== "message.created") change(all, event, this.#me());
      else if (event.message.ordinal === next) all.push(event.message);
    }
    return all.slice(-KEPT);
  }
}
