// The actions of one message: the one under the pointer or with the focus, whichever came last. Buttons in every row
// would be slow to draw and to tab through. A finger has the sheet instead (gestures.js).

/** @import { RowActs } from "./row-parts.js" */
/** @import { Timeline } from "../models/timeline.js" */

import { t } from "../text/languages.js";
import { h, iconButton, pressed } from "./dom.js";
import { quickRow } from "./quick.js";
import { roving } from "./roving.js";
import { entered, passed } from "./stops.js";

const ROOM = 16; // px that the actions need above the message
const EDGE = 12; // px that the edge of code lies beyond its longest line

export class Toolbar {
  /** @type {HTMLElement | null} */
  #shown = null;
  /** @type {HTMLElement | null} the row with the actions; a deleted message has none */
  #row = null;
  /** Whether this object is moving the focus itself. */
  #moving = false;

  /** @param {HTMLElement} list @param {Timeline} timeline @param {RowActs} acts */
  constructor(list, timeline, acts) {
    this.timeline = timeline;
    this.acts = acts;
    const point = (/** @type {Event} */ event) => {
      if (/** @type {PointerEvent} */ (event).pointerType === "touch") return;
      this.show(/** @type {Element} */ (event.target).closest("article[data-seq]"));
    };
    list.addEventListener("pointerover", point);
    list.addEventListener("focusin", point);
    list.addEventListener("pointerleave", () =>
      this.show(document.activeElement?.closest("article[data-seq]") ?? null),
    );
  }

  /** The key of the row that has the actions, also if the row was drawn again since. */
  get at() {
    return this.#shown?.closest("article")?.dataset.key;
  }

  /** Give a row that was drawn again its focus. The actions stay where they are. @param {HTMLElement | null} row */
  focus(row) {
    this.#moving = true;
    row?.focus({ preventScroll: true });
    this.#moving = false;
  }

  /** @param {Element | null} row */
  show(row) {
    const old = this.#shown;
    if (!row || this.#moving || row === this.#row) return;
    if (this.#row) passed(this.#row);
    this.#row = /** @type {HTMLElement} */ (row);
    entered(row);
    const message = this.timeline.find(Number(/** @type {HTMLElement} */ (row).dataset.seq));
    this.#shown = message && !message.deleted ? actionsNode(message.seq, this.acts) : null;
    if (this.#shown) {
      row.append(this.#shown);
      const edge = row.closest(".scroller")?.getBoundingClientRect().top ?? 0;
      const inside = row.getBoundingClientRect().top < edge + ROOM || this.#covers(row.previousElementSibling);
      this.#shown.classList.toggle("inside", inside);
    }
    if (old?.contains(document.activeElement)) this.focus(old.parentElement);
    old?.remove();
  }

  /**
   * Whether the actions above a message would cover the end of wide code in the row before, where it cannot be read or
   * scrolled. Of ordinary text they cover less than a line. @param {Element | null} before
   */
  #covers(before) {
    const code = before?.querySelector(".text > .code:last-child > pre");
    const right = code?.firstElementChild?.getBoundingClientRect().right ?? 0; // of the longest line
    const left = this.#shown?.getBoundingClientRect().left ?? 0;
    return Boolean(code) && (code?.scrollWidth !== code?.clientWidth || right + EDGE > left);
  }
}

/** @param {number} seq @param {RowActs} acts */
function actionsNode(seq, acts) {
  return roving(
    h(
      "div",
      { class: "actions", role: "toolbar", "aria-label": t("message.actions") },
      ...quickRow(acts.chosen(seq), (emoji, at) => acts.react(seq, emoji, at)),
      iconButton("smile", t("message.react"), (event) => acts.pickReaction(seq, pressed(event))),
      iconButton("reply", t("message.reply"), () => acts.reply(seq)),
      ...(acts.thread ? [iconButton("thread", t("thread.reply"), () => acts.thread?.(seq))] : []),
      iconButton("more", t("message.more"), (event) => acts.more(seq, pressed(event)), { "aria-haspopup": "menu" }),
    ),
  );
}
