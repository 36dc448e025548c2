// Changes of messages that the server has not confirmed yet: edits, deletions, reactions and pins. They are shown at
// once and stored until the server accepts them. A refused edit is kept with its error.

import { reacted } from "../sdk/fold.js";

/** @import { Event, Message } from "../sdk/types.js" */

/**
 * @typedef {{type: "edit", text: string} | {type: "delete"} | {type: "react", emoji: string, on: boolean}
 *   | {type: "pin", on: boolean}} Wish
 * @typedef {{id: string, conversation: string, seq: number, at: number, wish: Wish,
 *   error: {code: string, message: string} | null}} Change
 * @typedef {Message & {change?: {id: string, error: string | null}}} Current  a message as it is to be shown; `change`:
 *   the edit that is not confirmed yet
 */

const LATE = 3000; // ms after the server's answer within which its event arrives

export class PendingChanges {
  /** @type {Map<string, Change>} by id, in the order of the changes */
  #all = new Map();
  #send;
  #keep;
  #changed;
  #refused;

  /**
   * @param {(change: Change) => Promise<unknown>} send resolves when the server made the change; rejects if it never
   *   will
   * @param {{put: (change: Change) => void, remove: (change: Change) => void}} keep
   * @param {(conversation: string, seq: number) => void} changed
   * @param {(error: Error) => void} refused is called for a change that is given up
   */
  constructor(send, keep, changed, refused) {
    this.#send = send;
    this.#keep = keep;
    this.#changed = changed;
    this.#refused = refused;
  }

  /**
   * Make a change. It replaces an earlier one of the same kind.
   * @param {string} conversation @param {number} seq @param {Wish} wish
   */
  make(conversation, seq, wish) {
    const id = [conversation, seq, wish.type, wish.type === "react" ? wish.emoji : ""].join(" ");
    /** @type {Change} */
    const change = { id, conversation, seq, at: Date.now(), wish, error: null };
    this.#all.delete(id);
    this.#put(change);
    void this.#go(change);
  }

  /** Show the changes of an earlier visit, and send those without an error again. @param {Change[]} kept */
  restore(kept) {
    for (const change of [...kept].sort((one, other) => one.at - other.at)) {
      if (this.#all.has(change.id)) continue;
      this.#all.set(change.id, change);
      if (!change.error) void this.#go(change);
      this.#changed(change.conversation, change.seq);
    }
  }

  /** Whether an edit in this conversation was refused. @param {string} conversation */
  failed(conversation) {
    return [...this.#all.values()].some((one) => one.error && one.conversation === conversation);
  }

  /** Send a refused edit again. @param {string} id */
  retry(id) {
    const found = this.#all.get(id);
    if (found?.error) this.make(found.conversation, found.seq, found.wish);
  }

  /** Give up a refused edit. @param {string} id */
  discard(id) {
    const found = this.#all.get(id);
    if (found) this.#remove(found);
  }

  /** The conversation is gone. @param {string} conversation */
  forget(conversation) {
    for (const change of [...this.#all.values()]) if (change.conversation === conversation) this.#remove(change);
  }

  /**
   * The message with its changes.
   * @param {Message} message @param {{uid: string, user_id: string}} me @returns {Current}
   */
  apply(message, me) {
    /** @type {Current} */
    let shown = message;
    for (const { id, wish, error, at } of this.#of(message.conversation, message.seq)) {
      if (shown.deleted) break;
      if (wish.type === "delete") shown = { ...shown, deleted: true, text: "", reactions: [] };
      if (wish.type === "edit") {
        const edited_at = shown.edited_at ?? new Date(at).toISOString();
        shown = { ...shown, text: wish.text, edited_at, change: { id, error: error && error.message } };
      }
      if (wish.type === "react" && chosen(shown, wish.emoji, me.uid) !== wish.on) {
        const type = wish.on ? "reaction.added" : "reaction.removed";
        const { conversation, seq } = message;
        const event = { type, conversation, seq: Infinity, target: seq, actor: me.user_id, actor_uid: me.uid };
        shown = reacted(shown, { ...event, emoji: known(shown, wish.emoji) }, me.uid);
      }
    }
    return shown;
  }

  /** Whether a message will be pinned; null without a change. @param {string} conversation @param {number} seq */
  pinned(conversation, seq) {
    const found = this.#of(conversation, seq).find(({ wish }) => wish.type === "pin");
    return found?.wish.type === "pin" ? found.wish.on : null;
  }

  /**
   * An event confirms the changes that it made, and ends those that have become impossible.
   * @param {Event} event @param {string} me
   */
  confirm(event, me) {
    for (const change of this.#of(event.conversation, event.target ?? event.message?.seq)) {
      if (event.type === "message.deleted" || confirms(event, change.wish, me)) this.#remove(change);
    }
  }

  /** @param {string} conversation @param {number} seq */
  #of(conversation, seq) {
    if (!this.#all.size) return [];
    return [...this.#all.values()].filter((one) => one.seq === seq && one.conversation === conversation);
  }

  /** @param {Change} change */
  #put(change) {
    this.#all.set(change.id, change);
    this.#keep.put(change);
    this.#changed(change.conversation, change.seq);
  }

  /** @param {Change} change */
  #remove(change) {
    if (this.#all.get(change.id) !== change) return;
    this.#all.delete(change.id);
    this.#keep.remove(change);
    this.#changed(change.conversation, change.seq);
  }

  /** @param {Change} change */
  async #go(change) {
    try {
      await this.#send(change);
      // The event usually removes it before this. The timer covers a lost event, and a change that changed nothing.
      setTimeout(() => this.#remove(change), LATE);
    } catch (error) {
      const { code, message } = /** @type {Error & {code?: unknown}} */ (error);
      if (typeof code !== "string") return; // the chat is closed: the next visit sends it
      const kept = change.wish.type === "edit" && this.#all.get(change.id) === change;
      if (kept) return this.#put(Object.assign(change, { error: { code, message } }));
      this.#remove(change);
      this.#refused(/** @type {Error} */ (error));
    }
  }
}

/** @param {Event} event @param {Wish} wish @param {string} me */
function confirms(event, wish, me) {
  switch (event.type) {
    case "message.edited":
      return wish.type === "edit" && event.message.text === wish.text;
    case "message.pinned":
    case "message.unpinned":
      return wish.type === "pin" && wish.on === (event.type === "message.pinned");
    case "reaction.added":
    case "reaction.removed": {
      if (wish.type !== "react" || event.actor_uid !== me) return false;
      return bare(event.emoji) === bare(wish.emoji) && wish.on === (event.type === "reaction.added");
    }
    default:
      return false;
  }
}

/** Without U+FE0F: an emoji is the same with and without it. @param {string} emoji */
export const bare = (emoji) => emoji.replaceAll("\ufe0f", "");

/** Whether the user has chosen this reaction. @param {Message} message @param {string} emoji @param {string} me */
export function chosen({ reactions }, emoji, me) {
  return reactions.some((one) => bare(one.emoji) === bare(emoji) && (one.mine ?? one.uids.includes(me)));
}

/** The emoji as the message already has it. @param {Message} message @param {string} emoji */
const known = ({ reactions }, emoji) => reactions.find((one) => bare(one.emoji) === bare(emoji))?.emoji ?? emoji;
