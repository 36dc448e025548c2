// The list of the messages that a search found. One of them may be chosen. They change with the messages.

import { aboutText, amended } from "../models/amendments.js";
import { t } from "../text/languages.js";
import { h } from "./dom.js";
import { titleOf } from "./names.js";
import { resultRow } from "./search-result.js";

/** @import { App } from "../app.js" */
/** @import { Message } from "../sdk/types.js" */
/** @import { Term } from "../text/highlights.js" */

export class SearchResults {
  /** @type {{message: Message, row: HTMLElement}[]} */
  #found = [];
  /** The index of the chosen one, -1 for none. */
  #at = -1;
  #ids = 0;
  /** @type {Term[]} */
  terms = [];
  places = true;

  /**
   * @param {App} app
   * @param {HTMLElement} input  the combobox, which keeps the focus
   * @param {(message: Message) => void} take  opens one
   */
  constructor(app, input, take) {
    this.app = app;
    this.input = input;
    this.take = take;
    this.element = h("ul", {
      class: "results",
      id: "search-results",
      role: "listbox",
      hidden: true,
      "aria-label": t("search.results"),
    });
  }

  get size() {
    return this.#found.length;
  }

  /** @type {Message | null} the chosen one */
  get chosen() {
    return this.#found[this.#at]?.message ?? null;
  }

  get isAtEnd() {
    return this.#at === this.#found.length - 1;
  }

  clear() {
    this.#found = [];
    this.element.replaceChildren();
    this.#shown();
    this.choose(-1);
  }

  /** @param {Message[]} messages @param {Term[]} terms @param {boolean} places whether to name their conversations */
  add(messages, terms, places) {
    this.terms = terms;
    this.places = places;
    for (const message of messages) {
      const row = this.#row(message, terms, places);
      this.#found.push({ message, row });
      this.element.append(row);
    }
    this.#shown();
  }

  /** Choose a result; -1 for none. @param {number} index */
  choose(index) {
    this.#at = Math.min(index, this.#found.length - 1);
    for (const [place, { row }] of this.#found.entries()) row.setAttribute("aria-selected", String(place === this.#at));
    const chosen = this.#found[this.#at]?.row;
    if (chosen) this.input.setAttribute("aria-activedescendant", chosen.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  /** Choose the next one or the one before, and bring it into view. @param {1 | -1} step */
  move(step) {
    if (!this.size) return;
    this.choose(Math.max(0, this.#at + step));
    this.#found[this.#at].row.scrollIntoView({ block: "nearest" });
  }

  /** Names came or changed. */
  redraw() {
    for (const one of this.#found) {
      const row = this.#row(one.message, this.terms, this.places);
      one.row.replaceWith(row);
      one.row = row;
    }
    this.choose(this.#at);
  }

  /** Update a message after an edit, and remove it after a deletion. @param {any} event */
  follow(event) {
    const seq = aboutText(event);
    const at = this.#found.findIndex(
      ({ message }) => message.seq === seq && message.conversation === event.conversation,
    );
    if (at < 0) return;
    const { message, row } = this.#found[at];
    if (event.type === "message.deleted") {
      this.#found.splice(at, 1);
      row.remove();
    } else {
      const now = amended(message, event);
      this.#found[at] = { message: now, row: this.#row(now, this.terms, this.places) };
      row.replaceWith(this.#found[at].row);
    }
    this.#shown();
    this.choose(this.#at);
  }

  #shown() {
    this.element.hidden = !this.size;
    this.input.setAttribute("aria-expanded", String(this.size > 0));
  }

  /** @param {Message} message @param {Term[]} terms @param {boolean} places */
  #row(message, terms, places) {
    const state = this.app.chat.conversations.get(message.conversation);
    const shown = {
      id: `result-${++this.#ids}`,
      where: places && state ? titleOf(this.app, state) : null,
      terms,
    };
    return resultRow(this.app, message, shown, () => {
      const at = this.#found.findIndex(
        (one) => one.message.seq === message.seq && one.message.conversation === message.conversation,
      );
      this.choose(at);
      this.take(this.#found[at]?.message ?? message);
    });
  }
}
