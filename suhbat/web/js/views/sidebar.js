// The sidebar: the conversations, the newest first, with their unread counts, and the user's own name.

import { plain } from "../text/markdown.js";
import { t } from "../text/languages.js";
import { short } from "../text/time.js";
import { preferences } from "../storage/preferences.js";
import { avatar, h, icon, iconButton } from "./dom.js";
import { InvitationList } from "./invitations.js";
import { KeyedList } from "./keyed-list.js";
import { isHere, otherOf, sorted, titleOf } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState } from "../sdk/types.js" */

/**
 * The data of a conversation in the list.
 * @typedef {object} Entry
 * @property {string} conversation
 * @property {string} title
 * @property {string | null} uid  of the other person in a direct; it sets the colour
 * @property {"people" | "hash" | "lock" | null} icon  null for a direct
 * @property {boolean} here  the other person is online
 * @property {boolean} current
 * @property {boolean} silent
 * @property {string} draft
 * @property {{by: string | null, text: string, deleted: boolean, at: string} | null} last  the newest message
 * @property {number} unread
 * @property {number} mentions
 * @property {boolean} failed  a message could not be sent
 */

export class Sidebar {
  #entries;

  /**
   * @param {App} app
   * @param {{open: (conversation: string) => void, search: () => void, add: (anchor: Element) => void,
   *   settings: () => void, switcher: () => void}} acts
   */
  constructor(app, acts) {
    this.app = app;
    this.acts = acts;
    /** @type {string | null} */
    this.open = null;
    this.list = h("ul", { class: "conversations" });
    this.#entries = new KeyedList(this.list, item);
    this.invitations = new InvitationList(app, acts.open);
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
    this.#entries.update(states.map((state) => ({ key: state.conversation, shown: this.#entry(state) })));
  }

  /** @param {ConversationState} state @returns {Entry} */
  #entry(state) {
    const { app } = this;
    const { conversation, kind, last_message } = state;
    const last = last_message && app.current(last_message);
    const current = this.open === conversation;
    const other = otherOf(app, state);
    const by = last && (last.sender_uid === app.me.uid ? t("you") : last.sender);
    return {
      conversation,
      title: titleOf(state),
      uid: kind === "direct" ? (other?.uid ?? conversation) : null,
      icon: kind === "direct" ? null : kind === "lobby" ? "people" : state.visibility === "public" ? "hash" : "lock",
      here: isHere(app, other?.uid),
      current,
      silent: preferences().silent.includes(conversation),
      draft: current ? "" : app.drafts.of(conversation).text,
      last: last && {
        by: kind === "direct" ? null : by,
        text: last.text,
        deleted: last.deleted,
        at: short(new Date(last.sent_at), new Date()),
      },
      unread: state.unread,
      mentions: state.mentions,
      failed: app.pending.in(conversation).some((one) => one.error) || app.changes.failed(conversation),
    };
  }

  /** The id of the nearest conversation up or down, or null. @param {1 | -1} step @param {boolean} unreadOnly */
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

/** @param {Entry} entry */
function item(entry) {
  const { title, last, unread, mentions } = entry;
  const picture = entry.icon
    ? h("span", { class: "avatar room", "aria-hidden": "true" }, icon(entry.icon))
    : avatar(title, entry.uid ?? "");
  if (entry.here) picture.classList.add("here");
  const first = h(
    "span",
    { class: "first" },
    h("strong", { dir: "auto" }, title),
    entry.silent && icon("muted"),
    last && h("time", {}, last.at),
  );
  const second = h(
    "span",
    { class: "second" },
    h("span", { class: "preview", dir: "auto" }, ...preview(entry)),
    entry.failed && h("span", { class: "badge failed", title: t("message.failed") }, "!"),
    mentions > 0 && h("span", { class: "badge named", "aria-label": t("sidebar.mentions", { n: mentions }) }, "@"),
    unread > 0 &&
      h(
        "span",
        { class: "badge", "aria-label": t("sidebar.unread", { n: unread }) },
        unread > 999 ? "999+" : String(unread),
      ),
  );
  const link = h(
    "a",
    {
      href: `#/c/${encodeURIComponent(entry.conversation)}`,
      "aria-current": entry.current ? "page" : null,
      class: unread ? "conversation unread" : "conversation",
    },
    picture,
    h("span", { class: "names" }, first, second),
  );
  return h("li", {}, link);
}

/** The draft, or else the last message. @param {Entry} entry */
function preview({ draft, last }) {
  if (draft) return [h("em", {}, t("sidebar.draft")), " ", plain(draft)];
  if (!last) return [];
  return [last.by !== null && `${last.by}: `, last.deleted ? t("message.deleted") : plain(last.text)];
}
