// A section of the list of conversations: a heading that folds it, and its rows.

import { t } from "../text/languages.js";
import { h, icon } from "./dom.js";
import { conversationRow } from "./conversation-row.js";
import { KeyedList } from "./keyed-list.js";

/** @import { Section } from "../models/sections.js" */
/** @import { Entry } from "./conversation-row.js" */
/** @import { Child } from "./dom.js" */

export class ListSection {
  #rows;

  /** @param {Section} name @param {() => void} fold @param {Child} [beside] what stands beside the heading */
  constructor(name, fold, beside = null) {
    const id = `section-${name}`;
    this.name = name;
    this.count = h("span", { class: "folded-count" });
    this.heading = h(
      "button",
      { type: "button", class: "fold", "aria-controls": id, on: { click: fold } },
      icon("fold"),
      h("span", {}, t(`sidebar.section.${name}`)),
      this.count,
    );
    this.list = h("ul", { class: "conversations", id });
    this.#rows = new KeyedList(this.list, conversationRow);
    this.element = h(
      "section",
      { class: "list-section", hidden: true, data: { section: name } },
      h("header", { class: "section-head" }, h("h2", {}, this.heading), beside),
      this.list,
    );
  }

  /**
   * @param {Entry[]} entries those that are shown
   * @param {number} all how many the section has
   * @param {boolean} folded
   */
  update(entries, all, folded) {
    this.element.hidden = !all;
    this.heading.setAttribute("aria-expanded", String(!folded));
    this.count.textContent = folded ? String(all) : "";
    this.#rows.update(entries.map((entry) => ({ key: entry.conversation, shown: entry })));
  }
}
