// The button that marks everything as read, and says what it did.

import { markAll, marksOf, PACE_MS } from "../models/mark-read.js";
import { t } from "../text/languages.js";
import { toast } from "./dialog.js";
import { h, icon } from "./dom.js";

/** @import { App } from "../app.js" */

const MANY = 20; // conversations from which the button counts

export class ReadAll {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.text = h("span", {}, t("sidebar.read.all"));
    this.element = h(
      "button",
      { type: "button", class: "read-all", on: { click: () => void this.#run() } },
      icon("checks"),
      this.text,
    );
  }

  async #run() {
    const { chat } = this.app;
    if (this.element.disabled) return;
    if (chat.status.state !== "online") return void toast(t("error.unreachable"));
    const marks = marksOf(chat.conversations.values());
    this.element.disabled = true;
    const done = await markAll(
      marks,
      (mark) => chat.command("read", { ...mark }),
      () => new Promise((resolve) => setTimeout(resolve, PACE_MS)),
      (count) => this.#goes(count, marks.length),
    );
    this.element.disabled = false;
    this.text.textContent = t("sidebar.read.all");
    const left = marks.length - done;
    toast(t("sidebar.read", { n: done }) + (left ? ` ${t("sidebar.read.left", { n: left })}` : ""));
  }

  /** Show how far it is. Whether the connection is still there. @param {number} count @param {number} all */
  #goes(count, all) {
    if (all >= MANY) this.text.textContent = `${count} / ${all}`;
    return this.app.chat.status.state === "online";
  }
}
