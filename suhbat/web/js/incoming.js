// What the server tells, brought to the models and the views: events, notices, and the state when it comes anew.

import { defaultLevel, levelOf } from "./models/levels.js";
import { WholeMessages } from "./models/whole.js";
import { prefer, preferences } from "./storage/preferences.js";

/** @import { App } from "./app.js" */
/** @import { Aside } from "./models/asides.js" */
/** @import { KeptMessages } from "./models/kept.js" */
/** @import { OpenTimelines } from "./models/open-timelines.js" */
/** @import { Pending } from "./models/pending.js" */
/** @import { Chat } from "./sdk/chat.js" */

const PREVIEWED = 100; // characters of a growing message after which its line in the list no longer changes
const MEMBERS = new Set(["member.joined", "member.left"]);
const ABOUT = new Set(["message.edited", "message.finished", "message.deleted", "message.pinned", "message.unpinned"]);

export class Incoming {
  #app;
  #timelines;
  #kept;
  #emit;
  #save;
  #whole = new WholeMessages();
  #ends;

  /**
   * @param {App} app
   * @param {{timelines: OpenTimelines, kept: KeptMessages, emit: (name: string, ...told: unknown[]) => void,
   *   save: () => void}} parts `emit` tells the views; `save` stores the state soon
   */
  constructor(app, { timelines, kept, emit, save }) {
    this.#app = app;
    this.#timelines = timelines;
    this.#kept = kept;
    this.#emit = emit;
    this.#save = save;
    this.#ends = this.#listen();
  }

  #listen() {
    const app = this.#app;
    const { chat } = app;
    return [
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
        app.receipts.seen(notice);
        this.#emit("receipts", notice.conversation);
      }),
      chat.on("typing", (/** @type {any} */ notice) => {
        app.typing.seen(notice);
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
      app.on("given", (/** @type {Pending} */ { conversation, thread = null, text }) =>
        this.#aside({ conversation, thread, text, by: null }),
      ),
      chat.on("caught_up", () => {
        this.#save();
        if (app.me.kind) void app.saved.load().catch(() => {}); // the next connection tries again
        void bringMuted(chat).catch(() => {}); // the next connection tries again
      }),
      chat.on("held", () => {
        for (const conversation of app.pending.conversations) this.#emit("pending", conversation);
      }),
    ];
  }

  /**
   * Show something to this user alone, below what is there now.
   * @param {Omit<Aside, "id" | "key" | "at" | "after">} aside
   */
  #aside(aside) {
    const after = this.#app.chat.conversations.get(aside.conversation)?.head ?? 0;
    this.#app.asides.add({ ...aside, after, at: Date.now() });
  }

  /** @param {any} event */
  #event(event) {
    const app = this.#app;
    this.#save();
    if (event.conversation === "@me") {
      if (event.type === "draft" && app.drafts.received(event.target, event.text)) this.#emit("draft", event.target);
      if (event.type === "user.updated") app.renew(event.user);
      if (event.type === "saved") app.saved.apply(event);
      return;
    }
    if (event.type === "message.created") {
      app.typing.done(event.conversation, event.actor_uid);
      this.#emit("typing", event.conversation);
    }
    if (MEMBERS.has(event.type)) app.commands.forget(event.conversation);
    this.#kept.apply(event);
    for (const timeline of this.#timelines.in(event.conversation)) timeline.apply(event);
    app.changes.confirm(event, app.me.uid);
    // Search results, pins, notifications and the composer also show messages, so they listen to this.
    if (ABOUT.has(event.type)) this.#emit("about", event);
    if (event.type === "message.created" && event.actor_uid === app.me.uid) {
      app.pending.remove(event.message.client_id);
    }
    const { message } = event;
    if (this.#whole.isNew(event) && message.sender_uid !== app.me.uid) this.#emit("message", message);
  }

  #renewed() {
    const { chat, saved, commands, drafts } = this.#app;
    // No event reports later changes to these messages, so an open conversation is loaded and stored again.
    void this.#kept.clear();
    saved.forget();
    commands.clear();
    for (const conversation of this.#timelines.conversations) {
      if (chat.conversations.has(conversation)) this.#timelines.reload(conversation);
      else this.#timelines.forget(conversation);
    }
    for (const { conversation, draft } of chat.conversations.values()) {
      if (drafts.received(conversation, draft)) this.#emit("draft", conversation);
    }
    this.#emit("conversations", null);
    this.#emit("invitations");
    this.#save();
  }

  /** @param {string} conversation */
  #reset(conversation) {
    const { chat, commands, drafts } = this.#app;
    void this.#kept.forget(conversation);
    commands.forget(conversation);
    const state = chat.conversations.get(conversation);
    if (state && drafts.received(conversation, state.draft)) this.#emit("draft", conversation);
    this.#timelines.reload(conversation);
    this.#emit("conversations", conversation);
  }

  /** @param {string} conversation */
  #removed(conversation) {
    const { changes, asides, commands } = this.#app;
    this.#timelines.forget(conversation);
    changes.forget(conversation);
    asides.forget(conversation);
    commands.forget(conversation);
    void this.#kept.forget(conversation);
    this.#emit("removed", conversation);
    this.#emit("conversations", null);
  }

  end() {
    for (const end of this.#ends) end();
  }
}

/**
 * What was muted on this device before the server knew levels: nothing of it notifies, from now on on any device.
 * @param {Chat} chat
 */
async function bringMuted(chat) {
  for (const conversation of preferences().silent) {
    const state = chat.conversations.get(conversation);
    if (state?.notify && levelOf(state) === defaultLevel(state))
      await chat.command("notify", { conversation, level: "none" });
    if (state && !state.notify) return; // an older server
    prefer({ silent: preferences().silent.filter((one) => one !== conversation) });
  }
}
