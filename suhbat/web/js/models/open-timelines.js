// The timelines in memory: those of the conversations and threads that were opened last, and all that are open.

import { isIn, keyOf } from "./threads.js";
import { Timeline } from "./timeline.js";

/** @import { HistoryQuery, LoadedPage, WindowChange } from "./timeline.js" */

const KEPT = 12;

export class OpenTimelines {
  /** By their keys, in order of use, the most recent last. @type {Map<string, Timeline>} */
  #all = new Map();
  #tools;

  /**
   * @param {{
   *   load: (conversation: string, query: HistoryQuery & {thread?: number}) => Promise<LoadedPage>,
   *   changed: (key: string, change: WindowChange) => void,
   *   me: () => string,
   * }} tools `me`: the uid of the user
   */
  constructor(tools) {
    this.#tools = tools;
  }

  /**
   * The timeline of a conversation, or of the thread with this root. It is created on first use.
   * @param {string} conversation @param {number | null} [thread]
   */
  at(conversation, thread = null) {
    const key = keyOf(conversation, thread);
    const found = this.#all.get(key) ?? this.#make(conversation, thread);
    this.#all.delete(key);
    this.#all.set(key, found);
    for (const [name, { watched }] of this.#all) {
      if (this.#all.size <= KEPT) break;
      if (!watched && name !== key) this.#all.delete(name);
    }
    return found;
  }

  /** @param {string} conversation @param {number | null} thread */
  #make(conversation, thread) {
    const { load, changed, me } = this.#tools;
    const key = keyOf(conversation, thread);
    return new Timeline(
      (query) => load(conversation, thread === null ? query : { ...query, thread }),
      (change) => changed(key, change),
      me,
      thread,
    );
  }

  /** The timelines of a conversation and of its threads. @param {string} conversation */
  in(conversation) {
    return [...this.#all].filter(([key]) => isIn(key, conversation)).map(([, timeline]) => timeline);
  }

  /** The ids of their conversations. */
  get conversations() {
    return new Set([...this.#all.keys()].map((key) => key.split("/")[0]));
  }

  /** By their keys. */
  [Symbol.iterator]() {
    return this.#all.entries();
  }

  /** A message of a conversation if it is in memory. @param {string} conversation @param {number} seq */
  message(conversation, seq) {
    return this.#all.get(conversation)?.find(seq) ?? null;
  }

  /** Load the messages in memory anew, at the places of their readers. @param {string} conversation */
  reload(conversation) {
    for (const timeline of this.in(conversation)) void timeline.reload().catch(() => {});
  }

  /** @param {string} conversation */
  forget(conversation) {
    for (const key of [...this.#all.keys()]) if (isIn(key, conversation)) this.#all.delete(key);
  }
}
