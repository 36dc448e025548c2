// The rows of a conversation or a thread in the page. They are drawn from data, and drawn again when the data changed:
// the focus, the actions and the mark of a message that was looked for stay with their message.

import { h } from "./dom.js";
import { Gestures } from "./gestures.js";
import { grownIn } from "./grown.js";
import { KeyedList } from "./keyed-list.js";
import { FOLDED } from "./reactions.js";
import { rowNode } from "./row-nodes.js";
import { Toolbar } from "./toolbar.js";

/** @import { Timeline } from "../models/timeline.js" */
/** @import { RowActs } from "./row-parts.js" */
/** @import { Shown } from "./shown.js" */

const FOUND_MS = 2000; // how long a message that was looked for is marked

export class RowList {
  /** @type {Set<number>} messages with expanded reactions, while the conversation is open */
  #unfolded = new Set();
  /** @type {number | null} the message that was looked for */
  #found = null;
  #rows;
  #toolbar;

  /**
   * @param {Timeline} timeline
   * @param {Omit<RowActs, "unfold">} acts
   * @param {{again: () => void, draw: () => void}} tools `again` loads what failed; `draw` draws the rows anew
   */
  constructor(timeline, acts, { again, draw }) {
    this.draw = draw;
    this.element = h("div", { class: "rows" });
    /** @type {RowActs} */
    const all = { ...acts, unfold: (seq) => this.#unfold(seq) };
    this.#rows = new KeyedList(this.element, (/** @type {Shown} */ shown) => rowNode(shown, all, again), grownIn);
    this.#toolbar = new Toolbar(this.element, timeline, all);
    new Gestures(this.element, all);
  }

  /** Show these rows, in this order. @param {{key: string, shown: Shown}[]} rows */
  update(rows) {
    const focused = this.#focused();
    const control = this.#control();
    this.#rows.update(rows);
    const pointed = this.#toolbar.at ?? focused;
    this.#toolbar.show(pointed ? this.row(pointed) : null);
    if (focused && document.activeElement === document.body) {
      const row = this.row(focused);
      this.#toolbar.focus((row && control?.(row)) ?? row ?? this.element.parentElement);
    }
    this.#mark();
  }

  /** The key of the row with the focus; of one that is drawn again the body gets it. */
  #focused() {
    const row = this.element.contains(document.activeElement) ? document.activeElement?.closest("article") : null;
    return /** @type {HTMLElement | null | undefined} */ (row)?.dataset.key;
  }

  /** Finds in a row that is drawn again what had the focus in it: a reaction, a button of a bot, an author. */
  #control() {
    const one = /** @type {HTMLElement | null} */ (document.activeElement);
    if (!one || one.tagName === "ARTICLE" || one.closest(".actions") || !this.element.contains(one)) return null;
    return (/** @type {HTMLElement} */ row) => {
      const alike = [...row.getElementsByTagName(one.tagName)].filter(({ className }) => className === one.className);
      const same = alike.find((other) => signOf(other) === signOf(one));
      // The text of an author, a quote or the replies may change; another reaction or another button is another one.
      const only = alike.length === 1 && one.className && !one.dataset.emoji ? alike[0] : null;
      return /** @type {HTMLElement | null} */ (same ?? only);
    };
  }

  /** @param {string} key */
  row(key) {
    return /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-key="${CSS.escape(key)}"]`));
  }

  /** The line at the first unread message. */
  get divider() {
    return /** @type {HTMLElement | null} */ (this.element.querySelector(".unread-divider"))?.dataset.key ?? null;
  }

  /** Mark a message that was looked for, and no other. Returns its row. @param {number | null} seq */
  find(seq) {
    this.#found = seq;
    setTimeout(() => this.#found === seq && (this.#found = null), FOUND_MS);
    return this.#mark();
  }

  /** Mark it also after it was drawn again. */
  #mark() {
    const row = this.#found === null ? null : this.row(`m${this.#found}`);
    row?.classList.add("found");
    return row;
  }

  /** Whether all reactions of a message are shown. @param {number} seq */
  unfolded(seq) {
    return this.#unfolded.has(seq);
  }

  /** Show all reactions of a message and focus the first one that was hidden. @param {number} seq */
  #unfold(seq) {
    this.#unfolded.add(seq);
    this.draw();
    const reactions = this.element.querySelectorAll(`[data-seq="${seq}"] .reaction`);
    /** @type {HTMLElement | undefined} */ (reactions[FOLDED])?.focus({ preventScroll: true });
  }
}

/** What tells a control from others of its kind in a message. The name of a reaction has its count in it. */
const signOf = (/** @type {Element} */ one) =>
  /** @type {HTMLElement} */ (one).dataset.emoji ?? one.getAttribute("aria-label") ?? one.textContent;
