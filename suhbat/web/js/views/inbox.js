// The inbox (#/inbox): messages that mention the user or reply to them, and in a second list those that they saved.

import { Inbox, isUnread } from "../models/inbox.js";
import { direction } from "../text/direction.js";
import { said } from "../text/said.js";
import { t } from "../text/languages.js";
import { plain } from "../text/markdown.js";
import { short } from "../text/time.js";
import { avatar } from "./avatar.js";
import { h, icon, iconButton } from "./dom.js";
import { toast } from "./dialog.js";
import { remembered } from "./focus.js";
import { sentence } from "./form.js";
import { KeyedList } from "./keyed-list.js";
import { skeleton, trouble } from "./loading.js";
import { authorOf, labelOf, namesIn, titleOf } from "./names.js";
import { addressOf, INBOX, SAVED } from "./places.js";
import { isPressed } from "./pressing.js";
import { shownNames, textNames } from "./shown.js";
import { trail } from "./trail.js";

/** @import { App } from "../app.js" */
/** @import { Listing } from "../models/inbox.js" */
/** @import { ShownPerson } from "./names.js" */
/** @import { Go } from "./places.js" */
/** @import { ShownText } from "./shown.js" */

const PAGE = 50;

/**
 * @typedef {object} ShownListing
 * @property {string} conversation
 * @property {number} seq
 * @property {number | undefined} thread
 * @property {Listing["reason"]} reason
 * @property {string} where  the title of the conversation
 * @property {ShownPerson} person  who wrote it
 * @property {string} sender
 * @property {string} by
 * @property {string} text
 * @property {ShownText["names"]} names
 * @property {string} when
 * @property {boolean} unread
 */

export class InboxView {
  #inbox;
  #rows;
  /** Which list is shown. */
  #saved = false;
  /** The next page; null after the last one, undefined before the first. @type {string | null | undefined} */
  #cursor;
  /** The newest request. @type {object | null} */
  #asking = null;
  /** What went wrong with the last request. @type {unknown} */
  #error = null;

  /** @param {App} app @param {{back: () => void, go: Go}} acts */
  constructor(app, acts) {
    this.app = app;
    this.acts = acts;
    this.#inbox = new Inbox(() => app.me.uid);
    this.list = h("ul", { class: "threads-list" });
    this.#rows = new KeyedList(this.list, (/** @type {ShownListing} */ shown) => this.#row(shown));
    this.note = h("div", { class: "threads-note" });
    this.more = h("button", { type: "button", on: { click: () => void this.#load() } }, t("search.more"));
    this.tabs = h("nav", { class: "inbox-tabs", "aria-label": t("inbox") });
    this.element = h(
      "section",
      { class: "threads-view inbox", "aria-labelledby": "composer" },
      h(
        "header",
        { class: "bar" },
        iconButton("back", t("back"), acts.back, { class: "icon-button back" }),
        h("h1", { id: "composer", tabindex: -1 }, t("inbox")), // the skip link leads here
        this.tabs,
      ),
      h("div", { class: "threads-body", tabindex: -1 }, this.list, this.note, this.more),
    );
    this.ends = [
      app.chat.on("event", (event) => this.#heard(event)),
      app.chat.on("snapshot", () => this.#begin()),
      app.on("conversations", () => this.#draw()),
      app.on("people", () => this.#draw()),
      app.on("status", () => app.chat.status.state === "online" && this.#begin()),
    ];
  }

  /** Show one of the two lists. Returns false for any other place. @param {string} place */
  show(place) {
    if (![INBOX, SAVED].includes(place)) return false;
    const saved = place === SAVED;
    if (saved !== this.#saved || this.#cursor === undefined) {
      this.#saved = saved;
      this.#inbox.add([], true);
      this.#begin();
    }
    return true;
  }

  focus() {
    /** @type {HTMLElement | null} */ (this.element.querySelector("h1"))?.focus();
  }

  /** Times are shown as seen from now. */
  refresh() {
    this.#draw();
  }

  /** @param {any} event */
  #heard(event) {
    if (event.type === (this.#saved ? "saved" : "mentioned")) {
      if (event.on === false) this.#inbox.remove(event.target, event.message);
      else this.#begin();
    } else if (event.type === "message.created" && !this.#saved && event.message.reply_to) this.#begin();
    else this.#inbox.apply(event);
    this.#draw();
  }

  /** Load the list from its beginning. What is shown stays until then. */
  #begin() {
    this.#cursor = undefined;
    void this.#load();
  }

  async #load() {
    const { app } = this;
    const asking = (this.#asking = {});
    const saved = this.#saved;
    const cursor = this.#cursor ?? null;
    this.#error = null;
    this.#draw();
    try {
      const found = await app.api.get(saved ? "/saved" : "/mentions", { limit: PAGE, cursor });
      if (asking !== this.#asking) return;
      /** @type {Listing[]} */
      const listings = saved
        ? found.saved.map((/** @type {any} */ one) => ({ message: one.message, reason: "saved" }))
        : found.mentions;
      this.#inbox.add(listings, cursor === null);
      this.#cursor = found.cursor;
    } catch (error) {
      if (asking !== this.#asking) return;
      this.#error = error;
    }
    this.#asking = null;
    this.#draw();
  }

  #draw() {
    if (isPressed(this.element, () => this.#draw())) return;
    const { app } = this;
    const listings = this.#inbox.in(app.chat.conversations);
    const back = this.list.contains(document.activeElement) ? remembered() : () => {};
    this.#rows.update(
      listings.map((one) => ({
        key: addressOf(one.message.conversation, one.message.seq, one.message.thread),
        shown: this.#shown(one),
      })),
    );
    if (document.activeElement === document.body) back();
    this.more.hidden = this.#asking !== null || !this.#cursor;
    this.list.setAttribute("aria-busy", String(this.#asking !== null));
    this.note.replaceChildren(...this.#notes(listings.length));
    this.#drawTabs();
  }

  #drawTabs() {
    const drawn = String(this.#saved);
    if (this.tabs.dataset.drawn === drawn) return;
    this.tabs.dataset.drawn = drawn;
    const focused = this.tabs.contains(document.activeElement);
    const tab = (/** @type {string} */ href, /** @type {string} */ text, /** @type {boolean} */ current) => {
      const go = (/** @type {Event} */ event) => (event.preventDefault(), trail.replace(href));
      return h("a", { href, "aria-current": current ? "page" : null, on: { click: go } }, text);
    };
    const all = [tab(INBOX, t("inbox.mentions"), !this.#saved), tab(SAVED, t("inbox.saved"), this.#saved)];
    this.tabs.replaceChildren(...all);
    if (focused) all[Number(this.#saved)].focus();
  }

  /** What stands below the list. @param {number} shown how many rows @returns {Node[]} */
  #notes(shown) {
    if (this.#error && !shown) return [trouble(sentence(this.#error), () => this.#begin())];
    if (shown) return [];
    if (this.#asking || this.#cursor === undefined) return skeleton(4);
    const which = this.#saved ? "saved" : "mentions";
    return [
      h(
        "div",
        { class: "empty" },
        h("p", {}, t(`inbox.${which}.none`)),
        h("p", { class: "hint" }, t(`inbox.${which}.hint`)),
      ),
    ];
  }

  /** @param {Listing} listing @returns {ShownListing} */
  #shown({ message: known, reason }) {
    const { app } = this;
    const message = app.current(known);
    const { conversation, seq, thread, sender, sender_uid } = message;
    const state = app.chat.conversations.get(conversation);
    const person = authorOf(app, message);
    return {
      conversation,
      seq,
      thread,
      reason,
      where: state ? titleOf(app, state) : "",
      person,
      sender,
      by: sender_uid === app.me.uid ? t("you") : labelOf(person),
      text: said(message),
      names: shownNames(message, namesIn(app).called),
      when: short(new Date(message.sent_at), new Date()),
      unread: reason !== "saved" && isUnread(message, state),
    };
  }

  /** @param {ShownListing} shown */
  #row({ conversation, seq, thread, reason, unread, ...shown }) {
    const open = (/** @type {MouseEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.acts.go(conversation, seq, thread);
    };
    const drop = () => void this.#drop(conversation, seq);
    return h(
      "li",
      { class: unread ? "followed unread" : "followed" },
      h(
        "a",
        { href: addressOf(conversation, seq, thread), on: { click: open } },
        avatar(shown.person.name, shown.sender, shown.person.face, shown.person),
        h(
          "span",
          { class: "about-thread" },
          h(
            "span",
            { class: "first" },
            reason === "reply" && icon("reply"),
            h("span", { class: "where", dir: "auto" }, shown.where),
            unread && h("span", { class: "badge dot", role: "img", "aria-label": t("inbox.unread") }),
            h("time", {}, shown.when),
          ),
          h(
            "span",
            { class: "said" },
            h("strong", {}, h("bdi", {}, shown.by), ": "),
            h("span", { dir: direction(shown.text) }, plain(shown.text, textNames(shown.names))),
          ),
        ),
      ),
      reason === "saved" && iconButton("close", t("message.unsave"), drop),
    );
  }

  /** @param {string} conversation @param {number} seq */
  async #drop(conversation, seq) {
    this.#inbox.remove(conversation, seq);
    this.#draw();
    await this.app.chat.command("save", { conversation, seq, on: false }).catch((error) => {
      toast(sentence(error));
      this.#begin();
    });
  }

  close() {
    for (const end of this.ends) end();
  }
}
