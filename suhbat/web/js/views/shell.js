// The page after sign-in: the list, the open conversation, the pane beside it, the address and the keyboard shortcuts.

import { t } from "../text/languages.js";
import { onPreferences, prefer, preferences } from "../storage/preferences.js";
import { banner } from "./banner.js";
import { ConversationView } from "./conversation.js";
import { toast } from "./dialog.js";
import { h } from "./dom.js";
import { sentence } from "./form.js";
import { goneView } from "./gone.js";
import { later } from "./later.js";
import { notify } from "./notifications.js";
import { Sidebar } from "./sidebar.js";

/** @import { App } from "../app.js" */

const PATIENCE = 1000; // ms online until a conversation that is not in the list is said not to exist

export class Shell {
  /** @type {ConversationView | null} */
  #view = null;
  /** @type {ReturnType<typeof goneView> | null} in the place of a conversation that is gone or does not exist */
  #gone = null;
  /** Since when this conversation is looked for. */
  #sought = { conversation: "", since: 0 };
  /** @type {"details" | "search" | null} */
  #pane = null;

  /** @param {App} app @param {{leave: () => void}} acts */
  constructor(app, acts) {
    this.app = app;
    this.acts = acts;
    const go = this.go.bind(this);
    const moderate = () => void later("moderation").then(({ moderationDialog }) => moderationDialog(app));
    this.sidebar = new Sidebar(app, {
      open: go,
      search: () => this.pane("search"),
      add: (anchor) => void later("browse").then(({ addMenu }) => addMenu(app, anchor, go)),
      settings: () => void later("settings").then(({ settingsDialog }) => settingsDialog(app, { ...acts, moderate })),
      switcher: () => this.switch(),
    });
    this.banner = banner(app);
    this.place = h("div", { class: "place" });
    this.element = h(
      "main",
      { class: "shell" },
      h(
        "a",
        {
          class: "skip",
          href: "#composer",
          on: { click: (/** @type {Event} */ event) => (event.preventDefault(), this.#view?.composer.focus()) },
        },
        t("skip"),
      ),
      this.banner.element,
      this.sidebar.element,
      this.place,
    );
    const key = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    const route = () => this.#route();
    const left = () => void app.saveNow();
    addEventListener("keydown", key);
    addEventListener("hashchange", route);
    addEventListener("pagehide", left);
    this.ends = [
      () => removeEventListener("keydown", key),
      () => removeEventListener("hashchange", route),
      () => removeEventListener("pagehide", left),
      this.banner.end,
      notify(app, go),
      app.on("conversations", () => this.#changed()),
      app.on("presence", () => this.#changed()),
      app.on("pending", () => this.sidebar.refresh()),
      app.on("me", () => this.sidebar.refresh()),
      app.on("invitations", () => this.sidebar.invitations.refresh()),
      app.on("status", () => this.#view ?? this.#gone ?? this.#route()),
      app.on("refused", (/** @type {unknown} */ error) => toast(sentence(error))),
    ];
    onPreferences(() => this.sidebar.refresh());
    this.#route();
  }

  /** @param {string} conversation @param {number} [seq] */
  go(conversation, seq) {
    const hash = `#/c/${encodeURIComponent(conversation)}${seq ? `/${seq}` : ""}`;
    if (location.hash === hash) this.#route();
    else location.hash = hash;
  }

  /** Open the conversation in the address. Without one, open the last one used, or on a phone the list. */
  #route() {
    const [, conversation, seq] = /^#\/c\/([^/]+)(?:\/(\d+))?$/.exec(location.hash) ?? [];
    const wanted = conversation ? decodeURIComponent(conversation) : null;
    if (wanted) return this.#open(wanted, seq ? Number(seq) : null);
    const last = preferences().last;
    if (!phone()) {
      const first =
        last && this.app.chat.conversations.has(last) ? last : this.app.chat.conversations.keys().next().value;
      if (first) return this.#open(first, null);
    }
    return this.#close();
  }

  /** @param {string} conversation @param {number | null} seq */
  #open(conversation, seq) {
    this.element.dataset.pane = "conversation";
    if (this.#view?.conversation === conversation) {
      if (seq !== null) void this.#view.timeline.jump(seq);
      return;
    }
    if (!this.app.chat.conversations.has(conversation)) return this.#missing(conversation);
    this.#leave();
    this.sidebar.open = conversation;
    prefer({ last: conversation });
    const view = (this.#view = new ConversationView(this.app, conversation, {
      back: () => (location.hash = "#/"),
      details: () => this.pane("details"),
      search: () => this.pane("search"),
      go: (where, at) => this.go(where, at),
    }));
    this.#pane = null;
    this.place.replaceChildren(view.element);
    this.sidebar.refresh();
    void view.open(seq);
    if (!matchMedia("(pointer: coarse)").matches) view.composer.focus();
  }

  #close() {
    this.element.dataset.pane = "list";
    this.#leave();
    this.#empty(t(this.app.chat.conversations.size ? "conversation.pick" : "loading"));
  }

  /**
   * The conversation is not in the list. It may be gone, or the list is not loaded yet. A forbidden one looks like one
   * that does not exist.
   * @param {string} conversation
   */
  #missing(conversation) {
    if (this.#gone?.conversation === conversation) return;
    const here = this.#view?.conversation === conversation;
    const typing = this.#view?.composer.element.contains(document.activeElement);
    const title = (here && this.#view?.title.textContent) || "";
    this.#leave();
    if (here && phone() && !this.app.unsent(conversation)) {
      toast(t("conversation.removed"));
      location.hash = "#/";
      return;
    }
    if (!here && !this.#waitedFor(conversation)) return this.#empty(t("loading"));
    const back = () => (location.hash = "#/");
    const what = t(here ? "conversation.removed" : "conversation.none");
    this.#gone = goneView(this.app, conversation, { title, what }, back);
    this.place.replaceChildren(this.#gone.element);
    if (typing) this.#gone.focus();
  }

  /** Whether a conversation that is not in the list will hardly come any more. @param {string} conversation */
  #waitedFor(conversation) {
    if (this.app.chat.status.state !== "online") return false;
    if (this.#sought.conversation !== conversation) {
      this.#sought = { conversation, since: Date.now() };
      setTimeout(() => this.#changed(), PATIENCE + 10);
    }
    return Date.now() - this.#sought.since >= PATIENCE;
  }

  /** Close what is open. */
  #leave() {
    this.#view?.close();
    this.#view = null;
    this.#gone = null;
    this.#pane = null;
    this.sidebar.open = null;
    this.sidebar.refresh();
  }

  /** @param {string} text */
  #empty(text) {
    this.place.replaceChildren(h("p", { class: "empty" }, text));
  }

  /** Show a pane beside the conversation, or close it. @param {"details" | "search" | null} name */
  async pane(name) {
    const wanted = this.#pane === name ? null : name;
    this.place.querySelector(".panel")?.remove();
    this.#pane = wanted;
    if (!wanted) return void this.#view?.composer.focus();
    const acts = {
      close: () => this.pane(null),
      go: (/** @type {string} */ where, /** @type {number | undefined} */ seq) => this.#found(where, seq),
    };
    const conversation = this.#view?.conversation ?? null;
    const [{ searchPanel }, { detailsPanel }] = await Promise.all([later("search"), later("details")]);
    if (this.#pane !== wanted || this.place.querySelector(".panel")) return;
    if (wanted === "search") this.place.append(searchPanel(this.app, conversation, acts));
    else if (conversation) {
      const invite = () => void later("invites").then(({ inviteDialog }) => inviteDialog(this.app, conversation));
      this.place.append(detailsPanel(this.app, conversation, { ...acts, invite }));
    }
  }

  /** Open the switcher, which finds a conversation by its name. */
  switch() {
    void later("switcher").then(({ switcher }) => switcher(this.app, (conversation) => this.go(conversation)));
  }

  /** @param {string} conversation @param {number} [seq] */
  #found(conversation, seq) {
    if (phone()) this.pane(null);
    this.go(conversation, seq);
  }

  #changed() {
    this.sidebar.refresh();
    this.#view?.refresh();
    const { conversation } = this.#view ?? this.#gone ?? {};
    if (!conversation) this.#route();
    else if (!this.app.chat.conversations.has(conversation)) this.#missing(conversation);
    else if (this.#gone) this.#open(conversation, null);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const key = event.key.toLowerCase();
    const command = event.ctrlKey || event.metaKey;
    const writing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (document.querySelector("dialog[open]")) return;
    if (key === "escape" && document.querySelector("[popover]")) return; // this key press closes only the popover
    if (command && key === "k") this.switch();
    else if (command && event.shiftKey && key === "f") this.pane("search");
    else if (event.altKey && (key === "arrowup" || key === "arrowdown")) {
      const next = this.sidebar.neighbour(key === "arrowup" ? -1 : 1, event.shiftKey);
      if (next) this.go(next);
    } else if (key === "escape" && this.#pane) this.pane(null);
    else if (key === "escape" && this.#view) this.#view.composer.focus();
    else if (!writing && key === "?") void later("keys").then(({ keysDialog }) => keysDialog());
    else if (!writing && !command && this.#messageKey(key, event.target)) return event.preventDefault();
    else return undefined;
    return event.preventDefault();
  }

  /**
   * Handle the keys on a message that has the focus: up and down, reply, edit, react.
   * @param {string} key @param {EventTarget | null} target
   */
  #messageKey(key, target) {
    const row = target instanceof HTMLElement ? target.closest("article.message") : null;
    const scroller = target instanceof HTMLElement && target.matches(".scroller");
    if (!this.#view || (!row && !scroller)) return false;
    const rows = /** @type {HTMLElement[]} */ ([...this.#view.timeline.list.querySelectorAll("article.message")]);
    const step = { arrowup: -1, arrowdown: 1 }[key];
    if (step) {
      const at = row ? rows.indexOf(/** @type {HTMLElement} */ (row)) + step : rows.length - 1;
      rows[at]?.focus();
      return Boolean(rows[at]);
    }
    const message = this.#view.timeline.timeline.find(Number(/** @type {HTMLElement} */ (row)?.dataset.seq));
    if (!row || !message || message.deleted) return false;
    if (key === "r") this.#view.composer.reply(message);
    else if (key === "e" && message.sender_uid === this.app.me.uid) this.#view.composer.edit(message);
    else if (key === "+") this.#view.timeline.acts.pickReaction(message.seq, row);
    else if (key === "enter" && target === row) this.#view.timeline.acts.more(message.seq, row);
    else return false;
    return true;
  }

  /** The language changed: draw the page again at the same place. */
  redraw() {
    const { app, acts } = this;
    this.close();
    return new Shell(app, acts);
  }

  close() {
    this.#view?.close();
    for (const end of this.ends) end();
  }
}

const phone = () => matchMedia("(max-width: 720px)").matches;
