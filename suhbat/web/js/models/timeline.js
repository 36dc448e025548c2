// The loaded messages of one conversation, or of a thread in it: a window without gaps into its history. Events keep it
// up to date.

import { change, countReply } from "./amendments.js";
import { Growth } from "./growth.js";
import { Quotes } from "./quotes.js";
import { ordinalOf, threadOfMessage } from "./threads.js";

/** @import { Message } from "../sdk/types.js" */
/** @import { Event } from "../sdk/types.js" */
/** @import { Grown } from "./growth.js" */
/**
 * @typedef {{messages: Message[], has_before: boolean, has_after: boolean, head: number, root?: Message | null}}
 *   LoadedPage `root`: of a page of a thread
 */
/**
 * @typedef {{before?: number, after?: number, around?: number, around_ordinal?: number, limit: number}} HistoryQuery
 */
/**
 * What changed: the messages before or after the existing ones, all messages, or the message with this `seq`.
 * @typedef {{at: "start" | "end" | "all" | number}} WindowChange
 */
/** @typedef {{seq: number, at: string, kind: "joined" | "left", uid: string, user_id: string}} Note */

const PAGE = 60;
const MORE = 30; // messages per request while scrolling: few enough to be drawn within a frame or two
const MOST = 400; // messages in the window; those far from the reading position are dropped and loaded on demand
const NOTES = 200;

export class Timeline {
  /** @type {Message[]} ascending by `seq`, without gaps */
  messages = [];
  /** @type {Note[]} joins and leaves since this was opened, ascending */
  notes = [];
  /** @type {Set<number>} the `seq` of pinned messages */
  pinned = new Set();
  /** @type {Set<number>} the `seq` of messages whose deletion can still be undone */
  leaving = new Set();
  hasBefore = false;
  hasAfter = false;
  loaded = false;
  /** Whether the server has sent the window during this visit. */
  hasFresh = false;
  /** Where the reader is; empty at the end, and while nobody reads. @type {() => Omit<HistoryQuery, "limit">} */
  place = () => ({});
  /** Whether the conversation is open. Without a reader the window is kept small. */
  watched = false;

  /** In a thread, the message to which it belongs; one at most. @type {Message[]} */
  #root = [];
  #load;
  #changed;
  #quotes;
  #growth;
  #me;
  /** @type {Event[] | null} events that arrived during the request that opens a window */
  #waiting = null;
  /** @type {Event[] | null} events that arrived during a request to extend the window */
  #missed = null;
  /** @type {Promise<void> | null} */
  #loading = null;
  #visit = 0;
  /** The request that opens the newest window. @type {Promise<void>} */
  #opened = Promise.resolve();

  /**
   * @param {(query: HistoryQuery) => Promise<LoadedPage>} load
   * @param {(change: WindowChange) => void} changed
   * @param {() => string} me the uid of the reader
   * @param {number | null} [thread] the `seq` of the root, if these are the messages of a thread
   */
  constructor(load, changed, me, thread = null) {
    this.thread = thread;
    this.#load = load;
    this.#me = me;
    this.#changed = changed;
    this.#quotes = new Quotes(load, (seq) => changed({ at: seq }));
    this.#growth = new Growth(load, {
      find: (seq) => this.find(seq),
      write: (seq, text) => this.#write(seq, text),
      isLoading: () => Boolean(this.#waiting || this.#missed),
    });
  }

  get last() {
    return this.messages.at(-1) ?? null;
  }

  /** The message to which the thread belongs. */
  get root() {
    return this.#root[0] ?? null;
  }

  /** The newest messages, after the root of a thread. @param {number} count */
  newest(count) {
    return [...this.#root, ...this.messages.slice(-count)];
  }

  /** Whether the window ends with the newest message, and every event that arrived is applied to it. */
  get current() {
    return this.loaded && !this.hasAfter && !this.#waiting;
  }

  /** @param {number} seq */
  find(seq) {
    if (seq === this.root?.seq) return this.root;
    let low = 0;
    let high = this.messages.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.messages[middle];
      if (found.seq === seq) return found;
      if (found.seq < seq) low = middle + 1;
      else high = middle - 1;
    }
    return null;
  }

  /** A quoted message in its current state. One that is not loaded is requested once. @param {number} seq */
  quote(seq) {
    return this.find(seq) ?? this.#quotes.of(seq);
  }

  /**
   * The newest messages, or those around one. Replaces the window.
   * @param {number | null} around @param {number} limit
   */
  open(around = null, limit = PAGE) {
    return this.#open(around === null ? { limit } : { around, limit });
  }

  /** The messages around an ordinal. Replaces the window. @param {number} ordinal */
  openOrdinal(ordinal) {
    return this.#open({ around_ordinal: ordinal, limit: PAGE });
  }

  /** Load the window anew, at the place where the reader is. */
  reload() {
    return this.#open({ ...this.place(), limit: PAGE });
  }

  /** Resolves when a window is loaded: this one, or one that was asked for meanwhile. @param {HistoryQuery} query */
  #open(query) {
    return (this.#opened = this.#replace(query));
  }

  /** @param {HistoryQuery} query @returns {Promise<void>} */
  async #replace(query) {
    const visit = ++this.#visit;
    this.#waiting ??= [];
    /** @type {LoadedPage} */
    let page;
    try {
      page = await this.#load(query);
    } catch (error) {
      if (visit !== this.#visit) return this.#opened;
      this.#resume(-1);
      throw error;
    }
    if (visit !== this.#visit) return this.#opened;
    this.messages = asOf(page, page.messages);
    this.#root = asOf(page, page.root ? [page.root] : []);
    this.#quotes.clear();
    this.hasBefore = page.has_before;
    this.hasAfter = page.has_after;
    this.loaded = this.hasFresh = true;
    this.#resume(page.head);
    this.#changed({ at: "all" });
  }

  /** Apply the events above the page's head that arrived during its request. @param {number} head */
  #resume(head) {
    const since = this.#waiting ?? [];
    this.#waiting = null;
    for (const event of since) if (event.seq > head) this.apply(event);
    this.#growth.answered();
  }

  /**
   * Show what this device has until the server answers.
   * @param {Message[]} messages those of a thread after its root, as `newest` gives them
   */
  restore(messages) {
    if (this.loaded) return;
    this.#root = messages.filter(({ seq }) => seq === this.thread);
    this.messages = messages.slice(this.#root.length);
    this.hasBefore = this.messages.length > 0 && ordinalOf(this.messages[0]) > 1;
    this.loaded = true;
    this.#changed({ at: "all" });
  }

  /** Show nothing, or only the root of a thread, until another window is opened. */
  clear() {
    this.messages = [];
    this.loaded = this.hasFresh = this.hasBefore = this.hasAfter = false;
    this.#changed({ at: "all" });
  }

  /** @param {"start" | "end"} side */
  more(side) {
    const wanted = side === "start" ? this.hasBefore : this.hasAfter;
    if (!wanted || this.#waiting || !this.messages.length) return Promise.resolve();
    this.#loading ??= this.#extend(side).finally(() => (this.#loading = null));
    return this.#loading;
  }

  /** @param {"start" | "end"} side */
  async #extend(side) {
    const visit = this.#visit;
    /** @type {Event[]} */
    let missed = [];
    const edge = side === "start" ? this.messages[0].seq : this.messages[this.messages.length - 1].seq;
    this.#missed = [];
    const page = await this.#load(
      side === "start" ? { before: edge, limit: MORE } : { after: edge, limit: MORE },
    ).finally(() => {
      missed = this.#missed ?? [];
      this.#missed = null;
    });
    if (visit !== this.#visit) return;
    const found = asOf(page, page.messages);
    for (const event of missed) {
      if (event.seq <= page.head) continue;
      countReply(found, event);
      change(found, event, this.#me());
    }
    if (side === "start") {
      this.messages = [...found.filter((message) => message.seq < this.messages[0].seq), ...this.messages];
      this.hasBefore = page.has_before && found.length > 0;
      if (this.messages.length > MOST) {
        this.messages.length = MOST;
        this.hasAfter = true;
      }
    } else {
      const last = this.messages[this.messages.length - 1].seq;
      this.messages.push(...found.filter((message) => message.seq > last));
      this.hasAfter = page.has_after && found.length > 0;
      if (this.messages.length > MOST) {
        this.messages.splice(0, this.messages.length - MOST);
        this.hasBefore = true;
      }
    }
    this.#growth.answered();
    this.#changed({ at: side });
  }

  /** Drop the messages that are far above the newest one. Nobody may be reading them. */
  trim() {
    if (this.messages.length <= MOST) return;
    this.messages.splice(0, this.messages.length - MOST);
    this.hasBefore = true;
    this.#changed({ at: "start" });
  }

  /** @param {Event} event an event of this conversation, in order of `seq` */
  apply(event) {
    this.#quotes.apply(event); // at once, also during a request for a page
    if (this.#waiting) {
      this.#waiting.push(event);
      return;
    }
    this.#missed?.push(event);
    this.#tell(countReply(this.#root, event) || countReply(this.messages, event));
    switch (event.type) {
      case "message.created":
        if (threadOfMessage(event.message) !== this.thread) return;
        // A window that ends in the past would get a gap. The message is loaded when the reader scrolls to it.
        if (!this.loaded || this.hasAfter || (this.last && event.message.seq <= this.last.seq)) return;
        this.messages.push(event.message);
        if (!this.watched) this.trim();
        this.#changed({ at: "end" });
        return;
      case "message.edited":
      case "message.finished":
      case "message.deleted":
      case "reaction.added":
      case "reaction.removed": {
        if (event.type === "message.deleted") this.pinned.delete(event.target);
        this.#tell(change(this.#root, event, this.#me()) || change(this.messages, event, this.#me()));
        return;
      }
      case "message.pinned":
      case "message.unpinned":
        this.pinned[event.type === "message.pinned" ? "add" : "delete"](event.target);
        this.#changed({ at: event.target });
        return;
      case "member.joined":
      case "member.left":
        if (this.thread !== null) return;
        this.#note({
          seq: event.seq,
          at: event.at,
          kind: event.type === "member.left" ? "left" : "joined",
          uid: event.user.uid,
          user_id: event.user.user_id,
        });
    }
  }

  /** A growing message has grown. @param {Grown} notice */
  grow(notice) {
    this.#growth.apply(notice);
  }

  /** @param {number} seq @param {string} text of a message that grows */
  #write(seq, text) {
    const messages = seq === this.root?.seq ? this.#root : this.messages;
    const at = messages.findIndex((message) => message.seq === seq);
    if (!messages[at]?.streaming) return;
    messages[at] = { ...messages[at], text };
    this.#changed({ at: seq });
  }

  /** @param {number} seq of a message that changed; 0 for none */
  #tell(seq) {
    if (seq) this.#changed({ at: seq });
  }

  /** @param {number[]} seqs */
  setPinned(seqs) {
    this.pinned = new Set(seqs);
    this.#changed({ at: "all" });
  }

  /** Show a message as one that is being deleted, or no longer so. @param {number} seq @param {boolean} on */
  leave(seq, on) {
    this.leaving[on ? "add" : "delete"](seq);
    this.#changed({ at: seq });
  }

  /** Data shown beside the messages, such as read receipts, has changed: draw the messages again. */
  touch() {
    this.#changed({ at: "all" });
  }

  /** @param {Note} note */
  #note(note) {
    this.notes.push(note);
    if (this.notes.length > NOTES) this.notes.shift();
    if (!this.hasAfter) this.#changed({ at: "end" });
  }
}

/**
 * Messages of a page. Their reactions are counted up to its head, so `reacted` must not count older events again.
 * @param {LoadedPage} page @param {Message[]} messages
 */
const asOf = (page, messages) => messages.map((message) => ({ ...message, reactions_at: page.head }));
