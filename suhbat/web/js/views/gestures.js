// Touches on the messages. A long press opens the sheet of a message. A drag to the side replies to it: to the left,
// and in a layout from right to left to the right.

import { Finger } from "../models/finger.js";
import { h, icon } from "./dom.js";
import { follow } from "./fingers.js";

/** @import { FingerAct } from "../models/finger.js" */

const REPLY = 64; // px that complete a reply
const EDGE = 24; // px at the sides of the window, which belong to the browser's own gestures back and forward

/**
 * @typedef {object} TouchActs
 * @property {(seq: number, row: HTMLElement, target: Element) => void} press  a long press on something in a message
 * @property {(seq: number) => void} reply
 */

export class Gestures {
  /** The row under the finger, also if it is drawn again meanwhile. */
  #key = "";
  /** @type {Element | null} */
  #target = null;
  #mark = h("span", { class: "swipe-mark", "aria-hidden": "true" }, icon("reply"));

  /** @param {HTMLElement} list @param {TouchActs} acts */
  constructor(list, acts) {
    this.list = list;
    this.acts = acts;
    follow(
      list,
      new Finger("x", () => this.#way(), REPLY),
      (event) => this.#start(event),
      (act) => this.#do(act),
    );
  }

  /** @param {PointerEvent} event */
  #start({ target, clientX }) {
    const touched = /** @type {Element} */ (target);
    const row = /** @type {HTMLElement | null} */ (touched.closest("article[data-seq]:not(.deleted)"));
    if (!row) return null;
    this.#key = row.dataset.key ?? "";
    this.#target = touched;
    const atEdge = clientX < EDGE || clientX > innerWidth - EDGE;
    return { drag: !atEdge && !scrollsAside(touched) };
  }

  /** @param {FingerAct} act */
  #do(act) {
    const row = /** @type {HTMLElement | null} */ (
      this.list.querySelector(`:scope > [data-key="${CSS.escape(this.#key)}"]`)
    );
    if (act.type === "drag") return this.#show(row, act.by, act.ready);
    if (act.type !== "press") this.#hide(row);
    if (!row || act.type === "back") return;
    const seq = Number(row.dataset.seq);
    if (act.type === "done") return this.acts.reply(seq);
    getSelection()?.removeAllRanges(); // on a computer with a touch screen the text can be selected
    this.acts.press(seq, row, this.#target?.isConnected ? this.#target : row);
  }

  #way() {
    return getComputedStyle(this.list).direction === "rtl" ? 1 : -1;
  }

  /** @param {HTMLElement | null} row @param {number} by px @param {boolean} ready */
  #show(row, by, ready) {
    if (!row) return;
    if (this.#mark.parentElement !== row) row.append(this.#mark);
    this.#mark.classList.toggle("ready", ready);
    // Beyond the threshold the message follows with resistance.
    const shown = Math.min(by, REPLY) + Math.max(0, by - REPLY) / 4;
    row.classList.add("swiping");
    row.style.setProperty("--by", `${Math.round(shown * this.#way())}px`);
    row.style.setProperty("--part", String(Math.min(1, by / REPLY)));
  }

  /** @param {HTMLElement | null} row */
  #hide(row) {
    this.#mark.remove();
    row?.classList.remove("swiping");
  }
}

/**
 * Whether the element is in something that moves sideways itself: a long line of code, or the waveform of a sound.
 * @param {Element} one
 */
function scrollsAside(one) {
  if (one.closest("[role=slider]")) return true;
  const box = one.closest("pre");
  return box !== null && box.scrollWidth > box.clientWidth;
}
