// The conversations, the latest first, with what is unread; and who one is oneself.

import { plain } from "../text/markdown.js";
import { t } from "../text/languages.js";
import { short } from "../text/time.js";
import { preferences } from "../storage/preferences.js";
import { avatar, h, icon, iconButton, keyed } from "./dom.js";
import { Invitations } from "./invitations.js";
import { isHere, otherOf, sorted, titleOf } from "./names.js";

/** @typedef {import("../sdk/types.js").ConversationState} State */

export class Sidebar {
  #shown = new Map();

  /**
   * @param {import("../app.js").App} app
   * @param {{open: (conversation: string) => void, search: () => void, add: (anchor: Element) => void,
   *   settings: () => void, switcher: () => void}} acts
   */
  constructor(app, acts) {
    this.app = app;
    this.acts = acts;
    /** @type {string | null} */
    this.open = null;
    this.list = h("ul", { class: "conversations" });
    this.invitations = new Invitations(app, acts.open);
    this.me = h("button", { type: "button", class: "me", on: { click: acts.settings } });
    this.element = h(
      "nav",
      { class: "sidebar", "aria-label": t("conversations") },
      h(
        "header",
        { class: "bar" },
        h("h1", {}, "Suhbat"),
        iconButton("search", `${t("switcher")} (Ctrl+K)`, acts.switcher),
        iconButton("add", t("add"), (event) => acts.add(/** @type {Element} */ (event.currentTarget)), {
          "aria-haspopup": "menu",
        }),
      ),
      h("div", { class: "lists" }, this.invitations.element, this.list),
      h("footer", {}, this.me, iconButton("settings", t("settings"), acts.settings)),
    );
    this.refresh();
  }

  refresh() {
    const { app } = this;
    this.me.replaceChildren(
      avatar(app.me.user_id, app.me.uid),
      h(
        "span",
        { class: "names" },
        h("strong", { dir: "auto" }, app.me.display_name ?? app.me.user_id),
        h("small", {}, app.me.kind === "guest" ? t("guest") : `@${app.me.user_id}`),
      ),
    );
    const states = sorted([...app.chat.conversations.values()]);
    const shown = new Map();
    const make = (/** @type {State} */ state) => {
      shown.set(state.conversation, this.#signature(state));
      return this.#item(state);
    };
    keyed(
      this.list,
      states,
      (state) => state.conversation,
      make,
      (element, state) => {
        if (this.#shown.get(state.conversation) !== this.#signature(state)) return make(state);
        shown.set(state.conversation, this.#signature(state));
        return element;
      },
    );
    this.#shown = shown;
  }

  /** @param {State} state */
  #signature(state) {
    const other = otherOf(this.app, state);
    return [
      titleOf(state),
      state.unread,
      state.mentions,
      state.last_message?.seq,
      state.last_message?.text,
      state.archived,
      isHere(this.app, other?.uid),
      this.open === state.conversation,
      preferences().silent.includes(state.conversation),
      this.app.drafts.of(state.conversation).text,
      this.app.pending.in(state.conversation).some((one) => one.error),
    ].join("|");
  }

  /** @param {State} state */
  #item(state) {
    const { conversation, unread, mentions, last_message: last } = state;
    const title = titleOf(state);
    const current = this.open === conversation;
    const draft = current ? "" : this.app.drafts.of(conversation).text;
    const other = otherOf(this.app, state);
    const failed = this.app.pending.in(conversation).some((one) => one.error);
    const picture =
      state.kind === "direct"
        ? avatar(title, other?.uid ?? conversation)
        : h(
            "span",
            { class: "avatar room", "aria-hidden": "true" },
            icon(state.kind === "lobby" ? "people" : state.visibility === "public" ? "hash" : "lock"),
          );
    if (isHere(this.app, other?.uid)) picture.classList.add("here");
    const text = draft
      ? [h("em", {}, t("sidebar.draft")), " ", plain(draft)]
      : last
        ? [
            state.kind !== "direct" && `${last.sender_uid === this.app.me.uid ? t("you") : last.sender}: `,
            last.deleted ? t("message.deleted") : plain(last.text),
          ]
        : [];
    const link = h(
      "a",
      {
        href: `#/c/${encodeURIComponent(conversation)}`,
        "aria-current": current ? "page" : null,
        class: unread ? "conversation unread" : "conversation",
      },
      picture,
      h(
        "span",
        { class: "names" },
        h(
          "span",
          { class: "first" },
          h("strong", { dir: "auto" }, title),
          preferences().silent.includes(conversation) && icon("muted"),
          last && h("time", {}, short(new Date(last.sent_at), new Date())),
        ),
        h(
          "span",
          { class: "second" },
          h("span", { class: "preview", dir: "auto" }, ...text),
          failed && h("span", { class: "badge failed", title: t("message.failed") }, "!"),
          mentions > 0 &&
            h("span", { class: "badge named", "aria-label": t("sidebar.mentions", { n: mentions }) }, "@"),
          unread > 0 &&
            h(
              "span",
              { class: "badge", "aria-label": t("sidebar.unread", { n: unread }) },
              unread > 999 ? "999+" : String(unread),
            ),
        ),
      ),
    );
    return h("li", {}, link);
  }

  /** The next conversation up or down. @param {1 | -1} step @param {boolean} unreadOnly */
  neighbour(step, unreadOnly) {
    const states = sorted([...this.app.chat.conversations.values()]);
    const at = states.findIndex((state) => state.conversation === this.open);
    for (let away = 1; away <= states.length; away += 1) {
      const state = states[(at + step * away + states.length * 2) % states.length];
      if (!unreadOnly || state.unread) return state.conversation;
    }
    return null;
  }
}
