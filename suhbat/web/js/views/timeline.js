// The messages of the open conversation. Scrolling does not jump, history loads in both directions, and visible
// messages are marked as read.

import { t } from "../text/languages.js";
import { h, icon } from "./dom.js";
import { KeyedList } from "./keyed-list.js";
import { FOLDED, actionsNode, messageNode, pendingNode } from "./message.js";
import { rowsOf } from "./rows.js";
import { shownOf } from "./shown.js";

/** @import { App } from "../app.js" */
/** @import { RowActs } from "./message.js" */
/** @import { RowFacts, Shown } from "./shown.js" */

const NEAR = 600; // px from an edge at which more history is loaded
const AT_END = 40; // px from the end within which the view scrolls to new messages
const READ_AFTER = 300; // ms without scrolling after which the visible messages are marked as read
const MOST_UNREAD = 160; // up to this many unread messages the view opens at the first of them

export class TimelineView {
  /** @type {Set<number>} messages with expanded reactions, while the conversation is open */
  #unfolded = new Set();
  #rows;
  #following = true;
  #fresh = 0;
  /** @type {number | null} */
  #readOrdinal = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #reading;
  #frame = 0;

  /**
   * @param {App} app
   * @param {string} conversation
   * @param {() => Omit<RowFacts, "unfolded">} facts gives the current facts
   * @param {Omit<RowActs, "unfold">} acts
   */
  constructor(app, conversation, facts, acts) {
    this.app = app;
    this.conversation = conversation;
    this.facts = facts;
    /** @type {RowActs} */
    this.acts = { ...acts, unfold: (seq) => this.#unfold(seq) };
    this.timeline = app.timeline(conversation);
    const point = (/** @type {Event} */ event) =>
      this.#point(/** @type {Element} */ (event.target).closest("article[data-seq]"));
    const on = { pointerover: point, focusin: point };
    this.list = h("div", { class: "rows", role: "log", "aria-label": t("timeline"), "aria-live": "polite", on });
    this.#rows = new KeyedList(this.list, (/** @type {Shown} */ shown) => this.#node(shown));
    this.scroller = h("div", { class: "scroller", tabindex: 0, on: { scroll: () => this.#scrolled() } }, this.list);
    this.newer = h("button", { type: "button", class: "newer", hidden: true, on: { click: () => this.toEnd() } });
    this.element = h("div", { class: "timeline" }, this.scroller, this.newer);
    const seen = () => this.#read();
    this.ends = [
      app.on(
        "timeline",
        (/** @type {string} */ name, /** @type {any} */ change) => name === conversation && this.#changed(change),
      ),
      app.on("pending", (/** @type {string} */ name) => name === conversation && this.#soon()),
      app.on("receipts", (/** @type {string} */ name) => name === conversation && this.#soon()),
    ];
    const sizes = new ResizeObserver(() => this.#following && this.#end());
    sizes.observe(this.scroller);
    addEventListener("focus", seen);
    document.addEventListener("visibilitychange", seen);
    this.ends.push(() => {
      sizes.disconnect();
      removeEventListener("focus", seen);
      document.removeEventListener("visibilitychange", seen);
      clearTimeout(this.#reading);
      cancelAnimationFrame(this.#frame);
    });
  }

  get state() {
    return this.app.chat.conversations.get(this.conversation);
  }

  /** Show the conversation at a message, at the first unread one, or at the end. @param {number | null} seq */
  async open(seq) {
    const unread = this.state?.unread ?? 0;
    this.#readOrdinal = unread ? (this.state?.read_ordinal ?? null) : null;
    if (!this.timeline.loaded) this.timeline.restore(await this.app.kept(this.conversation));
    if (this.timeline.loaded) this.#arrive(seq);
    try {
      const known = seq === null ? !this.timeline.hasAfter && this.timeline.hasFresh : this.timeline.find(seq) !== null;
      if (!known) await this.timeline.open(seq, Math.min(200, Math.max(60, unread <= MOST_UNREAD ? unread + 40 : 60)));
    } catch (error) {
      if (!this.timeline.messages.length) this.list.replaceChildren(h("p", { class: "empty" }, t("error.unreachable")));
      return;
    }
    this.#arrive(seq);
  }

  /** @param {number | null} seq */
  #arrive(seq) {
    this.#following = seq === null;
    this.#render();
    const divider = this.list.querySelector(".unread-divider");
    if (seq !== null) this.jump(seq);
    else if (divider) {
      this.scroller.scrollTop += divider.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top - 80;
      this.#following = this.#isAtEnd();
    } else this.#end();
    this.#scrolled();
  }

  /** Scroll to a message. It is loaded if needed. @param {number} seq */
  async jump(seq) {
    if (!this.timeline.find(seq)) await this.timeline.open(seq);
    const row = /** @type {HTMLElement | null} */ (this.list.querySelector(`[data-seq="${seq}"]`));
    if (!row) return;
    this.#following = false;
    row.scrollIntoView({ block: "center" });
    row.classList.remove("found");
    requestAnimationFrame(() => row.classList.add("found"));
    row.focus({ preventScroll: true });
  }

  /** Scroll to the newest message. */
  async toEnd() {
    this.#following = true;
    if (this.timeline.hasAfter) await this.timeline.open();
    this.timeline.trim();
    this.#render();
    this.#end();
  }

  /** @param {{at: "start" | "end" | "all" | number}} change */
  #changed(change) {
    const last = this.timeline.last;
    if (change.at === "end" && !this.#following && last && last.sender_uid !== this.app.me.uid) this.#fresh += 1;
    if (change.at === "end" && last?.sender_uid === this.app.me.uid) this.#following = true;
    this.#soon();
  }

  /**
   * Show the actions of this message only. Buttons in sixty rows would be slow to draw and to tab through.
   * @param {Element | null} row
   */
  #point(row) {
    if (!row || row.querySelector(":scope > .actions")) return;
    const message = this.timeline.find(Number(/** @type {HTMLElement} */ (row).dataset.seq));
    // The pointer may be over one message and the focus in another.
    for (const actions of this.list.querySelectorAll(".actions")) {
      if (!actions.parentElement?.contains(document.activeElement)) actions.remove();
    }
    if (message && !message.deleted) row.append(actionsNode(message.seq, this.acts));
  }

  /** Draw once, in the next animation frame. */
  #soon() {
    this.#frame ||= requestAnimationFrame(() => this.#render());
  }

  #render() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const rows = rowsOf(this.timeline, this.app.pending.in(this.conversation), {
      readOrdinal: this.#readOrdinal,
      me: this.app.me.uid,
    });
    const anchor = this.#following ? null : this.#anchor();
    const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest("article"))?.dataset.key;
    const pointed = focused ?? this.list.querySelector(".actions")?.parentElement?.dataset.key;
    const busy = Math.abs(rows.length - this.list.childElementCount) > 5;
    this.list.setAttribute("aria-busy", String(busy)); // screen readers do not announce a page of history
    const facts = { ...this.facts(), unfolded: (/** @type {number} */ seq) => this.#unfolded.has(seq) };
    const now = new Date();
    this.#rows.update(rows.map((row) => ({ key: row.key, shown: shownOf(row, facts, now) })));
    if (!rows.length)
      this.list.replaceChildren(h("p", { class: "empty" }, t(this.timeline.loaded ? "timeline.empty" : "loading")));
    else this.list.querySelector(":scope > .empty")?.remove();
    const again = pointed
      ? /** @type {HTMLElement | null} */ (this.list.querySelector(`[data-key="${pointed}"]`))
      : null;
    this.#point(again);
    if (focused && document.activeElement === document.body) again?.focus({ preventScroll: true });
    if (this.#following) this.#end();
    else if (anchor) this.scroller.scrollTop += anchor.element.getBoundingClientRect().top - anchor.top;
    this.#scrolled();
  }

  /** @param {Shown} shown */
  #node(shown) {
    switch (shown.kind) {
      case "day":
        return h("h2", { class: "day" }, h("span", {}, shown.label));
      case "unread":
        return h("div", { class: "unread-divider", role: "separator" }, h("span", {}, t("timeline.unread")));
      case "note": {
        const { joined, left } = shown;
        const said = [
          joined.length && t("timeline.joined", { names: joined.join(", "), n: joined.length }),
          left.length && t("timeline.left", { names: left.join(", "), n: left.length }),
        ];
        return h("p", { class: "note" }, said.filter(Boolean).join(" · "));
      }
      case "message":
        return messageNode(shown, this.acts);
      default:
        return pendingNode(shown, this.acts);
    }
  }

  /** Show all reactions of a message and focus the first one that was hidden. @param {number} seq */
  #unfold(seq) {
    this.#unfolded.add(seq);
    this.#render();
    const reactions = this.list.querySelectorAll(`[data-seq="${seq}"] .reaction`);
    /** @type {HTMLElement | undefined} */ (reactions[FOLDED])?.focus();
  }

  /** The first visible message and its position. Drawing keeps it there, so the text being read does not move. */
  #anchor() {
    const edge = this.scroller.getBoundingClientRect().top;
    for (const element of this.list.children) {
      const place = element.getBoundingClientRect();
      if (place.bottom > edge && /** @type {HTMLElement} */ (element).dataset.seq) return { element, top: place.top };
    }
    return null;
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return !this.timeline.hasAfter && scrollHeight - scrollTop - clientHeight < AT_END;
  }

  #end() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.#following = this.#isAtEnd();
    if (this.#following) this.#fresh = 0;
    this.newer.hidden = this.#following;
    this.newer.replaceChildren(
      icon("down"),
      this.#fresh ? t("timeline.new", { n: this.#fresh }) : t("timeline.latest"),
    );
    if (scrollTop < NEAR) void this.timeline.more("start").catch(() => {});
    if (scrollHeight - scrollTop - clientHeight < NEAR) void this.timeline.more("end").catch(() => {});
    this.#read();
  }

  /** After a short delay, mark the messages up to the last visible one as read. Only in a visible, focused window. */
  #read() {
    if (document.visibilityState !== "visible" || !document.hasFocus()) return;
    clearTimeout(this.#reading);
    this.#reading = setTimeout(() => {
      const ordinal = this.#lastSeen();
      if (this.state && ordinal > this.state.read_ordinal && this.state.unread) {
        void this.app.chat.command("read", { conversation: this.conversation, ordinal }).catch(() => {});
      }
    }, READ_AFTER);
  }

  #lastSeen() {
    if (this.#following) return this.timeline.last?.ordinal ?? 0;
    const edge = this.scroller.getBoundingClientRect().bottom;
    for (const element of [...this.list.children].reverse()) {
      const { seq } = /** @type {HTMLElement} */ (element).dataset;
      if (seq && element.getBoundingClientRect().bottom <= edge + 8)
        return this.timeline.find(Number(seq))?.ordinal ?? 0;
    }
    return 0;
  }

  close() {
    for (const end of this.ends) end();
  }
}
