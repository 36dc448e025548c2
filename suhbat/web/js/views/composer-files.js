// What a composer has for files: the tray above it, the button that adds some, and the one that records.

import { attachButton, pasted } from "./attach.js";
import { canRecord, recordButton } from "./recorder.js";
import { Tray } from "./tray.js";

/** @import { App } from "../app.js" */
/** @import { Given } from "./attach.js" */

export class ComposerFiles {
  /**
   * @param {App} app @param {string} key of the conversation or thread
   * @param {{row: () => HTMLElement, changed: () => void, send: () => void, add: (files: Given[]) => void}} acts
   *   `row`: of the message field, in whose place the recorder stands; `changed`: the tray did; `add`: files were
   *   chosen
   */
  constructor(app, key, { row, changed, send, add }) {
    this.tray = new Tray(app, key, changed);
    this.attach = attachButton(add);
    this.record = recordButton({
      begin: (bar) => {
        row().prepend(bar);
        row().classList.add("records");
      },
      end: () => {
        row().querySelector(".recording")?.remove();
        row().classList.remove("records");
      },
      take: (recording) => {
        this.tray.add([recording]);
        send();
      },
    });
  }

  /**
   * Show what can be done now. Returns whether the button that records stands in the place of the one that sends.
   * @param {boolean} allowed whether files can be added
   * @param {boolean} nothing whether nothing is written @param {boolean} edits whether a message is edited
   */
  show(allowed, nothing, edits) {
    const { tray } = this;
    this.attach.hidden = !allowed;
    tray.element.hidden = tray.empty || edits;
    this.record.hidden = !allowed || !nothing || !tray.empty || !canRecord();
    return !this.record.hidden;
  }

  /**
   * Take the files of a paste. Returns whether there are any.
   * @param {ClipboardEvent} event @param {boolean} allowed
   */
  paste(event, allowed) {
    const files = allowed ? pasted(event) : [];
    if (!files.length) return false;
    event.preventDefault();
    this.tray.add(files);
    return true;
  }

  close() {
    this.tray.close();
  }
}
