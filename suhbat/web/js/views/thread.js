// The open thread beside the conversation, and on a phone over it: its root, the replies and a composer of its own.

import { direction } from "../text/direction.js";
import { t } from "../text/languages.js";
import { ThreadSource } from "../sources.js";
import { Composer } from "./composer.js";
import { toast } from "./dialog.js";
import { h, iconButton, set } from "./dom.js";
import { titleOf } from "./names.js";
import { offersIn } from "./offers.js";
import { paneTitle } from "./panel.js";
import { actsFor, factsFor } from "./row-parts.js";
import { TimelineView } from "./timeline.js";

/** @import { App } from "../app.js" */
/** @import { IntroActs } from "./intro.js" */
/** @import { Go } from "./places.js" */

export class ThreadView {
  /**
   * @param {App} app
   * @param {string} conversation
   * @param {number} root
   * @param {{close: () => void, go: Go, jump: (seq: number) => void,
   *   ended: () => void, intro: IntroActs}} acts `jump` goes to a reply; `ended`: the user went from it to the newest
   *   one
   */
  constructor(app, conversation, root, acts) {
    this.app = app;
    this.conversation = conversation;
    this.root = root;
    const source = (this.source = new ThreadSource(app, conversation, root));
    const rowActs = actsFor(app, source, {
      reply: (message) => this.composer.reply(message),
      edit: (message) => this.composer.edit(message),
      rewrite: (written) => this.composer.rewrite(written),
      go: acts.go,
      jump: acts.jump,
      ended: acts.ended,
      day: null,
      thread: null,
      intro: acts.intro,
    });
    this.timeline = new TimelineView(
      app,
      source,
      () => factsFor(app, source),
      () => null,
      rowActs,
      {
        label: t("thread.messages"),
        log: t("thread.log"),
        none: () => {
          toast(t("message.gone"));
          acts.close();
        },
      },
    );
    this.composer = new Composer(app, source, this.timeline, offersIn(app, conversation));
    this.where = h("p", { class: "about", dir: "auto" });
    this.follow = iconButton("bell", "", () => void this.#follow(), { class: "icon-button follow" });
    this.element = h(
      "aside",
      { class: "panel thread", "aria-label": t("thread") },
      h(
        "header",
        { class: "bar" },
        iconButton("back", t("back"), acts.close, { class: "icon-button back" }),
        h("div", { class: "titles" }, paneTitle(t("thread")), this.where),
        this.follow,
        iconButton("close", t("close"), acts.close, { class: "icon-button leave" }),
      ),
      this.timeline.element,
      this.composer.element,
    );
    this.composer.receiveIn(this.element);
    const here = (/** @type {string} */ name) => this.source.is(name) && this.refresh();
    this.ends = [
      app.on("about", (/** @type {any} */ event) => here(event.conversation)),
      app.on("conversations", (/** @type {string | null} */ name) => (name === null ? this.refresh() : here(name))),
      app.on("draft", here),
      app.on("timeline", (/** @type {string} */ name) => name === source.key && this.refresh()),
      app.on("status", () => this.timeline.refresh()),
      app.on("people", () => {
        this.refresh();
        this.timeline.refresh();
      }),
    ];
    this.refresh();
  }

  /** Show the thread at a reply, at the first unread one, or at the end. @param {number | null} reply */
  open(reply) {
    return this.timeline.open(reply);
  }

  refresh() {
    const { state, followed } = this.source;
    if (state) this.where.textContent = titleOf(this.app, state);
    this.where.dir = direction(this.where.textContent ?? "") ?? "auto";
    const label = t(followed ? "thread.unfollow" : "thread.follow");
    set(this.follow, { "aria-label": label, title: label });
    this.follow.classList.toggle("following", followed !== null);
    // Nobody can follow a thread that has not begun.
    this.follow.hidden = !followed && !this.source.timeline.root?.replies;
    this.composer.refresh();
  }

  async #follow() {
    await this.source.follow(!this.source.followed).catch(() => {});
  }

  close() {
    for (const end of this.ends) end();
    this.timeline.close();
    this.composer.close();
  }
}
