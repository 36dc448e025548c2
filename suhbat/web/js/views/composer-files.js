// What a composer has for files: the tray above it, the button that adds some, and the one that records.

import { attachButton } from "./attach.js";
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
    this.recording = recordButton({
      begin: (bar) => {
        row().prepend(bar);
        row().classList.add("records");
      },
      end: () => {
        row().querySelector(".recording")?.remove();
        row().classList.remove("records");
      },
      take: (recording, wanted) => {
        this.tray.add([recording]);
        if (wanted) send();
      },
    });
    this.record = this.recording.button;
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

  close() {
    this.recording.leave(); // it waits in the tray
    this.tray.close();
  }
}
