// Completion of names and emoji in the composer. A multi-line text field may not have the role combobox, so it
// announces its suggestions by aria-autocomplete and aria-activedescendant (WAI-ARIA 1.2).

import { preferences } from "../storage/preferences.js";
import { noteUse } from "../storage/used.js";
import { loadWords, search } from "../text/emoji-search.js";
import { toned } from "../text/emoji.js";
import { current, t } from "../text/languages.js";
import { avatar } from "./avatar.js";
import { h, markNode, set } from "./dom.js";

/** @import { NameMark } from "./names.js" */

const SHOWN = 8;

/**
 * @typedef {object} Offer
 * @property {string} insert
 * @property {string} label
 * @property {string} detail
 * @property {string} [user_id] of a person
 * @property {NameMark} [mark]
 * @property {string | null} [face] the address of the picture
 * @property {() => void} [taken]  is called when the offer is taken
 */

export class Completion {
  /** @type {Offer[]} */
  #offers = [];
  #at = 0;
  #start = 0;
  #asked = 0;

  /**
   * @param {HTMLTextAreaElement} input
   * @param {(begun: string) => Promise<Offer[]>} people the suggestions for the text after an @
   */
  constructor(input, people) {
    this.input = input;
    this.people = people;
    this.list = h("ul", {
      class: "completion",
      role: "listbox",
      id: "completion",
      "aria-label": t("composer.offers"),
      hidden: true,
    });
    set(input, { "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": "completion" });
    input.addEventListener("input", () => void this.#look());
    input.addEventListener("blur", () => setTimeout(() => document.activeElement !== input && this.close(), 150));
  }

  get open() {
    return !this.list.hidden;
  }

  close() {
    this.#asked += 1;
    this.list.hidden = true;
    this.input.removeAttribute("aria-activedescendant");
  }

  /** Handle a key. Returns whether the completion used it. @param {KeyboardEvent} event */
  key(event) {
    if (!this.open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#point((this.#at + step + this.#offers.length) % this.#offers.length);
    else if (event.key === "Enter" || event.key === "Tab") this.#take(this.#at);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  async #look() {
    const asked = ++this.#asked;
    const before = this.input.value.slice(0, this.input.selectionStart);
    const begun = /(?:^|[\s(])([@:])([\p{L}\p{M}\p{N}_.+\-\u02bb\u2018\u2019']{0,32})$/u.exec(before);
    if (!begun || (begun[1] === ":" && begun[2].length < 2)) return this.close();
    const offers = begun[1] === "@" ? await this.people(begun[2]) : await emoji(begun[2]);
    if (asked !== this.#asked) return undefined;
    this.#offers = offers.slice(0, SHOWN);
    if (!this.#offers.length) return this.close();
    this.#start = this.input.selectionStart - begun[2].length - 1;
    this.list.replaceChildren(
      ...this.#offers.map((offer, index) =>
        h(
          "li",
          {
            role: "option",
            id: `offer-${index}`,
            on: { pointerdown: (/** @type {Event} */ event) => (event.preventDefault(), this.#take(index)) },
          },
          offer.user_id !== undefined && avatar(offer.label, offer.user_id, offer.face ?? null, offer),
          h("span", { class: "offered" }, h("bdi", {}, offer.label), markNode(offer.mark)),
          h("small", {}, h("bdi", {}, offer.detail)),
        ),
      ),
    );
    this.list.hidden = false;
    return this.#point(0);
  }

  /** @param {number} index */
  #point(index) {
    this.#at = index;
    for (const [at, option] of [...this.list.children].entries())
      option.setAttribute("aria-selected", String(at === index));
    this.list.children[index].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", `offer-${index}`);
  }

  /** @param {number} index */
  #take(index) {
    const { insert, taken } = this.#offers[index];
    this.input.setRangeText(`${insert} `, this.#start, this.input.selectionStart, "end");
    taken?.();
    this.close();
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
    this.close();
  }
}

/** @param {string} begun @returns {Promise<Offer[]>} */
async function emoji(begun) {
  await loadWords(current());
  return search(begun, SHOWN).map((one) => {
    const insert = toned(one, preferences().tone);
    return { insert, label: insert, detail: `:${one.codes[0]}:`, taken: () => noteUse(insert) };
  });
}
