// Completion of names, emoji and commands in the composer. A multi-line text field may not have the role combobox, so
// it announces its suggestions by aria-autocomplete and aria-activedescendant (WAI-ARIA 1.2).

import { preferences } from "../storage/preferences.js";
import { noteUse } from "../storage/used.js";
import { loadWords, search } from "../text/emoji-search.js";
import { begunIn } from "../text/begun.js";
import { toned } from "../text/emoji.js";
import { current, t } from "../text/languages.js";
import { avatar } from "./avatar.js";
import { h, markNode, set } from "./dom.js";

/** @import { NameMark } from "./names.js" */

const SHOWN = 8; // emoji

/**
 * @typedef {object} Offer
 * @property {string} insert
 * @property {string} label
 * @property {string} detail
 * @property {string} [user_id] of a person
 * @property {boolean} [emoji] the label is an emoji: its font would make spaces and digits of a text wide
 * @property {{usage: string, name: string}} [command] what may follow a command, and the name of its bot
 * @property {NameMark} [mark]
 * @property {string | null} [face] the address of the picture
 * @property {() => void} [taken]  is called when the offer is taken
 */

/** By the sign: the suggestions for the text after it. @typedef {Record<"@" | "/", Suggest>} Offers */
/** @typedef {(begun: string) => Promise<Offer[]>} Suggest */

export class Completion {
  /** @type {Offer[]} */
  #offers = [];
  #at = 0;
  #start = 0;
  #written = "";
  #asked = 0;

  /**
   * @param {HTMLTextAreaElement} input
   * @param {Offers} offers
   */
  constructor(input, offers) {
    this.input = input;
    this.offers = offers;
    this.id = `${input.id}-offers`; // a thread beside the conversation has another
    this.list = h("ul", {
      class: "completion",
      role: "listbox",
      id: this.id,
      "aria-label": t("composer.offers"),
      hidden: true,
    });
    set(input, { "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": this.id });
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
    else if (event.key === "Enter" && this.#isWhole()) {
      this.close();
      return false; // the composer sends it
    } else if (event.key === "Enter" || event.key === "Tab") this.#take(this.#at);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  async #look() {
    const asked = ++this.#asked;
    const before = this.input.value.slice(0, this.input.selectionStart);
    const found = begunIn(before);
    if (!found) return this.close();
    const { sign, begun } = found;
    const offers = sign === ":" ? await emoji(begun) : await this.offers[sign](begun);
    if (asked !== this.#asked) return undefined;
    this.#offers = offers;
    if (!this.#offers.length) return this.close();
    this.#written = sign + begun;
    this.#start = this.input.selectionStart - this.#written.length;
    this.list.replaceChildren(
      ...this.#offers.map((offer, index) =>
        h(
          "li",
          {
            role: "option",
            id: `${this.id}-${index}`,
            class: offer.command ? "command" : null,
            on: {
              mousedown: (/** @type {Event} */ event) => event.preventDefault(), // the field keeps the focus
              click: () => this.#take(index), // and no earlier event: a finger that scrolls the list chooses nothing
            },
          },
          ...offered(offer),
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
    this.input.setAttribute("aria-activedescendant", `${this.id}-${index}`);
  }

  /** Whether the chosen command is there in full already, so that there is nothing to complete. */
  #isWhole() {
    const { command, insert } = this.#offers[this.#at];
    return command !== undefined && insert === this.#written.toLowerCase();
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

/** What an offer shows. @param {Offer} offer */
function offered({ label, detail, user_id, mark, face = null, emoji = false, command }) {
  const picture = user_id !== undefined && avatar(command?.name ?? label, user_id, face, { mark });
  if (!command) {
    return [
      picture,
      h("span", { class: emoji ? "offered emoji" : "offered" }, h("bdi", {}, label), markNode(mark)),
      h("small", {}, h("bdi", {}, detail)),
    ];
  }
  const { usage } = command;
  const written = h(
    "span",
    { class: "offered" },
    h("bdi", {}, label),
    " ",
    usage && h("bdi", { class: "usage" }, usage),
  );
  return [picture, h("span", { class: "names" }, written, " ", h("small", {}, h("bdi", {}, detail)))];
}

/** @param {string} begun @returns {Promise<Offer[]>} */
async function emoji(begun) {
  await loadWords(current());
  return search(begun, SHOWN).map((one) => {
    const insert = toned(one, preferences().tone);
    return { insert, label: insert, detail: `:${one.codes[0]}:`, emoji: true, taken: () => noteUse(insert) };
  });
}
