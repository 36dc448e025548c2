// The newest messages of each conversation and thread that was opened, stored on this device to be read without a
// network. Events keep them up to date, whether the conversation is open or not. (Only the reactions of a thread that
// is not in memory stay as they were: those events do not name it.)

import { aboutText, change, countReply, isNewText } from "./amendments.js";
import { isIn, isThread, keyOf, ordinalOf, threadOfMessage } from "./threads.js";
import { threadOf } from "../sdk/threads.js";

/** @import { Event, Message } from "../sdk/types.js" */
/** @import { Database } from "../storage/database.js" */
/** @import { Timeline } from "./timeline.js" */

const KEPT = 100; // messages per conversation and thread
const THREADS = 50; // threads; those that were opened last

export class KeptMessages {
  #database;
  #me;
  /** The events that the stored messages may lack, by their keys. @type {Map<string, Event[]>} */
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

  /**
   * The messages of a conversation, or the root and the replies of a thread; none if it was never opened.
   * @param {string} key
   */
  in(key) {
    return this.#after(async () => {
      const stored = (await this.#database.get("messages", key)) ?? [];
      return this.#with(key, stored, this.#since.get(key) ?? []);
    });
  }

  /** Take note of an event. It is stored by the next `save`. @param {Event} event */
  apply(event) {
    if (!/^(message|reaction)\./.test(event.type)) return;
    for (const key of keysOf(event)) {
      const since = this.#since.get(key);
      if (since) since.push(event);
      else this.#since.set(key, [event]);
    }
  }

  /** Store everything as it is now. @param {Iterable<[string, Timeline]>} timelines those in memory, by their keys */
  save(timelines) {
    const since = this.#since;
    this.#since = new Map();
    /** @type {Map<string, Message[]>} */
    const whole = new Map();
    for (const [key, timeline] of timelines) if (timeline.current) whole.set(key, timeline.newest(KEPT));
    return this.#after(async () => {
      for (const [key, messages] of whole) await this.#database.put("messages", key, messages);
      for (const [key, events] of since) {
        const stored = whole.has(key) ? null : await this.#database.get("messages", key);
        if (stored) await this.#database.put("messages", key, this.#with(key, stored, events));
      }
      await this.#opened([...whole.keys()].filter(isThread));
    });
  }

  /** These threads were opened last. The oldest ones are forgotten. @param {string[]} keys */
  async #opened(keys) {
    if (!keys.length) return;
    const before = (await this.#threads()).filter((key) => !keys.includes(key));
    const all = [...before, ...keys];
    for (const key of all.splice(0, Math.max(0, all.length - THREADS))) await this.#database.remove("messages", key);
    await this.#database.put("state", "threads", all);
  }

  /** The keys of the threads that are stored, the one opened last at the end. @returns {Promise<string[]>} */
  async #threads() {
    return (await this.#database.get("state", "threads")) ?? [];
  }

  /** Events will be missing from this conversation. @param {string} conversation */
  forget(conversation) {
    for (const key of [...this.#since.keys()]) if (isIn(key, conversation)) this.#since.delete(key);
    return this.#after(async () => {
      const threads = (await this.#threads()).filter((key) => isIn(key, conversation));
      for (const key of [conversation, ...threads]) await this.#database.remove("messages", key);
    });
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
   * @param {string} key @param {Message[]} messages @param {Event[]} events
   */
  #with(key, messages, events) {
    const all = [...messages];
    const root = isThread(key) ? all.splice(0, 1) : [];
    for (const event of events) {
      countReply(root, event) || countReply(all, event);
      const next = (all.length ? ordinalOf(all[all.length - 1]) : 0) + 1;
      if (event.type !== "message.created") change(root, event, this.#me()) || change(all, event, this.#me());
      else if (keyOf(event.conversation, threadOfMessage(event.message)) === key && ordinalOf(event.message) === next)
        all.push(event.message);
    }
    return [...root, ...all.slice(-KEPT)];
  }
}

/**
 * What an event may change: the conversation, and the thread that it is in or whose root it is about.
 * @param {Event} event
 */
function keysOf(event) {
  const thread = threadOf(event) ?? (isNewText(event) ? event.message.thread : null) ?? aboutText(event);
  return [event.conversation, ...(thread ? [keyOf(event.conversation, thread)] : [])];
}
