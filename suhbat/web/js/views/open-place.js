// What is open beside the list: a conversation, the threads, the inbox, or why it is none of these.

import { t } from "../text/languages.js";
import { prefer } from "../storage/preferences.js";
import { Absence } from "./absence.js";
import { introActs } from "./beginnings.js";
import { ConversationView } from "./conversation.js";
import { h } from "./dom.js";
import { later } from "./later.js";
import { skeleton } from "./loading.js";
import { addressOf, placeOf, THREADS } from "./places.js";
import { phone, trail } from "./trail.js";

/** @import { App } from "../app.js" */
/** @import { StepActs } from "./first-steps.js" */
/** @import { InboxView } from "./inbox.js" */
/** @import { Panes } from "./panes.js" */
/** @import { Go } from "./places.js" */
/** @import { Sidebar } from "./sidebar.js" */
/** @import { ThreadsView } from "./threads.js" */

export class OpenPlace {
  /** @type {ConversationView | null} */
  view = null;
  /** The list of threads or the inbox, in the place of a conversation. @type {ThreadsView | InboxView | null} */
  #list = null;

  /**
   * @param {App} app
   * @param {HTMLElement} shell its `data-pane` says what a phone shows
   * @param {{sidebar: Sidebar, panes: Panes, steps: StepActs}} parts
   * @param {{go: Go, route: () => void, changed: () => void}} acts `route`: show what is in the address; `changed`:
   *   look again at what there is
   */
  constructor(app, shell, { sidebar, panes, steps }, acts) {
    this.app = app;
    this.shell = shell;
    this.sidebar = sidebar;
    this.panes = panes;
    this.steps = steps;
    this.acts = acts;
    this.absence = new Absence(app, { show: (element) => panes.show(element), again: acts.changed });
  }

  /** The conversation that is open, or that is said to be absent. */
  get conversation() {
    return this.view?.conversation ?? this.absence.conversation;
  }

  focus() {
    (this.view?.composer ?? this.#list ?? this.absence).focus();
  }

  /**
   * @param {string} conversation @param {number | null} [seq] of a message; with a thread, of a reply in it
   * @param {number | null} [thread] the one to show beside the conversation
   */
  open(conversation, seq = null, thread = null) {
    this.shell.dataset.pane = "conversation";
    trail.shown("conversation");
    if (phone() && thread === null && this.panes.shown !== "thread") this.panes.hide();
    if (this.view?.conversation === conversation) {
      this.view.timeline.refresh(); // it may have been covered; what came meanwhile is read now
      if (seq !== null && thread === null) void this.view.timeline.jump(seq);
      return this.panes.showThread(thread, seq);
    }
    if (!this.app.chat.conversations.has(conversation)) return this.#missing(conversation);
    const moves = this.view !== null; // the start shows the beginning of the list
    this.#leave();
    this.sidebar.open = conversation;
    prefer({ last: conversation });
    const view = (this.view = new ConversationView(this.app, conversation, {
      back: () => trail.back(),
      details: () => void this.panes.open("details"),
      search: () => void this.panes.open("search"),
      go: (where, at) => this.acts.go(where, at),
      thread: (root, reply) => this.acts.go(conversation, reply, root),
      ended: () => this.#rename(conversation),
      intro: introActs(this.app, conversation, this.steps),
    }));
    this.panes.show(view.element);
    this.sidebar.refresh();
    if (moves) this.sidebar.reveal();
    void view.open(thread === null ? seq : null);
    if (!matchMedia("(pointer: coarse)").matches) view.composer.focus();
    this.panes.showThread(thread, seq);
    return undefined;
  }

  /** The shown conversation has this address, if nothing lies over or beside it. @param {string} conversation */
  #rename(conversation) {
    const { apart, thread } = placeOf(location.hash);
    if (!apart && !thread) trail.rename(addressOf(conversation));
  }

  /** Open the list of the threads that the user follows, or the inbox. @param {string} place */
  async openList(place) {
    this.shell.dataset.pane = "threads";
    trail.shown("conversation");
    if (this.#list?.show(place)) return;
    this.#leave();
    this.#empty(false);
    const [{ ThreadsView }, { InboxView }] = await Promise.all([later("threads"), later("inbox")]);
    if (location.hash !== place || this.#list) return;
    const View = place === THREADS ? ThreadsView : InboxView;
    this.#list = new View(this.app, {
      back: () => trail.back(),
      // On a phone closing the thread leads back to the list.
      go: (...place) => (phone() ? trail.enter(addressOf(...place)) : this.acts.go(...place)),
    });
    this.#list.show(place);
    this.panes.show(this.#list.element);
    this.#list.focus();
    this.sidebar.refresh();
  }

  /** Show that nothing is open. */
  close() {
    this.shell.dataset.pane = "list";
    trail.shown("list");
    this.#leave();
    this.#empty(this.app.chat.conversations.size > 0);
  }

  /** The conversation is not in the list: it is gone, or the list is not loaded yet. @param {string} conversation */
  #missing(conversation) {
    if (this.absence.conversation === conversation) return this.absence.stays();
    const removed = this.view?.conversation === conversation;
    const focus = this.view?.composer.element.contains(document.activeElement) ?? false;
    const title = (removed && this.view?.title.textContent) || "";
    this.#leave();
    if (removed && this.absence.passes(conversation)) return phone() ? trail.back() : trail.go("#/", true);
    if (!removed && !this.absence.settled(conversation)) return this.#empty(false);
    this.absence.show(conversation, { title, removed, focus });
  }

  /** Close what is open. */
  #leave() {
    this.view?.close();
    this.#list?.close();
    this.view = this.#list = null;
    this.absence.hide();
    this.sidebar.open = null;
    this.panes.left();
    this.sidebar.refresh();
  }

  /** The conversation below the search is gone. Back leads to a place that says so. */
  #forget() {
    this.view?.close();
    this.view = null;
    this.absence.hide();
  }

  /** No conversation is open, or not yet. @param {boolean} loaded */
  #empty(loaded) {
    const waits = () => h("div", { class: "opening", "aria-busy": "true" }, ...skeleton(8));
    this.panes.show(loaded ? h("p", { class: "empty" }, t("conversation.pick")) : waits());
  }

  /** The list of conversations may have changed. */
  refresh() {
    this.view?.refresh();
    const { conversation } = this;
    const here = conversation !== null && this.app.chat.conversations.has(conversation);
    if (conversation === null)
      this.acts.route(); // also where the settings lie over nothing
    else if (!here && this.shell.dataset.pane === "search") this.#forget();
    else if (!here) this.#missing(conversation);
    else if (this.absence.conversation) {
      this.#rename(conversation);
      const { seq, thread } = placeOf(location.hash);
      this.open(conversation, thread && seq, thread);
    }
  }

  /** Times are shown as seen from now. */
  minute() {
    this.view?.refresh();
    this.view?.timeline.refresh();
    this.#list?.refresh();
  }

  end() {
    this.view?.close();
    this.#list?.close();
  }
}
