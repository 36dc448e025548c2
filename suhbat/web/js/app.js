// The application of one user in this tab. It wires the connection to the models; views listen to it and call it.

import { Asides } from "./models/asides.js";
import { BotCommands } from "./models/bot-commands.js";
import { Receipts } from "./models/receipts.js";
import { KeptMessages } from "./models/kept.js";
import { defaultLevel, levelOf } from "./models/levels.js";
import { OpenTimelines } from "./models/open-timelines.js";
import { SavedMessages } from "./models/saved.js";
import { TypingPeople } from "./models/typing.js";
import { WholeMessages } from "./models/whole.js";
import { OutgoingFiles } from "./outgoing-files.js";
import { Pushes } from "./pushes.js";
import { newId } from "./sdk/ids.js";
import { Chat, TabsLink, bestLink } from "./sdk/chat.js";
import { withOthers } from "./sdk/people.js";
import { Database } from "./storage/database.js";
import { prefer, preferences } from "./storage/preferences.js";
import { Writing } from "./writing.js";

/** @import { Aside } from "./models/asides.js" */
/** @import { Wish } from "./models/changes.js" */
/** @import { ChosenFile } from "./models/chosen.js" */
/** @import { Pending } from "./models/pending.js" */
/** @import { Stored } from "./writing.js" */
/** @import { Api } from "./sdk/http.js" */
/** @import { Message, MessageFile, Person, Quiet } from "./sdk/types.js" */

const SAVE_AFTER = 300; // ms
const PREVIEWED = 100; // characters of a growing message after which its line in the list no longer changes
const MEMBERS = new Set(["member.joined", "member.left"]);
const ABOUT = new Set(["message.edited", "message.finished", "message.deleted", "message.pinned", "message.unpinned"]);

/**
 * @typedef {Person & {display_name?: string, role?: string, locale?: string | null,
 *   added_by?: string, quiet?: Quiet | null, push_text?: boolean}} User
 */

/**
 * `also`: send a reply in a thread to the conversation, too. `files`: their ids on this device. `copies`: files that
 * the server has already, those of a forwarded message.
 * @typedef {{text: string, replyTo: number | null, also?: boolean, files?: string[], copies?: MessageFile[],
 *   clientId?: string}} OutgoingMessage
 */

export class App {
  typing = new TypingPeople();
  receipts = new Receipts();
  #whole = new WholeMessages();
  /** @type {Map<string, Set<Function>>} */
  #listeners = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #saving;
  /** @type {(() => void)[]} */
  #ends = [];
  #kept;
  #timelines;

  /**
   * @param {URL} base the root URL of the server
   * @param {Api} api
   * @param {User} me
   * @param {Database} database
   * @param {any} restored the state stored by the last visit
   * @param {Stored} stored
   * @param {{database: Database, stored: ChosenFile[]}} files
   */
  constructor(base, api, me, database, restored, stored, files) {
    this.base = base;
    this.api = api;
    this.me = me;
    this.database = database;
    this.#kept = new KeptMessages(database, () => this.me.uid);
    const shared = bestLink({ base, language: api.language });
    const link = new TabsLink({ name: `suhbat:${base.pathname}:${me.uid}`, link: shared });
    this.chat = new Chat({ base, link, restored, language: api.language });
    const emit = (/** @type {string} */ name, /** @type {unknown[]} */ ...told) => this.#emit(name, ...told);
    this.#timelines = new OpenTimelines({
      load: (conversation, query) => api.get(`/conversations/${encodeURIComponent(conversation)}/messages`, query),
      changed: (key, change) => {
        emit("timeline", key, change);
        this.#save();
      },
      me: () => this.me.uid,
    });
    const name = `suhbat:files:${base.pathname}:${me.uid}`;
    this.outgoing = new OutgoingFiles({ chat: this.chat, api, database: files.database, name, emit });
    this.outgoing.restore(files.stored, stored.messages);
    this.asides = new Asides((key, came) => emit("asides", key, came));
    this.commands = new BotCommands((conversation) => this.chat.bots.offered(conversation));
    this.saved = new SavedMessages((query) => api.get("/saved", query));
    this.pushes = new Pushes({
      api,
      registration: async () => navigator.serviceWorker?.ready,
      changed: () => emit("pushes"),
    });
    this.writing = new Writing(this.chat, database, stored, {
      name: `suhbat:writing:${base.pathname}:${me.uid}`,
      me: () => this.me,
      files: this.outgoing,
      emit,
    });
    // Most views need these.
    this.pending = this.writing.pending;
    this.changes = this.writing.changes;
    this.drafts = this.writing.drafts;
    this.#listen();
    this.writing.begin();
  }

  /** @param {URL} base @param {Api} api @param {User} me */
  static async start(base, api, me) {
    const [database, files] = await Promise.all([Database.open(me.uid), Database.openFiles(me.uid)]);
    const [state, stored, chosen] = await Promise.all([
      database.get("state", "chat"),
      Writing.stored(database),
      files.all("files"),
    ]);
    const app = new App(base, api, me, database, state ?? null, stored, { database: files, stored: chosen });
    app.chat.connect();
    return app;
  }

  #listen() {
    const { chat } = this;
    this.#ends = [
      chat.on("status", () => this.#emit("status")),
      chat.on("snapshot", () => this.#renewed()),
      chat.on("reset", (/** @type {string} */ conversation) => this.#reset(conversation)),
      chat.on("event", (/** @type {any} */ event) => this.#event(event)),
      chat.on("changed", (/** @type {string} */ conversation) => this.#emit("conversations", conversation)),
      chat.on("removed", (/** @type {string} */ conversation) => this.#removed(conversation)),
      chat.on("invitations", () => {
        this.#save();
        this.#emit("invitations");
      }),
      chat.on("people", () => {
        this.#save();
        this.#emit("people");
      }),
      chat.on("presence", (/** @type {string[] | null} */ uids) => this.#emit("presence", uids)),
      chat.on("receipt", (/** @type {any} */ notice) => {
        this.receipts.seen(notice);
        this.#emit("receipts", notice.conversation);
      }),
      chat.on("typing", (/** @type {any} */ notice) => {
        this.typing.seen(notice);
        this.#emit("typing", notice.conversation);
      }),
      chat.on("append", (/** @type {any} */ notice) => {
        for (const timeline of this.#timelines.in(notice.conversation)) timeline.grow(notice);
        const last = chat.conversations.get(notice.conversation)?.last_message;
        if (last?.seq === notice.seq && notice.offset < PREVIEWED) this.#emit("conversations", notice.conversation);
      }),
      chat.on("reply", (/** @type {any} */ { conversation, thread = null, user_id, uid, text }) =>
        this.#aside({ conversation, thread, text, by: { uid, user_id } }),
      ),
      this.on("given", (/** @type {Pending} */ { conversation, thread = null, text }) =>
        this.#aside({ conversation, thread, text, by: null }),
      ),
      chat.on("caught_up", () => {
        this.#save();
        if (this.me.kind) void this.saved.load().catch(() => {}); // the next connection tries again
        void this.#bringMuted().catch(() => {}); // the next connection tries again
      }),
      chat.on("held", () => {
        for (const conversation of this.pending.conversations) this.#emit("pending", conversation);
      }),
    ];
  }

  /**
   * Show something to this user alone, below what is there now.
   * @param {Omit<Aside, "id" | "key" | "at" | "after">} aside
   */
  #aside(aside) {
    const after = this.chat.conversations.get(aside.conversation)?.head ?? 0;
    this.asides.add({ ...aside, after, at: Date.now() });
  }

  /** @param {any} event */
  #event(event) {
    this.#save();
    if (event.conversation === "@me") {
      if (event.type === "draft" && this.drafts.received(event.target, event.text)) this.#emit("draft", event.target);
      if (event.type === "user.updated") this.renew(event.user);
      if (event.type === "saved") this.saved.apply(event);
      return;
    }
    if (event.type === "message.created") {
      this.typing.done(event.conversation, event.actor_uid);
      this.#emit("typing", event.conversation);
    }
    if (MEMBERS.has(event.type)) this.commands.forget(event.conversation);
    this.#kept.apply(event);
    for (const timeline of this.#timelines.in(event.conversation)) timeline.apply(event);
    this.changes.confirm(event, this.me.uid);
    // Search results, pins, notifications and the composer also show messages, so they listen to this.
    if (ABOUT.has(event.type)) this.#emit("about", event);
    if (event.type === "message.created" && event.actor_uid === this.me.uid) {
      this.pending.remove(event.message.client_id);
    }
    const { message } = event;
    if (this.#whole.isNew(event) && message.sender_uid !== this.me.uid) this.#emit("message", message);
  }

  /** What was muted on this device before the server knew levels: nothing of it notifies, from now on on any device. */
  async #bringMuted() {
    for (const conversation of preferences().silent) {
      const state = this.chat.conversations.get(conversation);
      if (state?.notify && levelOf(state) === defaultLevel(state))
        await this.chat.command("notify", { conversation, level: "none" });
      if (state && !state.notify) return; // an older server
      prefer({ silent: preferences().silent.filter((one) => one !== conversation) });
    }
  }

  #renewed() {
    // No event reports later changes to these messages, so an open conversation is loaded and stored again.
    void this.#kept.clear();
    this.saved.forget();
    this.commands.clear();
    for (const conversation of this.#timelines.conversations) {
      if (this.chat.conversations.has(conversation)) this.#timelines.reload(conversation);
      else this.#timelines.forget(conversation);
    }
    for (const { conversation, draft } of this.chat.conversations.values()) {
      if (this.drafts.received(conversation, draft)) this.#emit("draft", conversation);
    }
    this.#emit("conversations", null);
    this.#emit("invitations");
    this.#save();
  }

  /** @param {string} conversation */
  #reset(conversation) {
    void this.#kept.forget(conversation);
    this.commands.forget(conversation);
    const state = this.chat.conversations.get(conversation);
    if (state && this.drafts.received(conversation, state.draft)) this.#emit("draft", conversation);
    this.#timelines.reload(conversation);
    this.#emit("conversations", conversation);
  }

  /** @param {string} conversation */
  #removed(conversation) {
    this.#timelines.forget(conversation);
    this.changes.forget(conversation);
    this.asides.forget(conversation);
    this.commands.forget(conversation);
    void this.#kept.forget(conversation);
    this.#emit("removed", conversation);
    this.#emit("conversations", null);
  }

  /**
   * The timeline of a conversation, or of the thread with this root. It is created on first use.
   * @param {string} conversation @param {number | null} [thread]
   */
  timeline(conversation, thread = null) {
    return this.#timelines.at(conversation, thread);
  }

  /** A message of a conversation if it is in memory. @param {string} conversation @param {number} seq */
  loaded(conversation, seq) {
    return this.#timelines.message(conversation, seq);
  }

  /**
   * The messages stored on this device, to be shown until the server answers.
   * @param {string} key of a conversation or thread
   */
  kept(key) {
    return this.#kept.in(key);
  }

  /**
   * @param {string} conversation
   * @param {OutgoingMessage & {thread?: number | null}} message `thread`: send it as a reply there
   */
  send(conversation, { text, replyTo, thread = null, also = false, files = [], copies = [], clientId = newId() }) {
    if (thread === null) this.typing.sent(conversation);
    const shown = { ...(files.length && { files }), ...(copies.length && { copies }) };
    this.pending.add({ clientId, conversation, thread, also, text, ...shown, replyTo, at: Date.now() });
  }

  /** The account changed, or is known better. @param {Partial<User>} me */
  renew(me) {
    if (me.display_name && !me.picture) delete this.me.picture; // a whole profile
    Object.assign(this.me, me);
    prefer({ me: { ...this.me } });
    this.#emit("me");
    this.#emit("people");
  }

  /** A message as it is to be shown: with the changes that the server has not confirmed. @param {Message} message */
  current(message) {
    return this.changes.apply(message, this.me);
  }

  /** Edit, delete, react to or pin a message. @param {string} conversation @param {number} seq @param {Wish} wish */
  change(conversation, seq, wish) {
    this.changes.make(conversation, seq, wish);
  }

  // Not commands: without a connection these would wait, and change the membership when nobody expects it any more.

  /** Join a public room, or accept an invitation. @param {string} conversation */
  join(conversation) {
    return this.api.put(this.#membership(conversation));
  }

  /** Leave a room, decline an invitation, or hide a direct. @param {string} conversation */
  leave(conversation) {
    return this.api.delete(this.#membership(conversation));
  }

  /** @param {string} conversation */
  #membership(conversation) {
    return `/conversations/${encodeURIComponent(conversation)}/members/${encodeURIComponent(this.me.user_id)}`;
  }

  /** Send a typing notice, at a limited rate. @param {string} conversation */
  writes(conversation) {
    if (this.chat.status.state === "online" && this.typing.tell(conversation)) {
      void this.chat.command("typing", { conversation }).catch(() => {});
    }
  }

  /** @param {string} name @param {Function} listener @returns {() => void} */
  on(name, listener) {
    const here = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, here.add(listener));
    return () => here.delete(listener);
  }

  /** @param {string} name @param {...unknown} told */
  #emit(name, ...told) {
    for (const listener of this.#listeners.get(name) ?? []) listener(...told);
  }

  #save() {
    this.#saving ??= setTimeout(() => void this.saveNow(), SAVE_AFTER);
  }

  async saveNow() {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    // Both as of now: with a cursor ahead of the messages, the missing ones would never be sent.
    const state = this.chat.save();
    await this.#kept.save(this.#timelines);
    if (!state) return; // without cursors yet: the state of the last visit is worth more
    const { people } = state;
    await this.database.change("state", "chat", (before) => ({
      ...state,
      people: withOthers(people, before?.people ?? []),
    }));
  }

  /** Stop the application. `forget` deletes this user's data from the browser. @param {boolean} forget */
  stop(forget) {
    for (const end of this.#ends) end();
    this.writing.end();
    clearTimeout(this.#saving);
    this.#saving = undefined;
    this.chat.close();
    this.database.close();
    this.outgoing.end();
    if (forget) Database.forget(this.me.uid);
  }
}
