// The tray above a message field: the files that its next message will have, with their progress.

import { t } from "../text/languages.js";
import { said } from "../text/said.js";
import { ending, parted, sizeText } from "../text/sizes.js";
import { toast } from "./dialog.js";
import { h, icon, iconButton } from "./dom.js";
import { KeyedList } from "./keyed-list.js";
import { drawProgress, sentText, stateText, uploadNode } from "./progress.js";

/** @import { App } from "../app.js" */
/** @import { ChosenFile, Look } from "../models/chosen.js" */

const COUNTED = 3; // from so many on the tray says how many there are, because not all are in view

/**
 * @typedef {{id: string, name: string, size: string, ending: string, picture: string | null,
 *   state: ChosenFile["state"], stalled: boolean, reason: string | null}} ShownChosen
 */

export class Tray {
  #list;
  #ends;

  /** @param {App} app @param {string} key of the conversation or thread @param {() => void} changed */
  constructor(app, key, changed) {
    this.app = app;
    this.key = key;
    this.list = h("ul", { "aria-label": t("file.tray") });
    this.#list = new KeyedList(this.list, (/** @type {ShownChosen} */ shown) => this.#node(shown));
    this.status = h("p", { class: "unseen", role: "status" });
    this.count = h("p", { class: "tray-count" });
    this.element = h("div", { class: "tray", hidden: true }, this.count, this.list, this.status);
    this.#ends = app.on("tray", (/** @type {string} */ place) => {
      if (place !== key) return;
      this.refresh();
      changed();
    });
    this.refresh();
  }

  get #files() {
    return this.app.outgoing.chosen.in(this.key);
  }

  get empty() {
    return this.#files.length === 0;
  }

  /**
   * Put files into the tray. Those that are not taken are named.
   * @param {{blob: Blob, name: string, look?: Look}[]} files
   */
  add(files) {
    const { most, count } = this.app.outgoing;
    const not = this.app.outgoing.add(this.key, files);
    for (const { name, why } of not) {
      if (why !== "many") toast(t(`file.${why}`, { name, size: sizeText(most ?? 0) }));
    }
    if (not.some(({ why }) => why === "many")) toast(t("file.many", { n: count }));
    this.status.textContent = this.#files.map(({ name }) => name).join(", ");
  }

  refresh() {
    const files = this.#files;
    this.element.hidden = files.length === 0;
    this.count.hidden = files.length < COUNTED;
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    this.count.textContent = `${said({ text: "", files })} · ${sizeText(bytes)}`;
    this.#list.update(files.map((file) => ({ key: file.id, shown: this.#shown(file) })));
    for (const { id } of files) drawProgress(this.app, id);
  }

  /** @param {ChosenFile} file @returns {ShownChosen} */
  #shown({ id, name, size, kind, state, stalled, error, look }) {
    const { outgoing } = this.app;
    return {
      id,
      name,
      size: sizeText(size),
      ending: ending(name),
      picture: kind === "image" && look.width ? outgoing.chosen.url(id) : null,
      state,
      stalled,
      reason: error && outgoing.reason(error),
    };
  }

  /** @param {ShownChosen} shown */
  #node({ id, name, size, ending: letters, picture, state, stalled, reason }) {
    const { chosen } = this.app.outgoing;
    const remove = () => {
      chosen.remove(id);
      this.element.closest(".composer")?.querySelector("textarea")?.focus();
    };
    const [file] = chosen.of([id]);
    const going = state === "uploading" && !stalled;
    return h(
      "li",
      { class: reason === null ? "chosen" : "chosen wrong", title: name },
      picture
        ? h("img", { src: picture, alt: "", draggable: "false", decoding: "sync" })
        : h("span", { class: "file-type", "aria-hidden": "true" }, letters || icon("file")),
      h(
        "span",
        { class: "file-text" },
        h("bdi", { class: "file-name" }, ...parted(name).map((part) => h("span", {}, part))),
        reason === null
          ? h(
              "small",
              going ? { data: { sent: id } } : {},
              going && file ? sentText(file) : state === "ready" ? size : stateText(state, stalled),
            )
          : h("small", { role: "alert" }, reason),
        uploadNode({ id, state, stalled }),
      ),
      reason !== null && iconButton("again", t("file.retry", { name }), () => chosen.retry(id)),
      iconButton("close", t("file.remove", { name }), remove),
    );
  }

  close() {
    this.#ends();
  }
}
