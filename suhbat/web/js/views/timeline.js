// The messages of the open conversation or thread: which rows there are, jumps, loading of history, the button to the
// newest one.

import { ordinalOf } from "../models/threads.js";
import { WholeMessages } from "../models/whole.js";
import { t } from "../text/languages.js";
import { Anchor } from "./anchor.js";
import { Announcer } from "./announcer.js";
import { copyMessages } from "./clipboard.js";
import { toast } from "./dialog.js";
import { h } from "./dom.js";
import { sentence } from "./form.js";
import { NewerButton } from "./newer-button.js";
import { Opening } from "./opening.js";
import { isPressed } from "./pressing.js";
import { ReadMarks } from "./read-marks.js";
import { RowList } from "./row-list.js";
import { rowsOf } from "./rows.js";
import { shownRows } from "./shown.js";
import { tips } from "./tip.js";
import { tellAside, tellMessage } from "./told.js";

/** @import { App } from "../app.js" */
/** @import { Aside } from "../models/asides.js" */
/** @import { Message } from "../sdk/types.js" */
/** @import { ConversationSource, ThreadSource } from "../sources.js" */
/** @import { ShownIntro } from "./intro.js" */
/** @import { RowActs } from "./row-parts.js" */
/** @import { RowFacts, Shown } from "./shown.js" */

const NEAR = 600; // px from an edge at which more history is loaded
const DIVIDER = 80; // px below the upper edge at which the first unread message is shown
const REST_MS = 3000; // the wait after a request for history that failed

export class TimelineView {
  #rows;
  #anchor;
  #opening;
  #marks;
  #newer;
  #announcer;
  #whole = new WholeMessages();
  #resting = 0;
  #frame = 0;

  /**
   * @param {App} app
   * @param {ConversationSource | ThreadSource} source
   * @param {() => Omit<RowFacts, "unfolded">} facts gives the current facts
   * @param {() => ShownIntro | null} intro gives what the conversation shows without messages
   * @param {Omit<RowActs, "unfold">} acts
   * @param {{label: string, log: string, none: (() => void) | null}} about `label` and `log`: the names of the
   *   messages and of the live region for screen readers; `none` is called if there is no such thread
   */
  constructor(app, source, facts, intro, acts, { label, log, none }) {
    this.app = app;
    this.intro = intro;
    this.source = source;
    this.facts = facts;
    this.acts = acts;
    this.timeline = source.timeline;
    this.#announcer = new Announcer(log);
    this.#rows = new RowList(this.timeline, acts, { again: () => this.#opening.again(), draw: () => this.#render() });
    this.list = this.#rows.element;
    this.scroller = h(
      "div",
      {
        class: "scroller",
        tabindex: 0,
        role: "region",
        "aria-label": label,
        on: { scroll: () => this.#scrolled(), copy: copyMessages },
      },
      this.list,
    );
    this.#newer = new NewerButton(() => void this.toEnd());
    this.element = h("div", { class: "timeline" }, this.scroller, this.#newer.element, this.#announcer.element);
    this.#anchor = new Anchor(this.scroller, this.#rows, () => !this.timeline.hasAfter);
    this.#opening = new Opening(app, source, {
      arrive: (seq, gone) => this.#arrive(seq, gone),
      draw: () => this.#render(),
      tell: (error) => void toast(error === null ? t("error.unreachable") : sentence(error)),
      none,
    });
    this.#marks = new ReadMarks(app, source, {
      lastSeen: () => this.#lastSeen(),
      covered: () => this.element.closest("[inert]") !== null || getComputedStyle(this.element).visibility === "hidden",
    });
    this.timeline.watched = true;
    this.timeline.place = () => this.#opening.query(this.#messageOf(this.#anchor.held)?.seq);
    const here = (/** @type {() => void} */ act) => (/** @type {string} */ name) => source.is(name) && act();
    const drawn = here(() => this.#soon());
    this.ends = [
      tips(this.list),
      app.on("timeline", drawn),
      app.on(
        "pending",
        here(() => {
          this.#announcer.failures(source.pending);
          this.#soon();
        }),
      ),
      app.on("asides", (/** @type {string} */ name, /** @type {Aside | null} */ came) => {
        if (name === source.key) this.#beside(came);
      }),
      app.on("receipts", drawn),
      app.on(
        "conversations",
        here(() => this.#changed()),
      ),
      app.chat.on("snapshot", () => this.#renewed()),
      app.chat.on(
        "reset",
        here(() => this.#renewed()),
      ),
      app.chat.on("event", (event) => {
        if (!event.message || !source.has(event.message)) return;
        if (this.#whole.isNew(event)) tellMessage(app, this.#announcer, event.message);
        if (event.type === "message.created") this.#arrived(event.message);
      }),
    ];
  }

  /** Show the conversation at a message, at the first unread one, or at the end. @param {number | null} seq */
  open(seq) {
    return this.#opening.open(seq);
  }

  /** Show a message and mark it. @param {number} seq */
  jump(seq) {
    return this.#opening.jump(seq);
  }

  /** Show the newest message. */
  async toEnd() {
    if (!(await this.#opening.toEnd())) return;
    this.acts.ended();
    this.#anchor.following = true;
    this.timeline.trim();
    this.#render();
  }

  /** Scroll by pages, as the keys PgUp and PgDn do. @param {1 | -1} pages */
  page(pages) {
    this.scroller.scrollBy({ top: pages * this.scroller.clientHeight * 0.9 });
  }

  /** Give a message the focus. Returns whether it is loaded. @param {number} seq */
  focus(seq) {
    const row = this.#rows.row(`m${seq}`);
    row?.focus({ preventScroll: true });
    return row !== null;
  }

  /** Draw what changed beside the messages, such as what day it is. */
  refresh() {
    this.#soon();
  }

  /** Draw the introduction anew, if it is shown. */
  introduce() {
    if (this.timeline.hasFresh && !this.timeline.last) this.#soon();
  }

  /** The state comes anew, without the events that led to it. Nobody has looked at the unread messages. */
  #renewed() {
    if (!this.#anchor.following || !this.source.reading.unread) return;
    this.#marks.missed = true;
    this.#opening.divide();
  }

  /** @param {number | null} seq @param {boolean} gone */
  #arrive(seq, gone) {
    this.#anchor.following = true;
    this.#render(false);
    const { divider } = this.#rows;
    if (seq !== null) this.#show(seq, gone);
    else if (divider !== null) this.#anchor.place(divider, DIVIDER);
    this.#settled();
  }

  /** Show a message, or the neighbour of one that is not loaded. @param {number} seq @param {boolean} gone */
  #show(seq, gone) {
    const found = this.timeline.find(seq);
    const shown = found ?? this.timeline.messages.find((message) => message.seq > seq) ?? this.timeline.last;
    if (!shown) return;
    this.#anchor.place(`m${shown.seq}`, "middle");
    this.#rows.find(found && seq)?.focus({ preventScroll: true });
    if (gone) {
      this.acts.ended(); // the address leads to no message
      toast(t("message.gone"));
    }
  }

  /** What only the user sees came, or was closed. @param {Aside | null} came */
  #beside(came) {
    this.#soon();
    const inView = this.#anchor.following && !this.timeline.hasAfter;
    if (came) tellAside(this.app, this.#announcer, came, inView ? null : () => void this.toEnd());
  }

  /** @param {Message} message */
  #arrived(message) {
    const mine = message.sender_uid === this.app.me.uid;
    if (mine || this.#marks.looking || this.#marks.missed) return;
    this.#marks.missed = true;
    this.#opening.divide();
  }

  /** Draw once, in the next animation frame in which no message is pressed. */
  #soon() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (!isPressed(this.list, () => this.#render())) this.#render();
    });
  }

  /** @param {boolean} settle whether the view stays where it is afterwards */
  #render(settle = true) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { asides, pending } = this.source;
    const visit = { readOrdinal: this.#opening.divider, me: this.app.me.uid };
    const rows = rowsOf(this.timeline, pending, visit, asides);
    if (this.#anchor.look()) this.#opening.moved();
    const facts = { ...this.facts(), unfolded: (/** @type {number} */ seq) => this.#rows.unfolded(seq) };
    const nothing = this.timeline.messages.length || pending.length || asides.length ? null : this.#nothing();
    const shown = nothing && !this.timeline.root ? [] : shownRows(rows, facts, new Date());
    this.#rows.update(nothing ? [...shown, { key: "nothing", shown: nothing }] : shown);
    this.list.setAttribute("aria-busy", String(nothing?.kind === "loading"));
    const { following } = this.#anchor;
    this.#anchor.hold();
    if (following && this.#marks.missed) this.#keepDivider();
    if (settle) this.#settled(false);
  }

  /** What is shown in place of messages; null for a thread that has none. @returns {Shown | null} */
  #nothing() {
    if (this.timeline.hasFresh) return this.timeline.root ? null : (this.intro() ?? { kind: "loading" });
    const failed = this.#opening.failed || this.app.chat.status.state === "offline";
    return { kind: failed ? "failed" : "loading" };
  }

  /** While nobody looks, the view follows new messages only until the first of them reaches the upper edge. */
  #keepDivider() {
    const { divider } = this.#rows;
    if (divider !== null && this.#anchor.above(divider) > -DIVIDER) this.#anchor.place(divider, DIVIDER);
  }

  /** The ordinal of the last message in view; 0 if there is none, or only the root of a thread. */
  #lastSeen() {
    const seen = this.#messageOf(this.#anchor.last);
    return seen && this.source.has(seen) ? ordinalOf(seen) : 0;
  }

  /** @param {HTMLElement | null} row */
  #messageOf(row) {
    return row?.dataset.seq ? this.timeline.find(Number(row.dataset.seq)) : null;
  }

  #scrolled() {
    if (!this.#anchor.look()) return;
    this.#opening.moved();
    this.#settled();
  }

  /**
   * Load what is near, mark what is read, show or hide the button to the newest.
   * @param {boolean} [moved] whether the view is at a new place, and not only drawn
   */
  #settled(moved = true) {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.#drawButton();
    if (moved) this.#marks.soon();
    else this.#marks.drawn();
    if (!clientHeight || performance.now() < this.#resting) return;
    const failed = () => void (this.#resting = performance.now() + REST_MS);
    if (scrollTop < NEAR) void this.timeline.more("start").catch(failed);
    if (scrollHeight - scrollTop - clientHeight < NEAR) void this.timeline.more("end").catch(failed);
  }

  /** The state changed: what is unread, maybe in a thread below one of the messages, or what the user may do. */
  #changed() {
    if (this.#marks.wentBack()) this.#opening.divide();
    this.#soon();
    this.#drawButton();
    if (this.source.thread !== null) this.#marks.counted();
  }

  #drawButton() {
    this.#newer.draw(this.#anchor.following, this.source.reading.unread);
  }

  close() {
    for (const end of this.ends) end();
    this.#anchor.close();
    this.#opening.close();
    this.#marks.close();
    this.#announcer.close();
    this.timeline.place = () => ({});
    this.timeline.watched = false;
    cancelAnimationFrame(this.#frame);
  }
}
