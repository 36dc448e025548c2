// The panes beside the conversation: its details, a thread, and the search. On a phone a pane takes the whole page: the
// details are a layer over the conversation, and the search is a place of its own, so that Back leads from a message
// that was found to the results. A thread is in the address everywhere.

import { invite } from "./beginnings.js";
import { h } from "./dom.js";
import { remembered } from "./focus.js";
import { later } from "./later.js";
import { addressOf, SEARCH } from "./places.js";
import { ThreadView } from "./thread.js";
import { phone, trail } from "./trail.js";

/** @import { App } from "../app.js" */
/** @import { ConversationView } from "./conversation.js" */
/** @import { Go } from "./places.js" */
/** @import { SearchPanel } from "./search.js" */

/** @typedef {"details" | "search" | "thread"} PaneName */

/** Whether what has the focus got it from the keyboard. */
const byKeyboard = () => Boolean(document.activeElement?.matches(":focus-visible"));

export class Panes {
  /** @type {PaneName | null} */
  shown = null;
  /** The last search with its results, also while it is not shown. @type {SearchPanel | null} */
  #search = null;
  #scrolled = 0;
  /** The conversation in which it was begun. @type {string | null} */
  #begun = null;
  /** Whether the user goes to a result. */
  #taken = false;
  /** @type {HTMLElement | null} */
  #details = null;
  /** @type {ThreadView | null} */
  #thread = null;
  /** Whether a thread made the search go away, which comes back after it. */
  #covered = false;
  /** What to open when the thread is closed. @type {PaneName | null} */
  #after = null;
  /** Gives the focus back: to what opened the pane, and after a click of the mouse to the message field. */
  #back = () => {};
  /** To call when the details, which cover the page on a phone, are closed. */
  #uncover = () => {};

  /**
   * @param {App} app
   * @param {HTMLElement} shell  its `data-aside` tells that a pane is shown
   * @param {{view: () => ConversationView | null, go: Go, leave: () => void,
   *   ends: (conversation: string, text: string | null) => void}} acts  `leave`: go from the thread to its
   *   conversation; `ends`: the user leaves a conversation, and is told this text then; with null it stays
   */
  constructor(app, shell, acts) {
    this.app = app;
    this.shell = shell;
    this.acts = acts;
    this.main = h("div", { class: "main" });
    this.place = h("div", { class: "place" }, this.main);
  }

  /** Show something in place of the conversation. @param {HTMLElement} element */
  show(element) {
    this.main.replaceChildren(element);
    this.#search?.placed();
  }

  /** The open thread. */
  get thread() {
    return this.#thread;
  }

  /** The user asked for a pane, or with null to close it. @param {Exclude<PaneName, "thread"> | null} name */
  async open(name) {
    if (this.shown === "thread") {
      this.#after = name;
      return this.acts.leave();
    }
    if (name === "search") return this.#openSearch();
    const searched = this.shown === "search";
    if (searched && phone()) return trail.back();
    const closes = name === null || name === this.shown;
    this.hide();
    if (closes) {
      if (searched) this.#endSearch();
      return this.#back();
    }
    return this.#openDetails();
  }

  /** Hide the pane. A search keeps its results; on a phone, only if the user went to one of them. */
  hide() {
    this.#closeThread();
    this.#details?.remove();
    this.#details = null;
    this.#uncover();
    this.#uncover = () => {};
    if (this.#search && this.shown === "search") {
      this.#scrolled = this.#search.body.scrollTop;
      this.#search.element.hidden = true;
      if (phone() && !this.#taken) this.#endSearch();
    }
    this.#taken = false;
    this.#beside(null);
  }

  /** The conversation is left. On a desk a search stays beside the next one. */
  left() {
    if (this.shown !== "search" || phone()) this.hide();
  }

  /** Show the search as it was left, or a new one. */
  async showSearch() {
    if (this.#shows("search")) return;
    this.hide();
    this.#beside("search");
    const { SearchPanel } = await later("search");
    if (!this.#shows("search")) return;
    const known = this.#search;
    const search = (this.#search ??= this.#newSearch(SearchPanel));
    search.element.hidden = false;
    search.body.scrollTop = this.#scrolled;
    // On a phone the keyboard would cover the results to which the user comes back.
    if (!known || !matchMedia("(pointer: coarse)").matches) search.focus();
  }

  /**
   * Show the thread in the address, maybe at a reply. Without one, close the thread.
   * @param {number | null} root @param {number | null} reply
   */
  showThread(root, reply) {
    const view = this.acts.view();
    if (root === null || !view) return this.#leftThread();
    if (this.#thread?.root !== root) this.#openThread(view, root, reply);
    else if (reply !== null) void this.#thread.timeline.jump(reply);
    return undefined;
  }

  /** @param {ConversationView} view @param {number} root @param {number | null} reply */
  #openThread({ conversation, acts }, root, reply) {
    if (!this.#shows("thread")) this.#covered = this.#shows("search") && !phone();
    this.hide();
    this.#beside("thread");
    const thread = (this.#thread = new ThreadView(this.app, conversation, root, {
      close: this.acts.leave,
      go: this.acts.go,
      // The root has no address of its own in its thread.
      jump: (seq) => (seq === root ? void this.#thread?.timeline.jump(root) : this.acts.go(conversation, seq, root)),
      ended: () => this.#thread === thread && trail.rename(addressOf(conversation, null, root)),
      intro: acts.intro,
    }));
    this.place.append(thread.element);
    if (!matchMedia("(pointer: coarse)").matches) thread.composer.focus();
    void thread.open(reply);
  }

  /** The address has no thread any more. */
  #leftThread() {
    const left = this.#thread;
    const focused = left?.element.contains(document.activeElement);
    if (left) this.hide();
    const after = this.#after;
    this.#after = null;
    const covered = this.#covered;
    this.#covered = false;
    if (after) return void this.open(/** @type {"details" | "search"} */ (after));
    if (covered) return void this.showSearch();
    const view = this.acts.view();
    if (left && focused && view && !view.timeline.focus(left.root)) view.composer.focus();
    return undefined;
  }

  #closeThread() {
    this.#thread?.close();
    this.#thread?.element.remove();
    this.#thread = null;
  }

  async #openSearch() {
    if (this.shown === "search") return this.#search?.focus();
    this.#back = this.#return();
    // One that made place for the details is shown again, unless it was begun in another conversation.
    if (this.#begun !== (this.acts.view()?.conversation ?? null)) this.#endSearch();
    if (phone()) return trail.go(SEARCH);
    return this.showSearch();
  }

  /** @param {typeof SearchPanel} Panel */
  #newSearch(Panel) {
    this.#begun = this.acts.view()?.conversation ?? null;
    const search = new Panel(this.app, this.#begun, {
      close: () => void this.open(null),
      go: (conversation, seq, thread) => {
        this.#taken = true;
        this.acts.go(conversation, seq, thread);
      },
      open: () => this.acts.view()?.conversation ?? null,
    });
    this.place.append(search.element);
    this.#scrolled = 0;
    return search;
  }

  #endSearch() {
    this.#search?.end();
    this.#search = null;
  }

  async #openDetails() {
    const conversation = this.acts.view()?.conversation;
    if (!conversation) return;
    const enter = byKeyboard() || phone();
    this.#back = this.#return();
    this.#beside("details");
    if (phone()) this.#uncover = trail.cover(() => void this.open(null));
    const { detailsPanel } = await later("details");
    if (!this.#shows("details") || this.#details) return;
    this.#details = detailsPanel(this.app, conversation, {
      close: () => void this.open(null),
      go: (where, seq, thread) => {
        if (phone()) void this.open(null);
        this.acts.go(where, seq, thread);
      },
      invite: () => invite(this.app, conversation),
      ends: (text) => this.acts.ends(conversation, text),
    });
    this.place.append(this.#details);
    if (enter) /** @type {HTMLElement | null} */ (this.#details.querySelector("button"))?.focus();
  }

  #return() {
    if (byKeyboard() || matchMedia("(pointer: coarse)").matches) return remembered();
    return () => this.acts.view()?.composer.focus();
  }

  /** @param {PaneName} name */
  #shows(name) {
    return this.shown === name;
  }

  /** @param {PaneName | null} name */
  #beside(name) {
    this.shown = name;
    this.shell.toggleAttribute("data-aside", name !== null);
    if (name) this.shell.dataset.aside = name;
  }

  end() {
    this.#closeThread();
    this.#endSearch();
  }
}
