// A conversation that is not in the list: it is not loaded yet, it is a public room that the user may join, it is gone,
// or it does not exist. A forbidden one looks like one that does not exist.

import { t } from "../text/languages.js";
import { toast } from "./dialog.js";
import { goneView } from "./gone.js";
import { later } from "./later.js";
import { placeOf } from "./places.js";
import { phone, trail } from "./trail.js";

/** @import { App } from "../app.js" */

const PATIENCE = 1000; // ms online until a conversation that is not in the list is said not to exist

export class Absence {
  /** @type {ReturnType<typeof goneView> | null} */
  #shown = null;
  /** Whether the server says that there is none. */
  #none = false;
  /**
   * The conversation that the user leaves, and what to say then.
   * @type {{conversation: string, text: string} | null}
   */
  #leaving = null;
  /** Since when this conversation is looked for. */
  #sought = { conversation: "", since: 0 };

  /**
   * @param {App} app
   * @param {{show: (element: HTMLElement) => void, again: () => void}} acts `show`: in place of the conversation;
   *   `again`: look again whether it is there
   */
  constructor(app, acts) {
    this.app = app;
    this.acts = acts;
  }

  /** Which conversation is said to be absent. */
  get conversation() {
    return this.#shown?.conversation ?? null;
  }

  /** The user leaves a conversation, and is told this then; with null it stays. @param {string} conversation
   * @param {string | null} text */
  leaving(conversation, text) {
    this.#leaving = text === null ? null : { conversation, text };
  }

  /**
   * The conversation that was open is gone. Returns whether the page goes elsewhere, with a note: if the user left it,
   * and on a phone, but not from a text that was not sent.
   * @param {string} conversation
   */
  passes(conversation) {
    const left = this.#leaving?.conversation === conversation ? this.#leaving.text : null;
    if ((!left && !phone()) || this.app.writing.unsent(conversation)) return false;
    toast(left ?? t("conversation.removed"));
    return true;
  }

  /** Whether it will hardly come any more. @param {string} conversation */
  settled(conversation) {
    if (this.app.chat.status.state !== "online") return false;
    if (this.#sought.conversation !== conversation) {
      this.#sought = { conversation, since: Date.now() };
      setTimeout(this.acts.again, PATIENCE + 10);
    }
    return Date.now() - this.#sought.since >= PATIENCE;
  }

  /**
   * Say that it is absent.
   * @param {string} conversation
   * @param {{title: string, removed: boolean, focus: boolean}} about `removed`: it was open; `focus`: take the focus
   */
  show(conversation, { title, removed, focus }) {
    const what = t(removed ? "conversation.removed" : "conversation.none");
    this.#none = false;
    const shown = (this.#shown = goneView(this.app, conversation, { title, what }, () => trail.back()));
    this.acts.show(shown.element);
    if (focus) shown.focus();
    if (!removed) void this.#visit(shown);
  }

  hide() {
    this.#shown = null;
  }

  focus() {
    this.#shown?.focus();
  }

  /** Show a public room that the user may join. @param {ReturnType<typeof goneView>} shown */
  async #visit(shown) {
    const { publicRoom, visitView } = await later("visit");
    const room = await publicRoom(this.app, shown.conversation);
    if (this.#shown !== shown) return;
    this.#none = room === null;
    if (room) this.acts.show(visitView(this.app, room, () => trail.back()));
    else this.stays();
  }

  /** Remove the address of no conversation. A text that was not sent there is found by the address only. */
  stays() {
    const { conversation } = this;
    if (!this.#none || conversation === null || placeOf(location.hash).conversation !== conversation) return;
    if (!this.app.writing.unsent(conversation)) trail.lost();
  }
}
