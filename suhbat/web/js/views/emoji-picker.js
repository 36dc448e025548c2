// The emoji picker: the last used emoji, then all by group, a search by words, skin tones.

import { Finger } from "../models/finger.js";
import { prefer, preferences } from "../storage/preferences.js";
import { noteUse } from "../storage/used.js";
import { loadWords, nameOf, search } from "../text/emoji-search.js";
import { byEmoji, byName, groups, newcomers, toned, withhold } from "../text/emoji.js";
import { current, t } from "../text/languages.js";
import { h, icon } from "./dom.js";
import { undrawn } from "./drawn.js";
import { EmojiGrid } from "./emoji-grid.js";
import { follow } from "./fingers.js";
import { roving } from "./roving.js";
import { over, touch } from "./sheet.js";
import { showTones } from "./tones.js";

/** @import { Emoji } from "../text/emoji.js" */
/** @import { EmojiSection } from "./emoji-grid.js" */

const FOUND = 80; // search results at most

/** @param {Element} anchor @param {(emoji: string) => void} chosen */
export function pickEmoji(anchor, chosen) {
  const picker = new Picker((emoji) => {
    close();
    noteUse(emoji);
    chosen(emoji);
  });
  const close = over(t("emoji.pick"), picker.box, anchor);
  void picker.open();
}

class Picker {
  #loaded = false;
  #early = false; // Enter was pressed before the emoji were there

  /** @param {(emoji: string) => void} take */
  constructor(take) {
    this.input = h("input", {
      type: "text",
      class: "emoji-search",
      autocomplete: "off",
      placeholder: t("emoji.search"),
      "aria-label": t("emoji.search"),
      on: { input: () => this.#typed(), keydown: (/** @type {KeyboardEvent} */ event) => this.#searchKey(event) },
    });
    this.grid = new EmojiGrid(t("emoji.pick"), {
      take,
      point: (one) => this.#name(one),
      above: () => this.input.focus(),
    });
    const tones = () => this.#tones(this.tone, hand());
    const label = t("emoji.tones");
    this.tone = h("button", {
      type: "button",
      class: "emoji-tone",
      hidden: true,
      "aria-haspopup": "true",
      "aria-label": label,
      title: label,
      on: { click: tones },
    });
    this.tabs = h("div", { class: "emoji-tabs", role: "toolbar", "aria-label": t("emoji.groups") });
    this.footer = h("p", { class: "emoji-name", "aria-hidden": "true" });
    this.grid.element.append(h("p", { class: "empty" }, t("loading")));
    const head = h("div", { class: "emoji-head" }, this.input, this.tone);
    this.box = h("div", { class: "emoji-picker" }, head, this.tabs, this.grid.element, this.footer);
    this.#listen();
  }

  async open() {
    // On a touch screen the field would open the keyboard over the emoji.
    if (!touch()) this.input.focus();
    await loadWords(current());
    withhold(undrawn(newcomers()));
    this.#loaded = true;
    this.#draw();
    if (this.#early) this.grid.takeFirst();
  }

  #typed() {
    this.#early = false;
    if (this.#loaded) this.#draw();
  }

  #listen() {
    const { element } = this.grid;
    element.addEventListener("scroll", () => this.#mark());
    const open = (/** @type {EventTarget | null} */ target) => {
      const found = this.grid.at(target);
      if (!found?.one.tones) return false;
      this.#tones(found.button, found.one, true);
      return true;
    };
    element.addEventListener("contextmenu", (event) => open(event.target) && event.preventDefault());
    element.addEventListener("keydown", (event) => {
      if (event.altKey && event.key === "ArrowDown" && open(event.target)) event.preventDefault();
    });
    /** @type {EventTarget | null} */
    let touched = null;
    follow(
      element,
      new Finger("x", () => 1, Infinity),
      ({ target }) => ((touched = target), this.grid.at(target)?.one.tones ? { drag: false } : null),
      (act) => void (act.type === "press" && open(touched)),
    );
  }

  #draw() {
    const wanted = this.input.value.trim();
    const { tone } = preferences();
    const one = hand();
    this.tone.hidden = !one;
    if (one) this.tone.textContent = toned(one, tone);
    const sections = wanted ? [{ id: "found", title: "", emoji: search(wanted, FOUND) }] : this.#sections();
    const full = sections.filter(({ emoji }) => emoji.length);
    this.grid.show(full, tone);
    if (!full.length) {
      const nothing = groups().length ? t("search.nothing") : t("error.unreachable");
      this.grid.element.append(h("p", { class: "empty" }, nothing));
    }
    this.#drawTabs(wanted ? [] : full);
    this.footer.textContent = "";
  }

  /** @returns {EmojiSection[]} */
  #sections() {
    const used = preferences().emoji.filter((emoji) => byEmoji(emoji));
    const last = used.map((emoji) => /** @type {Emoji} */ (byEmoji(emoji)));
    return [
      { id: "used", title: t("emoji.group.used"), emoji: last, used },
      ...groups().map(({ name, emoji }) => ({ id: name, title: t(`emoji.group.${name}`), emoji })),
    ];
  }

  /** @param {EmojiSection[]} sections */
  #drawTabs(sections) {
    this.tabs.replaceChildren(
      ...sections.map(({ id, title, emoji }) =>
        h(
          "button",
          {
            type: "button",
            "aria-label": title,
            title,
            data: { id },
            on: { click: () => this.grid.go(id) },
          },
          id === "used" ? icon("clock") : emoji[0].emoji,
        ),
      ),
    );
    if (sections.length) roving(this.tabs);
    this.#mark();
  }

  /** Mark the tab of the section in view. */
  #mark() {
    const { place } = this.grid;
    for (const tab of /** @type {Iterable<HTMLElement>} */ (this.tabs.children)) {
      if (tab.dataset.id === place) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
  }

  /** @param {Emoji} one */
  #name(one) {
    this.footer.replaceChildren(h("strong", {}, nameOf(one)), ` :${one.codes[0]}:`);
  }

  /**
   * Show the skin tones of an emoji. The chosen one is remembered.
   * @param {HTMLElement} button @param {Emoji | null} one @param {boolean} [takes] whether the choice is taken, too
   */
  #tones(button, one, takes = false) {
    if (!one) return;
    showTones(this.box, button, one, preferences().tone, (tone) => {
      prefer({ tone });
      if (takes) return this.grid.acts.take(toned(one, tone));
      const { scrollTop } = this.grid.element;
      this.#draw();
      this.grid.element.scrollTop = scrollTop;
      return undefined;
    });
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    if (event.key === "ArrowDown") this.grid.focus();
    else if (event.key === "Enter") this.#loaded ? this.grid.takeFirst() : (this.#early = true);
    else return;
    event.preventDefault();
  }
}

/** The emoji that shows the chosen tone. */
const hand = () => byName("raised_hand");
