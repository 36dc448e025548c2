// Tells new messages to screen readers, each once. The rows cannot do this: they are drawn again for every reaction and
// every reader, and history is put among them.

import { isolated } from "../text/bidi.js";
import { plain } from "../text/markdown.js";
import { t } from "../text/languages.js";
import { h } from "./dom.js";

/** @import { Pending } from "../models/pending.js" */
/** @import { TextNames } from "../text/markdown.js" */

const AT_ONCE = 5; // more messages in one frame, such as after a reconnection, are only counted
const KEPT = 20;

export class Announcer {
  /** @type {string[]} */
  #told = [];
  #frame = 0;
  /** @type {Set<string>} the `clientId`s of the refused messages that were told */
  #failed = new Set();

  /** @param {string} label */
  constructor(label) {
    this.element = h("div", { class: "unseen", role: "log", "aria-label": label });
  }

  /** @param {string} name @param {string} text Markdown @param {TextNames} names */
  message(name, text, names) {
    this.#say(`${isolated(name)}: ${plain(text, names)}`);
  }

  /** Tell once that a message was refused. @param {Pending[]} pending the messages on their way */
  failures(pending) {
    for (const { clientId, error } of pending) {
      if (!error) this.#failed.delete(clientId);
      else if (!this.#failed.has(clientId)) {
        this.#failed.add(clientId);
        this.#say(error.message || t("message.failed"));
      }
    }
  }

  /** @param {string} sentence */
  #say(sentence) {
    this.#told.push(sentence);
    this.#frame ||= requestAnimationFrame(() => this.#show());
  }

  #show() {
    this.#frame = 0;
    const told = this.#told.splice(0);
    const sentences = told.length > AT_ONCE ? [t("timeline.new", { n: told.length })] : told;
    this.element.append(...sentences.map((sentence) => h("p", {}, sentence)));
    while (this.element.childElementCount > KEPT) this.element.firstElementChild?.remove();
  }

  close() {
    cancelAnimationFrame(this.#frame);
  }
}
