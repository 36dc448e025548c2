// The list of the threads that the user follows: the unread ones first. It is a place of its own (#/threads).

import { FollowedThreads, lastOfOthers } from "../models/followed.js";
import { isSilent } from "../models/levels.js";
import { direction } from "../text/direction.js";
import { said } from "../text/said.js";
import { t } from "../text/languages.js";
import { plain } from "../text/markdown.js";
import { short } from "../text/time.js";
import { toast } from "./dialog.js";
import { avatar } from "./avatar.js";
import { h, iconButton } from "./dom.js";
import { remembered } from "./focus.js";
import { sentence } from "./form.js";
import { KeyedList } from "./keyed-list.js";
import { skeleton, trouble } from "./loading.js";
import { authorOf, called, labelOf, namesIn, titleOf } from "./names.js";
import { addressOf, THREADS } from "./places.js";
import { isPressed } from "./pressing.js";
import { shownNames, textNames } from "./shown.js";

/** @import { App } from "../app.js" */
/** @import { Followed } from "../models/followed.js" */
/** @import { ShownPerson } from "./names.js" */
/** @import { Go } from "./places.js" */
/** @import { ShownText } from "./shown.js" */

const PAGE = 50;
const UNREAD = 100;
const SEARCHED = 200; // replies among which the last one of another is looked for
const STORED = 50; // roots that are kept on this device

/**
 * @typedef {object} ShownThread
 * @property {string} conversation
 * @property {number} root
 * @property {string} where  the title of the conversation
 * @property {ShownPerson} person  who wrote it
 * @property {string} sender  the `user_id` of who wrote the root
 * @property {string} by  who wrote the root
 * @property {{text: string, names: ShownText["names"]} | null} said  null if it is deleted
 * @property {number} count
 * @property {string} last  who wrote the last reply
 * @property {string} when
 * @property {number} unread
 * @property {number} mentions
 * @property {boolean} silent
 * @property {boolean} alone  nobody else wrote the last replies, so none can be unread
 */

export class ThreadsView {
  #threads;
  #rows;
  /** The next page; null after the last one. @type {string | null | undefined} */
  #cursor;
  #asking = false;
  /** The keys of the threads that were followed at the last request. */
  #followed = new Set();
  /** What went wrong with the last request. @type {unknown} */
  #error = null;

  /** @param {App} app @param {{back: () => void, go: Go}} acts */
  constructor(app, acts) {
    this.app = app;
    this.acts = acts;
    this.#threads = new FollowedThreads(() => app.me.uid);
    this.list = h("ul", { class: "threads-list" });
    this.#rows = new KeyedList(this.list, (/** @type {ShownThread} */ shown) => this.#row(shown));
    this.note = h("div", { class: "threads-note" });
    this.more = h("button", { type: "button", on: { click: () => void this.#load() } }, t("search.more"));
    this.element = h(
      "section",
      { class: "threads-view", "aria-labelledby": "composer" },
      h(
        "header",
        { class: "bar" },
        iconButton("back", t("back"), acts.back, { class: "icon-button back" }),
        h("h1", { id: "composer", tabindex: -1 }, t("threads")), // the skip link leads here
      ),
      h("div", { class: "threads-body", tabindex: -1 }, this.list, this.note, this.more),
    );
    this.ends = [
      app.chat.on("event", (event) => this.#threads.apply(event)),
      app.chat.on("snapshot", () => this.#begin()),
      app.on("conversations", () => {
        this.#draw();
        if (this.#keys.some((key) => !this.#threads.has(key) && !this.#followed.has(key))) this.#begin();
      }),
      app.on("people", () => this.#draw()),
      app.on("status", () => app.chat.status.state === "online" && this.#begin()),
    ];
    void this.#open();
  }

  /** Whether this view shows the place. @param {string} place */
  show(place) {
    return place === THREADS;
  }

  focus() {
    /** @type {HTMLElement | null} */ (this.element.querySelector("h1"))?.focus();
  }

  get #keys() {
    return this.#threads.keys(this.app.chat.conversations.values());
  }

  /** Times are shown as seen from now. */
  refresh() {
    this.#draw();
  }

  /** Show what this device has, and ask the server. */
  async #open() {
    this.#draw();
    this.#threads.add((await this.app.database.get("state", "followed")) ?? []);
    this.#begin();
  }

  /** Load the list from its beginning. */
  #begin() {
    if (this.#asking) return;
    this.#cursor = undefined;
    void this.#load();
  }

  async #load() {
    const { app } = this;
    this.#asking = true;
    this.#error = null;
    this.#followed = new Set(this.#keys);
    this.#draw();
    try {
      const cursor = this.#cursor ?? null;
      const pages = [app.api.get("/threads", { limit: PAGE, cursor })];
      if (!cursor) pages.push(app.api.get("/threads", { unread: true, limit: UNREAD })); // they come first
      const [latest, unread] = await Promise.all(pages);
      const roots = [...latest.threads, ...(unread?.threads ?? [])].map(({ message }) => message);
      this.#threads.add(roots);
      this.#cursor = latest.cursor;
      if (!cursor) void app.database.put("state", "followed", roots.slice(0, STORED));
    } catch (error) {
      this.#error = error;
    }
    this.#asking = false;
    this.#draw();
  }

  #draw() {
    if (isPressed(this.element, () => this.#draw())) return;
    const { app } = this;
    const followed = this.#threads.in(app.chat.conversations.values());
    const back = this.list.contains(document.activeElement) ? remembered() : () => {};
    this.#rows.update(
      followed.map((one) => ({
        key: addressOf(one.state.conversation, null, one.thread.root),
        shown: this.#shown(one),
      })),
    );
    if (document.activeElement === document.body) back();
    this.more.hidden = this.#asking || !this.#cursor || this.#keys.every((key) => this.#threads.has(key));
    this.list.setAttribute("aria-busy", String(this.#asking));
    this.note.replaceChildren(...this.#notes(followed.length));
  }

  /** What stands below the list. @param {number} shown how many rows @returns {Node[]} */
  #notes(shown) {
    if (this.#error && !shown) return [trouble(sentence(this.#error), () => this.#begin())];
    if (shown) return [];
    if (this.#asking || this.#cursor === undefined) return skeleton(4);
    return [
      h("div", { class: "empty" }, h("p", {}, t("threads.none")), h("p", { class: "hint" }, t("threads.none.hint"))),
    ];
  }

  /** @param {Followed} followed @returns {ShownThread} */
  #shown({ state, thread, message: known }) {
    const { app } = this;
    const message = app.current(known);
    const { people = [], last_at = message.sent_at } = message.replies ?? {};
    const [last] = people;
    const person = authorOf(app, message);
    const name = (/** @type {string} */ uid, /** @type {string} */ user_id) =>
      uid === app.me.uid ? t("you") : called(app, uid, user_id);
    return {
      conversation: state.conversation,
      root: thread.root,
      where: titleOf(app, state),
      person,
      sender: message.sender,
      by: message.sender_uid === app.me.uid ? t("you") : labelOf(person),
      said: message.deleted ? null : { text: said(message), names: shownNames(message, namesIn(app).called) },
      count: thread.count,
      last: last ? name(last.uid, last.user_id) : "",
      when: short(new Date(last_at), new Date()),
      unread: thread.unread,
      mentions: thread.mentions,
      silent: isSilent(state),
      alone: people.every(({ uid }) => uid === app.me.uid),
    };
  }

  /** @param {ShownThread} shown */
  #row(shown) {
    const { conversation, root, said, unread, mentions } = shown;
    const href = addressOf(conversation, null, root);
    const open = (/** @type {MouseEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.acts.go(conversation, null, root);
    };
    const text = said
      ? h("span", { dir: direction(said.text) }, plain(said.text, textNames(said.names)))
      : h("span", {}, t("message.deleted"));
    const badges = [
      mentions > 0 &&
        h("span", { class: "badge named", role: "img", "aria-label": t("sidebar.mentions", { n: mentions }) }, "@"),
      unread > 0 && h("span", { class: shown.silent ? "badge quiet" : "badge" }, t("thread.new", { n: unread })),
    ];
    return h(
      "li",
      { class: unread ? "followed unread" : "followed" },
      h(
        "a",
        { href, on: { click: open } },
        avatar(shown.person.name, shown.sender, shown.person.face, shown.person),
        h(
          "span",
          { class: "about-thread" },
          h("span", { class: "first" }, h("span", { class: "where", dir: "auto" }, shown.where), ...badges),
          h("span", { class: "said" }, h("strong", {}, h("bdi", {}, shown.by), ": "), text),
          h(
            "span",
            { class: "last" },
            h("span", {}, t("thread.replies", { n: shown.count })),
            ...(shown.last ? [" · ", h("bdi", {}, shown.last), " ", h("time", {}, shown.when)] : []),
          ),
        ),
      ),
      unread
        ? iconButton("checks", t("thread.read"), () => this.#mark(shown, true))
        : iconButton("unread", t("thread.unread"), () => this.#mark(shown, false), { disabled: shown.alone }),
      iconButton("bellOff", t("thread.unfollow"), () => this.#tell(shown, { follow: false })),
    );
  }

  /**
   * Mark a thread as read, or the last reply of another in it as unread.
   * @param {ShownThread} shown @param {boolean} read
   */
  async #mark({ conversation, root }, read) {
    const threads = this.app.chat.conversations.get(conversation)?.threads ?? [];
    const last = threads.find((one) => one.root === root)?.thread_ordinal ?? 0;
    if (read) return this.#tell({ conversation, root }, { read_ordinal: last });
    const path = `/conversations/${encodeURIComponent(conversation)}/messages`;
    try {
      const { messages } = await this.app.api.get(path, { thread: root, limit: SEARCHED });
      const before = lastOfOthers(messages, this.app.me.uid) - 1;
      if (before >= 0) this.#tell({ conversation, root }, { read_ordinal: before, unread: true });
    } catch (error) {
      toast(sentence(error));
    }
    return undefined;
  }

  /** @param {{conversation: string, root: number}} thread @param {Record<string, unknown>} fields */
  #tell({ conversation, root }, fields) {
    void this.app.chat.command("thread", { conversation, seq: root, ...fields }).catch(() => {});
  }

  close() {
    for (const end of this.ends) end();
  }
}
