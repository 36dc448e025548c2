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
import { everyMinute } from "./minutes.js";
import { notify } from "./notifications.js";
import { Panes } from "./panes.js";
import { addressOf, placeOf, SEARCH } from "./places.js";
import { shortcuts } from "./shortcuts.js";
import { Sidebar } from "./sidebar.js";
import { phone, trail } from "./trail.js";

/** @import { App } from "../app.js" */

const PATIENCE = 1000; // ms online until a conversation that is not in the list is said not to exist

export class Shell {
  /** @type {ConversationView | null} */
  #view = null;
  /** @type {ReturnType<typeof goneView> | null} in the place of a conversation that is gone or does not exist */
  #gone = null;
  /** Since when this conversation is looked for. */
  #sought = { conversation: "", since: 0 };

  /** @param {App} app @param {{leave: () => void}} acts */
  constructor(app, acts) {
    this.app = app;
    this.acts = acts;
    const go = this.go.bind(this);
    const moderate = () => void later("moderation").then(({ moderationDialog }) => moderationDialog(app));
    this.sidebar = new Sidebar(app, {
      open: go,
      search: () => void this.panes.open("search"),
      add: (anchor) => void later("browse").then(({ addMenu }) => addMenu(app, anchor, go)),
      settings: () => void later("settings").then(({ settingsDialog }) => settingsDialog(app, { ...acts, moderate })),
      switcher: () => this.switch(),
    });
    this.banner = banner(app);
    this.element = h(
      "main",
      { class: "shell" },
      h(
        "a",
        {
          class: "skip",
          href: "#composer",
          on: {
            click: (/** @type {Event} */ event) => (
              event.preventDefault(),
              (this.#view?.composer ?? this.#gone)?.focus()
            ),
          },
        },
        t("skip"),
      ),
      this.banner.element,
      this.sidebar.element,
    );
    this.panes = new Panes(app, this.element, { view: () => this.#view, go });
    this.element.append(this.panes.place);
    const route = () => this.#route();
    trail.route = route;
    const left = () => {
      app.writing.left();
      void app.saveNow();
    };
    addEventListener("hashchange", route);
    addEventListener("pagehide", left);
    this.ends = [
      () => (trail.route = () => {}),
      shortcuts({
        view: () => this.#view,
        pane: () => this.panes.shown,
        show: (name) => void this.panes.open(name),
        switch: () => this.switch(),
        neighbour: (step, unreadOnly) => {
          const next = this.sidebar.neighbour(step, unreadOnly);
          if (next) this.go(next);
        },
      }),
      everyMinute(() => this.#minute()),
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
    if (phone() && (placeOf(location.hash).conversation || location.hash === SEARCH)) trail.startAtList();
    this.#route();
  }

  /** @param {string} conversation @param {number} [seq] */
  go(conversation, seq) {
    trail.go(addressOf(conversation, seq));
  }

  /** Open the conversation in the address. Without one, open the last one used, or on a phone the list. */
  #route() {
    const { conversation, seq, invite } = placeOf(location.hash);
    if (conversation) return this.#open(conversation, seq);
    if (location.hash === SEARCH) {
      if (phone()) return this.#search();
      void this.panes.showSearch(); // beside the conversation that is opened below
    }
    if (invite) {
      history.replaceState(null, "", "#/"); // the code is a secret
      void later("invites").then(({ followInvite }) => followInvite(this.app, invite, (room) => this.go(room)));
    }
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
    trail.shown("conversation");
    if (phone()) this.panes.hide();
    if (this.#view?.conversation === conversation) {
      if (seq !== null) void this.#view.timeline.jump(seq);
      return;
    }
    if (!this.app.chat.conversations.has(conversation)) return this.#missing(conversation);
    this.#leave();
    this.sidebar.open = conversation;
    prefer({ last: conversation });
    const view = (this.#view = new ConversationView(this.app, conversation, {
      back: () => trail.back(),
      details: () => void this.panes.open("details"),
      search: () => void this.panes.open("search"),
      go: (where, at) => this.go(where, at),
      ended: () => trail.rename(addressOf(conversation)),
    }));
    this.panes.show(view.element);
    this.sidebar.refresh();
    void view.open(seq);
    if (!matchMedia("(pointer: coarse)").matches) view.composer.focus();
  }

  /** On a phone the search covers the page. The conversation stays below it. */
  #search() {
    this.element.dataset.pane = "search";
    trail.shown("search");
    void this.panes.showSearch();
  }

  #close() {
    this.element.dataset.pane = "list";
    trail.shown("list");
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
    if (here && phone() && !this.app.writing.unsent(conversation)) {
      toast(t("conversation.removed"));
      trail.back();
      return;
    }
    if (!here && !this.#waitedFor(conversation)) return this.#empty(t("loading"));
    const back = () => trail.back();
    const what = t(here ? "conversation.removed" : "conversation.none");
    this.#gone = goneView(this.app, conversation, { title, what }, back);
    this.panes.show(this.#gone.element);
    if (typing) this.#gone.focus();
    if (!here) void this.#visit(this.#gone, back);
  }

  /** Show a public room that the user may join. @param {ReturnType<typeof goneView>} gone @param {() => void} back */
  async #visit(gone, back) {
    const { publicRoom, visitView } = await later("visit");
    const room = await publicRoom(this.app, gone.conversation);
    if (room && this.#gone === gone) this.panes.show(visitView(this.app, room, back));
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
    this.sidebar.open = null;
    this.panes.left();
    this.sidebar.refresh();
  }

  /** The conversation below the search is gone. Back leads to a place that says so. */
  #forget() {
    this.#view?.close();
    this.#view = null;
    this.#gone = null;
  }

  /** @param {string} text */
  #empty(text) {
    this.panes.show(h("p", { class: "empty" }, text));
  }

  /** Open the switcher, which finds conversations, people and rooms by their names. */
  switch() {
    const open = this.#view?.conversation ?? null;
    void later("switcher").then(({ switcher }) => switcher(this.app, open, (conversation) => this.go(conversation)));
  }

  #changed() {
    this.sidebar.refresh();
    this.#view?.refresh();
    const { conversation } = this.#view ?? this.#gone ?? {};
    if (!conversation) this.#route();
    else if (this.element.dataset.pane === "search" && !this.app.chat.conversations.has(conversation)) this.#forget();
    else if (!this.app.chat.conversations.has(conversation)) this.#missing(conversation);
    else if (this.#gone) this.#open(conversation, null);
  }

  /** Times are shown as seen from now. */
  #minute() {
    this.sidebar.refresh();
    this.#view?.refresh();
    this.#view?.timeline.refresh();
  }

  /** The language changed: draw the page again at the same place. */
  redraw() {
    const { app, acts } = this;
    this.close();
    return new Shell(app, acts);
  }

  close() {
    this.#view?.close();
    this.panes.end();
    for (const end of this.ends) end();
  }
}
