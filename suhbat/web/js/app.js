// The application of one user in this tab. It wires the connection to the models; views listen to it and call it.

import { Incoming } from "./incoming.js";
import { Asides } from "./models/asides.js";
import { BotCommands } from "./models/bot-commands.js";
import { Receipts } from "./models/receipts.js";
import { KeptMessages } from "./models/kept.js";
import { OpenTimelines } from "./models/open-timelines.js";
import { SavedMessages } from "./models/saved.js";
import { TypingPeople } from "./models/typing.js";
import { OutgoingFiles } from "./outgoing-files.js";
import { Pushes } from "./pushes.js";
import { newId } from "./sdk/ids.js";
import { Chat, TabsLink, bestLink } from "./sdk/chat.js";
import { withOthers } from "./sdk/people.js";
import { Database } from "./storage/database.js";
import { prefer } from "./storage/preferences.js";
import { Writing } from "./writing.js";

/** @import { Wish } from "./models/changes.js" */
/** @import { ChosenFile } from "./models/chosen.js" */
/** @import { Stored } from "./writing.js" */
/** @import { Api } from "./sdk/http.js" */
/** @import { Message, MessageFile, Person, Quiet } from "./sdk/types.js" */

const SAVE_AFTER = 300; // ms

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
  /** @type {Map<string, Set<Function>>} */
  #listeners = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #saving;
  #incoming;
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
    this.#incoming = new Incoming(this, {
      timelines: this.#timelines,
      kept: this.#kept,
      emit,
      save: () => this.#save(),
    });
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
    this.#incoming.end();
    this.writing.end();
    clearTimeout(this.#saving);
    this.#saving = undefined;
    this.chat.close();
    this.database.close();
    this.outgoing.end();
    if (forget) Database.forget(this.me.uid);
  }
}
