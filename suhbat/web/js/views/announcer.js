// Tells new messages to screen readers, each once. The rows cannot do this: they are drawn again for every reaction and
// every reader, and history is put among them.

import { plain } from "../text/markdown.js";
import { t } from "../text/languages.js";
import { h } from "./dom.js";

const AT_ONCE = 5; // more messages in one frame, such as after a reconnection, are only counted
const KEPT = 20;

export class Announcer {
  /** @type {string[]} */
  #told = [];
  #frame = 0;

  constructor() {
    this.element = h("div", { class: "unseen", role: "log", "aria-label": t("timeline.log") });
  }

  /** @param {string} name @param {string} text Markdown */
  message(name, text) {
    this.say(`${name}: ${plain(text)}`);
  }

  /** @param {string} sentence */
  say(sentence) {
    this.#told.push(sentence);
    this.#frame ||= requestAnimationFrame(() => this.#show());
  }

  #show() {
    this.#frame = 0;
    const told = this.#told.splice(0);
    const sentences = told.length > AT_ONCE ? [t("timeline.new", { n: told.length })] : told;
    this.element.append(...sentences.map((sentence) => h("p", { dir: "auto" }, sentence)));
    while (this.element.childElementCount > KEPT) this.element.firstElementChild?.remove();
  }

  close() {
    cancelAnimationFrame(this.#frame);
  }
}
