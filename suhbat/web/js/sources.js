// What a timeline shows and a composer writes to: a conversation, or a thread in it.

import { keyOf, threadOfMessage } from "./models/threads.js";

/** @import { App, OutgoingMessage } from "./app.js" */
/** @import { Message } from "./sdk/types.js" */

/** What the user has read. @typedef {{unread: number, mentions: number, read_ordinal: number}} ReadState */

/** @type {ReadState} */
const ALL_READ = { unread: 0, mentions: 0, read_ordinal: 0 };

class Source {
  /** @param {App} app @param {string} conversation @param {number | null} thread the `seq` of the root */
  constructor(app, conversation, thread) {
    this.app = app;
    this.conversation = conversation;
    this.thread = thread;
    /** Of its timeline, its draft and its stored messages. */
    this.key = keyOf(conversation, thread);
    this.timeline = app.timeline(conversation, thread);
  }

  /** The conversation's state; undefined if it is gone. */
  get state() {
    return this.app.chat.conversations.get(this.conversation);
  }

  /** The messages on their way. */
  get pending() {
    return this.app.pending.at(this.key);
  }

  /** What only this user sees here. */
  get asides() {
    return this.app.asides.at(this.key);
  }

  get draft() {
    return this.app.drafts.of(this.key);
  }

  /** Whether a message belongs here. @param {Message} message */
  has(message) {
    return message.conversation === this.conversation && threadOfMessage(message) === this.thread;
  }

  /** Whether something told by this name, of a key or of a conversation, is about it. @param {string} name */
  is(name) {
    return name === this.key || name === this.conversation;
  }

  /** What this device has stored. */
  kept() {
    return this.app.kept(this.key);
  }

  /** @param {Message} message */
  readers(message) {
    return this.app.receipts.of(this.conversation, message.ordinal, message.sender_uid);
  }
}

export class ConversationSource extends Source {
  /** @param {App} app @param {string} conversation */
  constructor(app, conversation) {
    super(app, conversation, null);
  }

  /** @returns {ReadState} */
  get reading() {
    return this.state ?? ALL_READ;
  }

  /** Why nobody can write here: the key of a text; null if they can. */
  get closed() {
    return this.state?.archived ? "composer.archived" : null;
  }

  /** @param {number} ordinal of the last message that was seen */
  read(ordinal) {
    return this.app.chat.command("read", { conversation: this.conversation, ordinal });
  }

  /** Mark a message, and those after it, as unread. @param {Message} message */
  unread({ ordinal }) {
    return this.app.chat.command("unread", { conversation: this.conversation, ordinal });
  }

  /** @param {OutgoingMessage} message */
  send(message) {
    this.app.send(this.conversation, message);
  }

  /** The user writes. */
  writes() {
    this.app.writes(this.conversation);
  }
}

export class ThreadSource extends Source {
  /** @param {App} app @param {string} conversation @param {number} root */
  constructor(app, conversation, root) {
    super(app, conversation, root);
    this.root = root;
  }

  /** The thread, if the user follows it. */
  get followed() {
    return this.state?.threads?.find(({ root }) => root === this.root) ?? null;
  }

  /** @returns {ReadState} */
  get reading() {
    return this.followed ?? ALL_READ;
  }

  get closed() {
    const { root } = this.timeline;
    if (root && this.app.current(root).deleted) return "thread.closed";
    return this.state?.archived ? "composer.archived" : null;
  }

  /** The root stands first: from a copy of the conversation, if the thread was never opened. */
  async kept() {
    const stored = await super.kept();
    const root = this.app.timeline(this.conversation).find(this.root);
    return stored.length || !root ? stored : [root];
  }

  /** Nobody is told who has read replies. @returns {{uid: string, user_id: string}[]} */
  readers() {
    return [];
  }

  /** @param {number} ordinal of the last reply that was seen */
  read(ordinal) {
    return this.#command({ read_ordinal: ordinal });
  }

  /** Mark a reply, and those after it, as unread. @param {Message} message */
  unread({ thread_ordinal = 1 }) {
    return this.#command({ read_ordinal: thread_ordinal - 1, unread: true });
  }

  /** Follow it, or no longer. @param {boolean} on */
  follow(on) {
    return this.#command({ follow: on });
  }

  /** @param {Record<string, unknown>} fields */
  #command(fields) {
    return this.app.chat.command("thread", { conversation: this.conversation, seq: this.root, ...fields });
  }

  /** @param {OutgoingMessage} message */
  send(message) {
    this.app.send(this.conversation, { ...message, thread: this.root });
  }

  /** Typing notices do not name a thread. */
  writes() {}
}

/** Whether there can be threads: not in a direct of two. @param {App} app @param {string} conversation */
export function hasThreads(app, conversation) {
  const state = app.chat.conversations.get(conversation);
  return state !== undefined && (state.kind !== "direct" || state.member_count > 2);
}
