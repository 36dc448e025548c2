// What lies over the conversation: the settings or the moderation. The conversation stays as it is below.

import { remembered } from "./focus.js";
import { later } from "./later.js";
import { apartAddress, placeOf } from "./places.js";
import { moderatesServer } from "./rights.js";
import { trail } from "./trail.js";

/** @import { App } from "../app.js" */
/** @import { Address, Apart } from "./places.js" */
/** @import { Sections } from "./sections.js" */

export class Cover {
  /** @type {Sections | null} */
  #sections = null;
  #back = () => {};

  /**
   * @param {App} app
   * @param {HTMLElement} shell
   * @param {HTMLElement} below what it covers
   * @param {{leave: () => void, go: (conversation: string) => void}} acts
   * @param {string} focused the id of the control that gets the focus, where the page is drawn anew; "" for none
   */
  constructor(app, shell, below, acts, focused) {
    this.app = app;
    this.shell = shell;
    this.below = below;
    this.acts = acts;
    this.focused = focused;
    const { kind, role } = app.me;
    /** Which sections there are depends on these. */
    this.who = { kind, role };
    this.end = app.on("me", () => this.#renew());
  }

  get open() {
    return this.#sections !== null;
  }

  /** Go to the settings or the moderation, or away if they are open. @param {Apart} name @param {string} [section] */
  go(name, section) {
    const address = apartAddress(name, section);
    if (!this.#sections) trail.enter(address);
    else if (this.#sections.name === name) trail.leave();
    else trail.replace(address);
  }

  /** Do something at the conversation, after leaving what covers it. @param {() => void} act */
  leave(act) {
    if (!this.#sections) return act();
    this.#back = act;
    return trail.leave();
  }

  /**
   * Whether the user may see this place.
   * @param {Address["apart"]} apart @returns {apart is NonNullable<Address["apart"]>}
   */
  may(apart) {
    return apart !== null && (apart.name === "settings" || moderatesServer(this.app));
  }

  /** Show the section in the address. @param {NonNullable<Address["apart"]>} apart */
  async show({ name, section }) {
    if (!this.#sections) {
      const back = remembered();
      this.#back = () => document.activeElement === document.body && back();
    }
    const { sections } = await later(name);
    if (placeOf(location.hash).apart?.name !== name) return;
    this.shell.dataset.pane = "over";
    trail.shown("conversation");
    if (this.#sections?.name !== name) {
      this.#sections?.close();
      this.#sections = sections(this.app, this.acts);
      this.shell.append(this.#sections.element);
      this.below.inert = true;
    }
    this.#sections.show(section);
    document.getElementById(this.focused)?.focus();
    this.focused = "";
  }

  /** Uncover the conversation. Returns a function that gives the focus back, if nothing else has it by then. */
  hide() {
    if (!this.#sections) return () => {};
    this.#sections.close();
    this.#sections = null;
    this.below.inert = false;
    return this.#back;
  }

  focus() {
    this.#sections?.focus();
  }

  /** A guest became an account, or a member a moderator. */
  #renew() {
    const { kind, role } = this.app.me;
    const { apart } = placeOf(location.hash);
    if (kind === this.who.kind && role === this.who.role) return;
    this.who = { kind, role };
    if (!this.#sections || !apart) return;
    this.#sections.close();
    this.#sections = null;
    if (this.may(apart)) void this.show(apart);
    else trail.leave();
  }

  close() {
    this.end();
    this.#sections?.close();
  }
}
