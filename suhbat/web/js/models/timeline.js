// The messages of one conversation that are loaded: a window without gaps into its history, kept up to date by events.

/** @typedef {import("../sdk/types.js").Message} Message */
/** @typedef {import("../sdk/types.js").Event} Event */
/** @typedef {{messages: Message[], has_before: boolean, has_after: boolean, head: number}} Page */
/** @typedef {{before?: number, after?: number, around?: number, limit: number}} Query */
/** @typedef {{seq: number, at: string, kind: "joined" | "left", name: string}} Note */

const PAGE = 60;
const MORE = 30; // asked for while one scrolls: what is drawn within a frame or two
const MOST = 400; // messages in the window; what is farther from where one reads is loaded again when it is needed
const NOTES = 200;

export class Timeline {
  /** @type {Message[]} ascending by `seq`, without gaps */
  messages = [];
  /** @type {Note[]} who came and went while this was open, ascending */
  notes = [];
  /** @type {Set<number>} the `seq` of pinned messages */
  pinned = new Set();
  hasBefore = false;
  hasAfter = false;
  loaded = false;
  /** Whether it came from the server in this visit. */
  hasFresh = false;

  #load;
  #changed;
  /** @type {Map<number, {message: Message | null, since: Event[] | null}>} what replies quote from outside of the window;
   *   `since`: the events about it that came while it was asked for */
  #quoted = new Map();
  /** @type {Event[] | null} events that came while the first page was on its way */
  #waiting = null;
  /** @type {Promise<void> | null} */
  #loading = null;
  #visit = 0;

  /**
   * @param {(query: Query) => Promise<Page>} load
   * @param {(change: {at: "start" | "end" | "all" | number}) => void} changed told what changed: messages before or
   *   after those that were there, all, or the one of this `seq`
   */
  constructor(load, changed) {
    this.#load = load;
    this.#changed = changed;
  }

  get last() {
    return this.messages.at(-1) ?? null;
  }

  /** @param {number} seq */
  find(seq) {
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

  /** A message that is quoted, as it is now; asked for once where it is not loaded. @param {number} seq */
  quote(seq) {
    const found = this.find(seq);
    if (found) return found;
    if (!this.#quoted.has(seq)) void this.#ask(seq);
    return this.#quoted.get(seq)?.message ?? null;
  }

  /** @param {number} seq */
  async #ask(seq) {
    /** @type {{message: Message | null, since: Event[] | null}} */
    const quote = { message: null, since: [] };
    this.#quoted.set(seq, quote);
    if (this.#quoted.size > MOST) this.#quoted.delete(/** @type {number} */ (this.#quoted.keys().next().value));
    try {
      const page = await this.#load({ around: seq, limit: 1 });
      const found = page.messages.find((message) => message.seq === seq);
      if (!found) return;
      quote.message = found;
      // Whoever answered may have read the log before it was deleted.
      for (const event of quote.since ?? []) if (event.seq > page.head) quote.message = amended(quote.message, event);
    } catch {
      return; // it is shown as far away; asked again when the window is opened anew
    } finally {
      quote.since = null;
    }
    if (this.#quoted.get(seq) === quote) this.#changed({ at: "all" });
  }

  /** The newest messages, or those around one. Replaces the window. @param {number | null} around @param {number} limit */
  async open(around = null, limit = PAGE) {
    const visit = ++this.#visit;
    this.#waiting ??= [];
    /** @type {Page} */
    let page;
    try {
      page = await this.#load(around === null ? { limit } : { around, limit });
    } catch (error) {
      if (visit === this.#visit) this.#resume(-1);
      throw error;
    }
    if (visit !== this.#visit) return;
    this.messages = page.messages;
    this.#quoted.clear();
    this.hasBefore = page.has_before;
    this.hasAfter = page.has_after;
    this.loaded = this.hasFresh = true;
    this.#resume(page.head);
    this.#changed({ at: "all" });
  }

  /** Apply what came while a page was on its way, above its head. @param {number} head */
  #resume(head) {
    const since = this.#waiting ?? [];
    this.#waiting = null;
    for (const event of since) if (event.seq > head) this.apply(event);
  }

  /** What is kept of an earlier visit, until the server is asked. @param {Message[]} messages */
  restore(messages) {
    if (this.loaded) return;
    this.messages = messages;
    this.hasBefore = messages.length > 0 && messages[0].ordinal > 1;
    this.loaded = true;
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
    const edge = side === "start" ? this.messages[0].seq : this.messages[this.messages.length - 1].seq;
    const page = await this.#load(side === "start" ? { before: edge, limit: MORE } : { after: edge, limit: MORE });
    if (visit !== this.#visit) return;
    if (side === "start") {
      this.messages = [...page.messages.filter((message) => message.seq < this.messages[0].seq), ...this.messages];
      this.hasBefore = page.has_before;
      if (this.messages.length > MOST) {
        this.messages.length = MOST;
        this.hasAfter = true;
      }
    } else {
      const last = this.messages[this.messages.length - 1].seq;
      this.messages.push(...page.messages.filter((message) => message.seq > last));
      this.hasAfter = page.has_after;
      if (this.messages.length > MOST) {
        this.messages.splice(0, this.messages.length - MOST);
        this.hasBefore = true;
      }
    }
    this.#changed({ at: side });
  }

  /** Somebody reads the newest: what is far above may go. */
  trim() {
    if (this.messages.length <= MOST) return;
    this.messages.splice(0, this.messages.length - MOST);
    this.hasBefore = true;
    this.#changed({ at: "start" });
  }

  /** @param {Event} event an event of this conversation, in order */
  apply(event) {
    this.#amendQuote(event);
    if (this.#waiting) {
      this.#waiting.push(event);
      return;
    }
    switch (event.type) {
      case "message.created":
        // A window that ends in the past does not know what lies between: the message is there when it is scrolled to.
        if (!this.loaded || this.hasAfter || (this.last && event.message.seq <= this.last.seq)) return;
        this.messages.push(event.message);
        this.#changed({ at: "end" });
        return;
      case "message.edited":
        this.#replace(event.message.seq, (message) => amended(message, event));
        return;
      case "message.deleted":
        this.pinned.delete(event.target);
        this.#replace(event.target, (message) => amended(message, event));
        return;
      case "reaction.added":
      case "reaction.removed":
        this.#replace(event.target, (message) => ({ ...message, reactions: reacted(message.reactions, event) }));
        return;
      case "message.pinned":
      case "message.unpinned":
        this.pinned[event.type === "message.pinned" ? "add" : "delete"](event.target);
        this.#changed({ at: event.target });
        return;
      case "member.joined":
      case "member.left":
        this.#note({ seq: event.seq, at: event.at, kind: event.type === "member.left" ? "left" : "joined", name: event.user.user_id });
    }
  }

  /** @param {number[]} seqs */
  setPinned(seqs) {
    this.pinned = new Set(seqs);
    this.#changed({ at: "all" });
  }

  /** What is quoted follows what is said, wherever it stands; at once, also while a page is on its way. @param {Event} event */
  #amendQuote(event) {
    const seq = aboutText(event);
    const quote = seq === null ? undefined : this.#quoted.get(seq);
    if (!quote || seq === null) return;
    quote.since?.push(event);
    if (!quote.message) return;
    quote.message = amended(quote.message, event);
    this.#changed({ at: seq });
  }

  /** @param {number} seq @param {(message: Message) => Message} change */
  #replace(seq, change) {
    const found = this.find(seq);
    if (!found) return;
    this.messages[this.messages.indexOf(found)] = change(found);
    this.#changed({ at: seq });
  }

  /** @param {Note} note */
  #note(note) {
    this.notes.push(note);
    if (this.notes.length > NOTES) this.notes.shift();
    if (!this.hasAfter) this.#changed({ at: "end" });
  }
}

/** The message whose text an event changes or takes away; null for other events. @param {Event} event @returns {number | null} */
export function aboutText(event) {
  return event.type === "message.edited" ? event.message.seq : event.type === "message.deleted" ? event.target : null;
}

/** A message after an event about its text. @param {Message} message @param {Event} event @returns {Message} */
export function amended(message, event) {
  if (message.seq !== aboutText(event)) return message;
  return event.type === "message.edited" ? event.message : { ...message, deleted: true, text: "", reactions: [] };
}

/**
 * @param {Message["reactions"]} reactions
 * @param {any} event
 */
function reacted(reactions, event) {
  /** @type {Message["reactions"][number]} */
  const none = { emoji: event.emoji, users: [], uids: [] };
  const found = reactions.find((one) => one.emoji === event.emoji) ?? none;
  const at = found.uids.indexOf(event.actor_uid);
  const without = {
    emoji: found.emoji,
    users: found.users.filter((_, index) => index !== at),
    uids: found.uids.filter((_, index) => index !== at),
  };
  const changed =
    event.type === "reaction.removed"
      ? without
      : { ...without, users: [...without.users, event.actor], uids: [...without.uids, event.actor_uid] };
  if (!changed.uids.length) return reactions.filter((one) => one.emoji !== event.emoji);
  return reactions.some((one) => one.emoji === event.emoji)
    ? reactions.map((one) => (one.emoji === event.emoji ? changed : one))
    : [...reactions, changed];
}
