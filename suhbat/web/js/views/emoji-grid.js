// The emoji of the picker, in sections. A section is filled when it comes near, because 2000 buttons at once would make
// a phone wait.

import { moved } from "../models/grid.js";
import { nameOf } from "../text/emoji-search.js";
import { toned } from "../text/emoji.js";
import { h } from "./dom.js";

/** @import { Emoji } from "../text/emoji.js" */
/** @import { Cell } from "../models/grid.js" */

const NEAR = "300px";

/**
 * @typedef {{id: string, title: string, emoji: Emoji[], used?: string[]}} EmojiSection  `used`: the emoji as they were
 *   used, in their tones
 */

export class EmojiGrid {
  /** @type {{section: EmojiSection, box: HTMLElement, cells: HTMLElement}[]} */
  #shown = [];
  #tone = 0;

  /**
   * @param {string} label
   * @param {{take: (emoji: string) => void, point: (one: Emoji) => void, above: () => void}} acts `point`: an emoji is
   *   under the pointer or has the focus; `above`: the focus leaves upwards
   */
  constructor(label, acts) {
    this.acts = acts;
    this.element = h("div", {
      class: "emoji-grid",
      role: "listbox",
      "aria-label": label,
      tabindex: -1,
      on: {
        click: (/** @type {Event} */ event) => this.#click(event),
        keydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
        focusin: (/** @type {Event} */ event) => this.#pointed(event, true),
        pointerover: (/** @type {Event} */ event) => this.#pointed(event, false),
      },
    });
    this.near = new IntersectionObserver(
      (entries) => entries.forEach((one) => one.isIntersecting && this.#fill(one.target)),
      {
        root: this.element,
        rootMargin: NEAR,
      },
    );
  }

  /** @param {EmojiSection[]} sections none empty @param {number} tone */
  show(sections, tone) {
    this.near.disconnect();
    this.#tone = tone;
    this.#shown = sections.map((section) => {
      const cells = h("div", { class: "emoji-cells" });
      cells.style.setProperty("--count", String(section.emoji.length));
      const title = section.title && h("div", { class: "emoji-title", "aria-hidden": "true" }, section.title);
      const box = h("div", { role: "group", "aria-label": section.title || null, data: { id: section.id } });
      box.append(...(title ? [title] : []), cells);
      return { section, box, cells };
    });
    this.element.replaceChildren(...this.#shown.map(({ box }) => box));
    this.element.scrollTop = 0;
    const { columns } = this;
    for (const { section, box, cells } of this.#shown) {
      cells.style.setProperty("--lines", String(Math.ceil(section.emoji.length / columns)));
      this.near.observe(box);
    }
    if (this.#shown.length) this.#fill(this.#shown[0].box);
    this.#button({ section: 0, index: 0 })?.setAttribute("tabindex", "0");
  }

  /** How many emoji a line has. */
  get columns() {
    const cells = this.#shown[0]?.cells;
    return cells ? getComputedStyle(cells).gridTemplateColumns.split(" ").length : 1;
  }

  /** The id of the section at the upper edge. */
  get place() {
    const edge = this.element.getBoundingClientRect().top + 8;
    return this.#shown.find(({ box }) => box.getBoundingClientRect().bottom > edge)?.section.id;
  }

  /** Scroll to a section. @param {string} id */
  go(id) {
    const found = this.#shown.find(({ section }) => section.id === id);
    if (found)
      this.element.scrollTop += found.box.getBoundingClientRect().top - this.element.getBoundingClientRect().top;
  }

  /** Focus the first emoji. */
  focus() {
    this.#focus({ section: 0, index: 0 });
  }

  /** Take the first emoji, if there is one. */
  takeFirst() {
    this.#button({ section: 0, index: 0 })?.click();
  }

  /** The emoji at an element, with the button. @param {EventTarget | null} target */
  at(target) {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target)?.closest?.("[role=option]"));
    const box = button?.closest("[data-id]");
    const section = this.#shown.findIndex((one) => one.box === box);
    if (!button || section < 0) return null;
    const index = [...this.#shown[section].cells.children].indexOf(button);
    return { button, section, index, one: this.#shown[section].section.emoji[index] };
  }

  /** @param {Element} box */
  #fill(box) {
    const found = this.#shown.find((one) => one.box === box);
    if (!found || found.cells.childElementCount) return;
    this.near.unobserve(box);
    const { emoji, used } = found.section;
    found.cells.append(
      ...emoji.map((one, at) =>
        h(
          "button",
          {
            type: "button",
            role: "option",
            tabindex: -1,
            class: one.tones ? "has-tones" : null,
            "aria-label": nameOf(one),
            "aria-selected": "false",
          },
          used?.[at] ?? toned(one, this.#tone),
        ),
      ),
    );
  }

  /** @param {Cell} cell */
  #button({ section, index }) {
    const found = this.#shown[section];
    if (!found) return null;
    this.#fill(found.box);
    return /** @type {HTMLElement | null} */ (found.cells.children[index] ?? null);
  }

  /** @param {Cell} cell */
  #focus(cell) {
    this.#button(cell)?.focus();
  }

  /** @param {Event} event */
  #click(event) {
    const found = this.at(event.target);
    if (found) this.acts.take(found.button.textContent ?? "");
  }

  /** @param {Event} event @param {boolean} focused */
  #pointed(event, focused) {
    const found = this.at(event.target);
    if (!found) return;
    this.acts.point(found.one);
    if (!focused) return;
    for (const old of this.element.querySelectorAll('[role="option"][tabindex="0"]'))
      old.setAttribute("tabindex", "-1");
    found.button.setAttribute("tabindex", "0");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const found = this.at(event.target);
    if (!found || event.altKey) return;
    const sizes = this.#shown.map(({ section }) => section.emoji.length);
    const next = moved(sizes, this.columns, found, event);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (next) this.#focus(next);
    else this.acts.above();
  }
}
