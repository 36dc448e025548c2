// A place with sections over the conversation, such as the settings. A wide window shows tabs beside the open section;
// a phone shows the list of the sections, then one of them. The section is in the address.

import { t } from "../text/languages.js";
import { h, icon, iconButton } from "./dom.js";
import { apartAddress } from "./places.js";
import { trail } from "./trail.js";

/** @import { Child } from "./dom.js" */
/** @import { Apart } from "./places.js" */

/**
 * @typedef {object} Tab
 * @property {string} name in the address
 * @property {string} title
 * @property {Parameters<typeof icon>[0]} icon
 * @property {() => Child[]} draw called each time that it opens
 */

/**
 * Which tab a key leads to, or null if it leads to none.
 * @param {string} key @param {number} at @param {number} count
 */
export function tabAfter(key, at, count) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[key];
  if (step) return (at + step + count) % count;
  return { Home: 0, End: count - 1 }[key] ?? null;
}

export class Sections {
  /** @type {string | null} the open section; null: the list of them, on a phone */
  #open = null;
  /** @type {HTMLElement[]} */
  #tabs = [];
  #narrow = matchMedia("(max-width: 720px)");

  /**
   * @param {Apart} name
   * @param {string} title
   * @param {Tab[]} sections
   * @param {Child} [foot] below the list of the sections
   */
  constructor(name, title, sections, foot = null) {
    this.name = name;
    this.title = title;
    this.sections = sections;
    this.foot = foot;
    this.element = h("section", { class: "sections", "aria-label": title });
    this.resized = () => this.#draw();
    this.#narrow.addEventListener("change", this.resized);
  }

  /** Show this section. Without one, or if there is none of this name, a phone shows the list, others the first one. */
  show(/** @type {string | null} */ section) {
    const before = this.#open;
    const drawn = this.element.childElementCount > 0;
    this.#open = this.sections.some(({ name }) => name === section) ? section : null;
    if (section !== this.#open) trail.rename(apartAddress(this.name));
    if (drawn && this.#open === before) return;
    if (!drawn || this.#narrow.matches) {
      this.#draw();
      if (before && !this.#open) this.#row(before)?.focus();
      else this.focus();
    } else this.#select();
  }

  /** Take the focus, as a place that was just opened. */
  focus() {
    const tab = this.#tabs.find((one) => one.tabIndex === 0);
    /** @type {HTMLElement | null} */ (tab ?? this.element.querySelector("h1"))?.focus();
  }

  #draw() {
    const one = this.#narrow.matches && this.sections.find(({ name }) => name === this.#open);
    const back = () => trail.leave(one ? apartAddress(this.name) : "");
    this.#tabs = [];
    this.element.replaceChildren(
      h(
        "header",
        { class: "bar" },
        iconButton("back", t("back"), back, { class: "icon-button back" }),
        h("h1", { tabindex: -1 }, one ? one.title : this.title),
        iconButton("close", t("close"), () => trail.leave(), { class: "icon-button leave" }),
      ),
      this.#narrow.matches
        ? h("div", { class: "sections-body" }, one ? page(one.draw()) : this.#list())
        : h("div", { class: "sections-body" }, this.#tablist(), this.#panel()),
    );
    if (!this.#narrow.matches) this.#select();
  }

  /** The sections as a list of links. */
  #list() {
    const row = (/** @type {Tab} */ { name, title, icon: sign }) => {
      const href = apartAddress(this.name, name);
      const enter = (/** @type {Event} */ event) => (event.preventDefault(), trail.enter(href));
      return h("li", {}, h("a", { href, on: { click: enter } }, icon(sign), h("span", {}, title), icon("next")));
    };
    return h(
      "nav",
      { class: "sections-list", "aria-label": this.title },
      h("ul", {}, ...this.sections.map(row)),
      this.foot,
    );
  }

  #tablist() {
    const choose = (/** @type {Tab} */ { name }) => trail.replace(apartAddress(this.name, name));
    const press = (/** @type {KeyboardEvent} */ event) => {
      const at = this.#tabs.indexOf(/** @type {HTMLElement} */ (event.target));
      const next = tabAfter(event.key, at, this.#tabs.length);
      if (next === null || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.#tabs[next].focus();
      choose(this.sections[next]);
    };
    this.#tabs = this.sections.map((one) =>
      h(
        "button",
        { type: "button", role: "tab", id: `tab-${one.name}`, on: { click: () => choose(one) } },
        icon(one.icon),
        h("span", {}, one.title),
      ),
    );
    const props = { role: "tablist", "aria-orientation": "vertical", "aria-label": this.title, on: { keydown: press } };
    return h("div", { class: "sections-list" }, h("div", props, ...this.#tabs), this.foot);
  }

  #panel() {
    return h("div", { class: "section", role: "tabpanel", id: "section", tabindex: 0 });
  }

  /** Mark the tab of the open section, and show what it holds. */
  #select() {
    const section = this.sections.find(({ name }) => name === this.#open) ?? this.sections[0];
    for (const [at, tab] of this.#tabs.entries()) {
      const chosen = this.sections[at] === section;
      tab.setAttribute("aria-selected", String(chosen));
      tab.setAttribute("aria-controls", "section");
      tab.tabIndex = chosen ? 0 : -1;
    }
    const panel = this.element.querySelector("#section");
    panel?.setAttribute("aria-labelledby", `tab-${section.name}`);
    panel?.replaceChildren(page(section.draw(), section.title));
  }

  /** @param {string} section its link in the list, on a phone */
  #row(section) {
    const href = apartAddress(this.name, section);
    return /** @type {HTMLElement | null} */ (this.element.querySelector(`a[href="${href}"]`));
  }

  close() {
    this.#narrow.removeEventListener("change", this.resized);
    this.element.remove();
  }
}

/** @param {Child[]} children @param {string} [title] */
const page = (children, title = "") =>
  h("div", { class: "section-page" }, title && h("h2", { class: "title" }, title), ...children);

/**
 * A part of a section, under a heading of its own.
 * @param {string} title @param {Child[]} children @param {string} [hint]
 */
export const part = (title, children, hint = "") =>
  h("section", { class: "part" }, h("h2", {}, title), hint && h("p", { class: "hint" }, hint), ...children);

/** What cannot be undone, at the end and apart from the rest. @param {...Child} children */
export const apart = (...children) => h("section", { class: "part apart" }, ...children);
