// The page after sign-in: the list, the open conversation, the pane beside it, the address and the keyboard shortcuts.

import { t } from "../text/languages.js";
import { onPreferences, prefer, preferences } from "../storage/preferences.js";
import { Absence } from "./absence.js";
import { tellActive } from "./active.js";
import { banner } from "./banner.js";
import { introActs, stepActs } from "./beginnings.js";
import { ConversationView } from "./conversation.js";
import { Cover } from "./cover.js";
import { toast } from "./dialog.js";
import { h } from "./dom.js";
import { sentence } from "./form.js";
import { later } from "./later.js";
import { skeleton, tryAgain } from "./loading.js";
import { everyMinute } from "./minutes.js";
import { notify } from "./notifications.js";
import { notifyOffer } from "./notify-offer.js";
import { Panes } from "./panes.js";
import { addressOf, INBOX, isNowhere, placeOf, SAVED, SEARCH, THREADS } from "./places.js";
import { openKey, programs } from "./programs.js";
import { shortcuts } from "./shortcuts.js";
import { signals } from "./signals.js";
import { Sidebar } from "./sidebar.js";
import { placeToasts } from "./toast-place.js";
import { phone, trail } from "./trail.js";

/** @import { App } from "../app.js" */
/** @import { Address, Go } from "./places.js" */
/** @import { InboxView } from "./inbox.js" */
/** @import { ThreadsView } from "./threads.js" */

export class Shell {
  /** @type {ConversationView | null} */
  #view = null;
  #frame = 0;
  /** The list of threads or the inbox, in the place of a conversation. @type {ThreadsView | InboxView | null} */
  #list = null;

  /**
   * @param {App} app @param {{leave: () => void}} acts
   * @param {string} [focused] the id of the control that gets the focus again, where the page is drawn anew
   */
  constructor(app, acts, focused = "") {
    this.app = app;
    this.acts = acts;
    const go = this.go.bind(this);
    this.steps = stepActs(app, { go, profile: () => this.cover.go("settings", "profile") });
    this.sidebar = new Sidebar(app, {
      steps: this.steps,
      open: go,
      search: () => this.cover.leave(() => void this.panes.open("search")),
      add: (anchor) => void later("browse").then(({ addMenu }) => addMenu(app, anchor, go)),
      settings: () => this.cover.go("settings"),
      moderate: () => this.cover.go("moderation"),
      switcher: () => this.switch(),
    });
    this.banner = banner(app);
    this.offer = notifyOffer(app);
    const notices = h("div", { class: "notices" }, this.banner.element, this.offer.element);
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
              (this.cover.open ? this.cover : (this.#view?.composer ?? this.#list ?? this.absence)).focus()
            ),
          },
        },
        t("skip"),
      ),
      notices,
      this.sidebar.element,
    );
    this.panes = new Panes(app, this.element, {
      view: () => this.#view,
      go,
      leave: () => trail.leave(addressOf(this.#view?.conversation ?? null)),
      ends: (conversation, text) => this.absence.leaving(conversation, text),
    });
    this.element.append(this.panes.place);
    this.absence = new Absence(app, {
      show: (element) => this.panes.show(element),
      again: () => this.#changed(),
    });
    this.cover = new Cover(app, this.element, this.panes.place, { ...acts, go }, focused);
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
        view: (target) => (this.cover.open ? null : this.#viewAt(target)),
        pane: () => (this.cover.open ? null : this.panes.shown),
        covered: () => this.cover.open,
        show: (name) => void (this.cover.open || this.panes.open(name)),
        switch: () => this.switch(),
        neighbour: (step, unreadOnly) => {
          // After quick key presses, the address is ahead of what is shown.
          const from = placeOf(location.hash).conversation ?? this.sidebar.open;
          const next = this.sidebar.neighbour(from, step, unreadOnly);
          if (next) this.go(next);
        },
      }),
      everyMinute(() => this.#minute()),
      () => removeEventListener("hashchange", route),
      () => removeEventListener("pagehide", left),
      placeToasts(this.element, notices),
      this.banner.end,
      this.offer.end,
      signals(app),
      notify(app, go),
      programs(app, {
        open: () => [openKey(this.#view), openKey(this.panes.thread)],
        go,
        settings: () => this.cover.go("settings", "apps"),
      }),
      tellActive(app),
      // After an absence, hundreds of events come at once.
      ...["conversations", "presence", "pending", "me"].map((news) => app.on(news, () => this.#soon())),
      app.on("people", () => {
        this.#soon();
        this.sidebar.invitations.refresh();
      }),
      () => cancelAnimationFrame(this.#frame),
      app.on("invitations", () => this.sidebar.invitations.refresh()),
      app.on("status", () => this.#view ?? this.absence.conversation ?? this.#route()),
      app.on("status", () => app.chat.status.state === "online" && tryAgain()),
      app.on("refused", (/** @type {unknown} */ error) => toast(sentence(error))),
      onPreferences(() => this.sidebar.refresh()),
    ];
    const { conversation, apart } = placeOf(location.hash);
    if (phone() && (conversation || apart || [SEARCH, THREADS, INBOX, SAVED].includes(location.hash)))
      trail.startAtList();
    this.#route();
  }

  /** @type {Go} */
  go(conversation, seq, thread) {
    const address = addressOf(conversation, seq, thread);
    // A thread lies beside its conversation, so closing it leads back there.
    if (thread && this.#view?.conversation === conversation && !this.cover.open) trail.enter(address, true);
    else trail.go(address);
  }

  /** The conversation or the thread in which a key was pressed. @param {EventTarget | null} target */
  #viewAt(target) {
    const { thread } = this.panes;
    return target instanceof Node && thread?.element.contains(target) ? thread : this.#view;
  }

  /** Show the place in the address. */
  #route() {
    const asked = placeOf(location.hash);
    // The address never names a place that the page does not show.
    if (isNowhere(location.hash) || (asked.apart && !this.cover.may(asked.apart)))
      trail.rename(addressOf(this.#view?.conversation ?? null));
    const address = placeOf(location.hash);
    if (this.cover.may(address.apart)) {
      if (!phone() && !this.#view && !this.absence.conversation) this.#show(address); // below it
      return void this.cover.show(address.apart);
    }
    const back = this.cover.hide();
    this.#show(address);
    back();
  }

  /** Open this conversation. Without one, open the last one used, or on a phone the list. @param {Address} address */
  #show({ conversation, thread, seq, invite }) {
    if (conversation) return this.#open(conversation, seq, thread);
    if (location.hash === SEARCH) {
      if (phone()) return this.#search();
      void this.panes.showSearch(); // beside the conversation that is opened below
    }
    if ([THREADS, INBOX, SAVED].includes(location.hash)) return void this.#showList(location.hash);
    if (invite) {
      history.replaceState(null, "", "#/"); // the code is a secret
      void later("invites").then(({ followInvite }) => followInvite(this.app, invite, (room) => this.go(room)));
    }
    const last = preferences().last;
    if (!phone()) {
      const first =
        last && this.app.chat.conversations.has(last) ? last : this.app.chat.conversations.keys().next().value;
      if (first) return this.#open(first);
    }
    return this.#close();
  }

  /**
   * @param {string} conversation @param {number | null} [seq] of a message; with a thread, of a reply in it
   * @param {number | null} [thread] the one to show beside the conversation
   */
  #open(conversation, seq = null, thread = null) {
    this.element.dataset.pane = "conversation";
    trail.shown("conversation");
    if (phone() && thread === null && this.panes.shown !== "thread") this.panes.hide();
    if (this.#view?.conversation === conversation) {
      this.#view.timeline.refresh(); // it may have been covered; what came meanwhile is read now
      if (seq !== null && thread === null) void this.#view.timeline.jump(seq);
      return this.panes.showThread(thread, seq);
    }
    if (!this.app.chat.conversations.has(conversation)) return this.#missing(conversation);
    const moves = this.#view !== null; // the start shows the beginning of the list
    this.#leave();
    this.sidebar.open = conversation;
    prefer({ last: conversation });
    const view = (this.#view = new ConversationView(this.app, conversation, {
      back: () => trail.back(),
      details: () => void this.panes.open("details"),
      search: () => void this.panes.open("search"),
      go: (where, at) => this.go(where, at),
      thread: (root, reply) => this.go(conversation, reply, root),
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

  /** On a phone the search covers the page. The conversation stays below it. */
  #search() {
    this.element.dataset.pane = "search";
    trail.shown("search");
    void this.panes.showSearch();
  }

  /** The list of the threads that the user follows, or the inbox. @param {string} place */
  async #showList(place) {
    this.element.dataset.pane = "threads";
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
      go: (...place) => (phone() ? trail.enter(addressOf(...place)) : this.go(...place)),
    });
    this.#list.show(place);
    this.panes.show(this.#list.element);
    this.#list.focus();
    this.sidebar.refresh();
  }

  #close() {
    this.element.dataset.pane = "list";
    trail.shown("list");
    this.#leave();
    this.#empty(this.app.chat.conversations.size > 0);
  }

  /** The conversation is not in the list: it is gone, or the list is not loaded yet. @param {string} conversation */
  #missing(conversation) {
    if (this.absence.conversation === conversation) return this.absence.stays();
    const removed = this.#view?.conversation === conversation;
    const focus = this.#view?.composer.element.contains(document.activeElement) ?? false;
    const title = (removed && this.#view?.title.textContent) || "";
    this.#leave();
    if (removed && this.absence.passes(conversation)) return phone() ? trail.back() : trail.go("#/", true);
    if (!removed && !this.absence.settled(conversation)) return this.#empty(false);
    this.absence.show(conversation, { title, removed, focus });
  }

  /** Close what is open. */
  #leave() {
    this.#view?.close();
    this.#list?.close();
    this.#view = this.#list = null;
    this.absence.hide();
    this.sidebar.open = null;
    this.panes.left();
    this.sidebar.refresh();
  }

  /** The conversation below the search is gone. Back leads to a place that says so. */
  #forget() {
    this.#view?.close();
    this.#view = null;
    this.absence.hide();
  }

  /** No conversation is open, or not yet. @param {boolean} loaded */
  #empty(loaded) {
    const waits = () => h("div", { class: "opening", "aria-busy": "true" }, ...skeleton(8));
    this.panes.show(loaded ? h("p", { class: "empty" }, t("conversation.pick")) : waits());
  }

  /** Open the switcher, which finds conversations, people and rooms by their names. */
  switch() {
    const open = this.#view?.conversation ?? null;
    void later("switcher").then(({ switcher }) => switcher(this.app, open, (conversation) => this.go(conversation)));
  }

  /** Draw the changes once, in the next animation frame. */
  #soon() {
    this.#frame ||= requestAnimationFrame(() => this.#changed());
  }

  #changed() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.sidebar.refresh();
    this.#view?.refresh();
    const { conversation } = this.#view ?? this.absence;
    if (!conversation)
      this.#route(); // also where the settings lie over nothing
    else if (this.element.dataset.pane === "search" && !this.app.chat.conversations.has(conversation)) this.#forget();
    else if (!this.app.chat.conversations.has(conversation)) this.#missing(conversation);
    else if (this.absence.conversation) {
      this.#rename(conversation);
      const { seq, thread } = placeOf(location.hash);
      this.#open(conversation, thread && seq, thread);
    }
  }

  /** Times are shown as seen from now. */
  #minute() {
    this.sidebar.refresh();
    this.#view?.refresh();
    this.#view?.timeline.refresh();
    this.panes.thread?.timeline.refresh();
    this.#list?.refresh();
  }

  /** The language changed: draw the page again at the same place. */
  redraw() {
    const { app, acts } = this;
    const focused = document.activeElement?.id;
    this.close();
    return new Shell(app, acts, focused);
  }

  close() {
    this.cover.close();
    this.#view?.close();
    this.#list?.close();
    this.panes.end();
    for (const end of this.ends) end();
  }
}
