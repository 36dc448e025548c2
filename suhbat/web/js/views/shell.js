// The page after sign-in: its parts, the address, and the keyboard shortcuts.

import { t } from "../text/languages.js";
import { onPreferences, preferences } from "../storage/preferences.js";
import { tellActive } from "./active.js";
import { banner } from "./banner.js";
import { stepActs } from "./beginnings.js";
import { Cover } from "./cover.js";
import { toast } from "./dialog.js";
import { h } from "./dom.js";
import { sentence } from "./form.js";
import { later } from "./later.js";
import { tryAgain } from "./loading.js";
import { everyMinute } from "./minutes.js";
import { notify } from "./notifications.js";
import { notifyOffer } from "./notify-offer.js";
import { OpenPlace } from "./open-place.js";
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

export class Shell {
  #frame = 0;

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
              (this.cover.open ? this.cover : this.opened).focus()
            ),
          },
        },
        t("skip"),
      ),
      notices,
      this.sidebar.element,
    );
    this.panes = new Panes(app, this.element, {
      view: () => this.opened.view,
      go,
      leave: () => trail.leave(addressOf(this.opened.view?.conversation ?? null)),
      ends: (conversation, text) => this.opened.absence.leaving(conversation, text),
    });
    this.element.append(this.panes.place);
    const route = () => this.#route();
    const { sidebar, panes, steps } = this;
    const changed = () => this.#changed();
    this.opened = new OpenPlace(app, this.element, { sidebar, panes, steps }, { go, route, changed });
    this.cover = new Cover(app, this.element, this.panes.place, { ...acts, go }, focused);
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
        open: () => [openKey(this.opened.view), openKey(this.panes.thread)],
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
      app.on("status", () => this.opened.conversation ?? this.#route()),
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
    if (thread && this.opened.view?.conversation === conversation && !this.cover.open) trail.enter(address, true);
    else trail.go(address);
  }

  /** The conversation or the thread in which a key was pressed. @param {EventTarget | null} target */
  #viewAt(target) {
    const { thread } = this.panes;
    return target instanceof Node && thread?.element.contains(target) ? thread : this.opened.view;
  }

  /** Show the place in the address. */
  #route() {
    const asked = placeOf(location.hash);
    // The address never names a place that the page does not show.
    if (isNowhere(location.hash) || (asked.apart && !this.cover.may(asked.apart)))
      trail.rename(addressOf(this.opened.view?.conversation ?? null));
    const address = placeOf(location.hash);
    if (this.cover.may(address.apart)) {
      if (!phone() && !this.opened.conversation) this.#show(address); // below it
      return void this.cover.show(address.apart);
    }
    const back = this.cover.hide();
    this.#show(address);
    back();
  }

  /** Open this conversation. Without one, open the last one used, or on a phone the list. @param {Address} address */
  #show({ conversation, thread, seq, invite }) {
    if (conversation) return this.opened.open(conversation, seq, thread);
    if (location.hash === SEARCH) {
      if (phone()) return this.#search();
      void this.panes.showSearch(); // beside the conversation that is opened below
    }
    if ([THREADS, INBOX, SAVED].includes(location.hash)) return void this.opened.openList(location.hash);
    if (invite) {
      history.replaceState(null, "", "#/"); // the code is a secret
      void later("invites").then(({ followInvite }) => followInvite(this.app, invite, (room) => this.go(room)));
    }
    const last = preferences().last;
    if (!phone()) {
      const first =
        last && this.app.chat.conversations.has(last) ? last : this.app.chat.conversations.keys().next().value;
      if (first) return this.opened.open(first);
    }
    return this.opened.close();
  }

  /** On a phone the search covers the page. The conversation stays below it. */
  #search() {
    this.element.dataset.pane = "search";
    trail.shown("search");
    void this.panes.showSearch();
  }

  /** Open the switcher, which finds conversations, people and rooms by their names. */
  switch() {
    const open = this.opened.view?.conversation ?? null;
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
    this.opened.refresh();
  }

  /** Times are shown as seen from now. */
  #minute() {
    this.sidebar.refresh();
    this.opened.minute();
    this.panes.thread?.timeline.refresh();
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
    this.opened.end();
    this.panes.end();
    for (const end of this.ends) end();
  }
}
