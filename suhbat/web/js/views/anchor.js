// Keeps what is in view where it is: one mechanism for every change of the rows and for every browser. Safari has no
// `overflow-anchor`, so the style sheet switches it off in the others.

/** @import { RowList } from "./row-list.js" */

const AT_END = 10; // px from the end within which the view follows new rows
const ENOUGH = 4; // messages whose places are noted, in case some of them go

/**
 * A row in view, and the place of its content below the upper edge of the view, in px. The content and not the row: a
 * message gets or loses its header when the messages above it change.
 * @typedef {{key: string, top: number}} Kept
 */

export class Anchor {
  /** Whether the view stays at the end. */
  following = true;
  /** @type {Kept[]} rows in view; the first one that still exists keeps its place */
  #kept = [];
  /** The scroll position when the places were noted. A different one was chosen by the user. */
  #noted = 0;

  /**
   * @param {HTMLElement} scroller
   * @param {Pick<RowList, "element" | "row">} rows each with `data-key`; messages have `data-seq`
   * @param {() => boolean} complete whether the last row is the newest of the conversation
   */
  constructor(scroller, rows, complete) {
    this.scroller = scroller;
    this.rows = rows;
    this.list = rows.element;
    this.complete = complete;
    // Rows also change by themselves: by a font that arrives, by the width of the window, by a taller composer.
    this.sizes = new ResizeObserver(() => this.hold());
    this.sizes.observe(scroller);
    this.sizes.observe(rows.element);
  }

  /** Note what is in view if the user scrolled. Returns whether they did. Call it before rows change. */
  look() {
    if (Math.abs(this.scroller.scrollTop - this.#noted) < 1) return false;
    this.#note();
    return true;
  }

  /** Put back what was in view. Call it after rows changed. */
  hold() {
    if (this.following && this.complete()) return this.toEnd();
    const edge = this.#edge();
    for (const { key, top } of this.#kept) {
      const row = this.rows.row(key);
      if (!row) continue;
      // The noted place stays as it is, so that the rounding of scroll positions does not add up.
      this.#scroll(content(row).getBoundingClientRect().top - edge - top);
      this.following = this.#isAtEnd();
      return undefined;
    }
    return this.#note();
  }

  toEnd() {
    this.following = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#noted = this.scroller.scrollTop;
  }

  /**
   * Show a row at this distance below the upper edge, in px, or in the middle; it keeps this place from now on.
   * @param {string} key @param {number | "middle"} distance
   */
  place(key, distance) {
    const row = this.rows.row(key);
    if (!row) return;
    const { top, height } = row.getBoundingClientRect();
    const below = distance === "middle" ? Math.max(0, (this.scroller.clientHeight - height) / 2) : distance;
    this.#scroll(top - this.#edge() - below);
    this.#note();
    this.#kept.unshift({ key, top: content(row).getBoundingClientRect().top - this.#edge() });
  }

  /** How far above the upper edge a row begins, in px; negative below it. @param {string} key */
  above(key) {
    const row = this.rows.row(key);
    return row ? this.#edge() - row.getBoundingClientRect().top : 0;
  }

  /** The row that the view holds on to; null at the end. */
  get held() {
    return this.following ? null : (this.#kept.map(({ key }) => this.rows.row(key)).find(Boolean) ?? null);
  }

  /** The last message whose end is in view. */
  get last() {
    const bottom = this.scroller.getBoundingClientRect().bottom + 8;
    for (let at = this.#firstBelow(bottom) - 1; at >= 0; at -= 1) {
      const row = this.#at(at);
      if (row.dataset.seq) return row;
    }
    return null;
  }

  close() {
    this.sizes.disconnect();
  }

  /** @param {number} by */
  #scroll(by) {
    if (by) this.scroller.scrollTop += by;
    this.#noted = this.scroller.scrollTop;
  }

  #note() {
    this.#noted = this.scroller.scrollTop;
    this.following = this.#isAtEnd();
    this.#kept = this.following ? [] : this.#inView();
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return this.complete() && scrollHeight - scrollTop - clientHeight < AT_END;
  }

  #edge() {
    return this.scroller.getBoundingClientRect().top;
  }

  /** Some of the rows in view, the best to hold on to first. */
  #inView() {
    const { top, bottom } = this.scroller.getBoundingClientRect();
    /** @type {Kept[][]} */
    const found = [[], [], []];
    for (let at = this.#firstBelow(top); at < this.list.childElementCount; at += 1) {
      const row = this.#at(at);
      const place = content(row).getBoundingClientRect().top;
      if (place >= bottom || found[0].length === ENOUGH) break;
      const { key, seq } = row.dataset;
      if (!key) continue;
      // A message that is cut off above grows upwards, out of the view, unless the user is doing something in it. The
      // other rows, such as days, are no hold: they may be between other messages next time. Nor is the root of a
      // thread, below which the history comes.
      const rank =
        !seq || row.classList.contains("root") ? 2 : place >= top || row.contains(document.activeElement) ? 0 : 1;
      found[rank].push({ key, top: place - top });
    }
    return found.flat();
  }

  /** The index of the first row that ends below this height of the window. @param {number} height */
  #firstBelow(height) {
    let low = 0;
    let high = this.list.childElementCount;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at(middle).getBoundingClientRect().bottom > height) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** @param {number} index */
  #at(index) {
    return /** @type {HTMLElement} */ (this.list.children[index]);
  }
}

/** @param {Element} row */
const content = (row) => row.querySelector(":scope > .body") ?? row;
