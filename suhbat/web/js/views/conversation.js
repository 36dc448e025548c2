// The open conversation: its header, the messages, the typing members and the composer.

import { t } from "../text/languages.js";
import { quiet } from "./banner.js";
import { Composer } from "./composer.js";
import { offersIn } from "./offers.js";
import { h, iconButton } from "./dom.js";
import { ConversationSource, hasThreads } from "../sources.js";
import { introOf } from "./intro.js";
import { levelButton } from "./levels.js";
import { called, handlesOf, otherOf, titleOf } from "./names.js";
import { presenceOf } from "./presence.js";
import { followUploads } from "./progress.js";
import { actsFor, factsFor } from "./row-parts.js";
import { TimelineView } from "./timeline.js";
import { later } from "./later.js";

/** @import { App } from "../app.js" */
/** @import { IntroActs } from "./intro.js" */
/** @import { Go } from "./places.js" */

export class ConversationView {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typingEnds;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #quietEnds;
  /** The connection for which the pins and the readers were asked. @type {object | null} */
  #asked = null;

  /**
   * @param {App} app
   * @param {string} conversation
   * @param {{back: () => void, details: () => void, search: () => void,
   *   go: Go, thread: (root: number, reply?: number | null) => void,
   *   ended: () => void, intro: IntroActs}} acts
   */
  constructor(app, conversation, acts) {
    this.app = app;
    this.conversation = conversation;
    this.acts = acts;
    this.title = h("h1", { dir: "auto" });
    this.about = h("p", { class: "about", dir: "auto" });
    this.typing = h("p", { class: "typing", "aria-live": "polite" });
    this.level = levelButton(app, conversation);
    const source = new ConversationSource(app, conversation);
    const intro = () => (this.state ? introOf(app, this.state) : null);
    const rowActs = actsFor(app, source, {
      reply: (message) => this.composer.reply(message),
      edit: (message) => this.composer.edit(message),
      rewrite: (written) => this.composer.rewrite(written),
      go: acts.go,
      jump: (seq) => acts.go(conversation, seq),
      ended: acts.ended,
      day: (anchor) => void later("day").then(({ dayMenu }) => dayMenu(app, conversation, anchor, acts.go)),
      thread: hasThreads(app, conversation) ? acts.thread : null,
      intro: acts.intro,
    });
    this.timeline = new TimelineView(app, source, () => factsFor(app, source), intro, rowActs, {
      label: t("timeline"),
      log: t("timeline.log"),
      none: null,
    });
    this.composer = new Composer(app, source, this.timeline, offersIn(app, conversation));
    this.element = h(
      "section",
      { class: "conversation-view" },
      h(
        "header",
        { class: "bar" },
        iconButton("back", t("back"), acts.back, { class: "icon-button back" }),
        h("div", { class: "titles" }, this.title, this.about),
        iconButton("search", `${t("search")} (Ctrl+Shift+F)`, acts.search, { class: "icon-button search-here" }),
        this.level.button,
        iconButton("info", t("details"), acts.details),
      ),
      this.timeline.element,
      this.typing,
      this.composer.element,
    );
    this.composer.receiveIn(this.element);
    this.ends = [
      followUploads(app),
      app.on("typing", (/** @type {string} */ name) => name === conversation && this.#typing()),
      app.on("about", (/** @type {any} */ event) => event.conversation === conversation && this.composer.refresh()),
      app.on("me", () => this.timeline.introduce()),
      app.on("status", () => {
        void this.#load();
        this.#offline();
      }),
      app.on("people", () => this.#named()),
      app.on("draft", (/** @type {string} */ name) => name === conversation && this.composer.refresh()),
    ];
    this.refresh();
  }

  get state() {
    return this.app.chat.conversations.get(this.conversation);
  }

  /** @param {number | null} seq */
  async open(seq) {
    await this.timeline.open(seq);
    this.#typing();
    await this.#load();
  }

  /** Load what no event repeats. After each time without a connection some of it was missed. */
  async #load() {
    const { status } = this.app.chat;
    if (status.state !== "online" || this.#asked === status) return;
    this.#asked = status;
    await Promise.all([this.#loadPins(), this.#loadReaders()]).catch(() => {}); // shown without pins or receipts
  }

  /** Without a connection, messages that wait are offered to be taken back, at the same time as the banner appears. */
  #offline() {
    clearTimeout(this.#quietEnds);
    const wait = quiet(this.app);
    this.timeline.refresh();
    if (wait > 0 && wait < Infinity) this.#quietEnds = setTimeout(() => this.timeline.refresh(), wait);
  }

  async #loadPins() {
    const { messages } = await this.app.api.get(`/conversations/${encodeURIComponent(this.conversation)}/pins`);
    const seqs = messages.map((/** @type {{seq: number}} */ message) => message.seq);
    if (seqs.length || this.timeline.timeline.pinned.size) this.timeline.timeline.setPinned(seqs);
  }

  async #loadReaders() {
    if (!this.state || this.state.kind === "lobby" || this.state.member_count > 40) return;
    const { members } = await this.app.api.get(`/conversations/${encodeURIComponent(this.conversation)}/members`);
    this.app.receipts.load(this.conversation, members);
    this.timeline.timeline.touch();
  }

  refresh() {
    const { state } = this;
    if (!state) return;
    const other = otherOf(this.app, state);
    this.title.textContent = titleOf(this.app, state);
    this.title.title = handlesOf(state);
    this.level.refresh();
    if (other) this.about.textContent = presenceOf(this.app, other) || t("bot");
    else if (state.kind === "lobby")
      this.about.textContent = t("lobby.here", {
        n: [...this.app.chat.presence.values()].filter((one) => one.state === "online").length,
      });
    else this.about.textContent = state.topic || t("members", { n: state.member_count });
    this.composer.refresh();
    this.timeline.introduce();
  }

  /** Names came or changed. */
  #named() {
    this.refresh();
    this.#typing();
    this.timeline.refresh();
  }

  #typing() {
    clearTimeout(this.#typingEnds);
    const { people, again } = this.app.typing.in(this.conversation);
    const names = people.slice(0, 4).map(({ uid, user_id }) => called(this.app, uid, user_id));
    this.typing.textContent = !names.length
      ? ""
      : names.length > 3
        ? t("typing.many")
        : t("typing", { names, n: names.length });
    if (again !== null) this.#typingEnds = setTimeout(() => this.#typing(), again + 20);
  }

  close() {
    clearTimeout(this.#typingEnds);
    clearTimeout(this.#quietEnds);
    for (const end of this.ends) end();
    this.timeline.close();
    this.composer.close();
  }
}
