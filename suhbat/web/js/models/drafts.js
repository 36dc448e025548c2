// What somebody has begun to write: a message, maybe a reply, and apart from it an edit of a message. A message is
// stored on this device at once and on the server after a delay, so that every device has it. Edits, and what is begun
// in threads, stay here. A draft is kept by the key of its conversation or thread (threads.js).

import { isIn } from "./threads.js";

const AFTER = 800; // ms without a change before the text is sent to the server
const ECHO = 3000; // ms after the server's answer within which its event arrives

/**
 * @typedef {object} Draft
 * @property {string} text
 * @property {number | null} replyTo
 * @property {{seq: number, text: string} | null} edit
 * @property {boolean} untold  the text is newer than the one that the server has confirmed
 */

/** @type {Readonly<Draft>} */
const NONE = { text: "", replyTo: null, edit: null, untold: false };

export class Drafts {
  /** @type {Map<string, Draft>} */
  #here = new Map();
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #timers = new Map();
  /** Conversations whose text is on its way to the server. @type {Set<string>} */
  #telling = new Set();
  /** The texts that this device sent last and whose events have not arrived. @type {Map<string, string>} */
  #echoes = new Map();
  /** The texts of other devices that arrived while such an event was awaited. @type {Map<string, string>} */
  #others = new Map();
  #keep;
  #tell;
  #changed;

  /**
   * @param {Record<string, any>} kept stored drafts, maybe of an older version
   * @param {(conversation: string, draft: Draft | null) => void} keep stores one on this device
   * @param {(conversation: string, text: string) => Promise<unknown>} tell sends one to the server; rejects with an
   *   error whose `code` is a string if the server refused it for good
   * @param {(conversation: string) => void} changed is called if a text of another device is applied late
   */
  constructor(kept, keep, tell, changed) {
    this.#keep = keep;
    this.#tell = tell;
    this.#changed = changed;
    for (const [conversation, { editing = null, ...draft }] of Object.entries(kept)) {
      const edit = editing === null ? {} : { text: "", edit: { seq: editing, text: draft.text } };
      this.#here.set(conversation, { ...NONE, ...draft, ...edit });
      if (draft.untold) void this.#say(conversation);
    }
  }

  /** @param {string} conversation @returns {Readonly<Draft>} */
  of(conversation) {
    return this.#here.get(conversation) ?? NONE;
  }

  /** The keys of a conversation and its threads that have a draft. @param {string} conversation */
  keys(conversation) {
    return [...this.#here.keys()].filter((key) => isIn(key, conversation));
  }

  /**
   * @param {string} conversation
   * @param {{text?: string, replyTo?: number | null, edit?: Draft["edit"]}} change
   */
  change(conversation, change) {
    const before = this.of(conversation);
    const told = change.text === undefined || change.text === before.text;
    this.#set(conversation, { ...before, ...change, untold: before.untold || !told });
    if (told) return;
    clearTimeout(this.#timers.get(conversation));
    this.#timers.set(
      conversation,
      setTimeout(() => void this.#say(conversation), AFTER),
    );
  }

  /** The message was sent: delete its draft here and, without a delay, on the server. @param {string} conversation */
  clear(conversation) {
    this.change(conversation, { text: "", replyTo: null });
    if (this.of(conversation).untold) void this.#say(conversation);
  }

  /**
   * The server has this text. It is older than a text that this device has not sent yet, or whose event has not come.
   * Returns whether it was applied.
   * @param {string} conversation @param {string} text
   */
  received(conversation, text) {
    const mine = this.of(conversation);
    const echo = this.#echoes.get(conversation);
    if (echo === text) this.#echoes.delete(conversation);
    // If the event of this device's text comes later, that text is the newer one.
    if (echo === undefined || echo === text) this.#others.delete(conversation);
    else this.#others.set(conversation, text);
    if (echo !== undefined || mine.untold || mine.text === text) return false;
    this.#set(conversation, { ...mine, text });
    return true;
  }

  /**
   * Send the text to the server. While an older one is on its way, wait for the answer to that.
   * @param {string} conversation
   */
  async #say(conversation) {
    clearTimeout(this.#timers.get(conversation));
    this.#timers.delete(conversation);
    if (this.#telling.has(conversation)) return;
    const { text } = this.of(conversation);
    this.#telling.add(conversation);
    this.#echoes.set(conversation, text);
    let ended = false;
    try {
      await this.#tell(conversation, text);
    } catch (error) {
      ended = typeof (/** @type {{code?: unknown}} */ (error).code) !== "string"; // the next visit sends it
    }
    this.#telling.delete(conversation);
    // A text that the server had already has no event.
    setTimeout(() => this.#echoes.get(conversation) === text && this.#unechoed(conversation), ECHO);
    if (ended) return;
    const now = this.of(conversation);
    if (now.text === text) this.#set(conversation, { ...now, untold: false });
    else if (!this.#timers.has(conversation)) void this.#say(conversation);
  }

  /** No event came, so the server has what another device said last, if any did. @param {string} conversation */
  #unechoed(conversation) {
    this.#echoes.delete(conversation);
    const text = this.#others.get(conversation);
    if (text !== undefined && this.received(conversation, text)) this.#changed(conversation);
  }

  /** @param {string} conversation @param {Draft} draft */
  #set(conversation, draft) {
    const empty = !draft.text && draft.replyTo === null && !draft.edit && !draft.untold;
    if (empty) this.#here.delete(conversation);
    else this.#here.set(conversation, draft);
    this.#keep(conversation, empty ? null : draft);
  }
}
