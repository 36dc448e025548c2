// The sidebar: the conversations in sections, each with the newest first, and the user's own name.

import { mentionsIn } from "../models/asking.js";
import { unreadThreads } from "../models/followed.js";
import { isSilent } from "../models/levels.js";
import { isUnread, asking, neighbour, sections, SECTIONS, steady, unfolded } from "../models/sections.js";
import { said } from "../text/said.js";
import { t } from "../text/languages.js";
import { short } from "../text/time.js";
import { prefer, preferences } from "../storage/preferences.js";
import { avatar } from "./avatar.js";
import { h, icon, iconButton, nameNode } from "./dom.js";
import { firstSteps, stepList } from "./first-steps.js";
import { remembered } from "./focus.js";
import { INBOX, SAVED, THREADS } from "./places.js";
import { InvitationList } from "./invitations.js";
import { ListSection } from "./list-section.js";
import { skeleton } from "./loading.js";
import { faceIn, handlesOf, isHere, markOf, namesIn, otherOf, personOf, titleOf, writtenBy } from "./names.js";
import { ReadAll } from "./read-all.js";
import { isPressed } from "./pressing.js";
import { moderatesServer } from "./rights.js";
import { shownNames } from "./shown.js";

/** @import { App } from "../app.js" */
/** @import { Layout, Listed, Section } from "../models/sections.js" */
/** @import { ConversationState } from "../sdk/types.js" */
/** @import { Entry } from "./conversation-row.js" */
/** @import { StepActs } from "./first-steps.js" */

const RESTS_MS = 3000; // after which a pointer that does not move in the list no longer holds it

export class Sidebar {
  /** The open conversation, and whether it was unread then. @type {{conversation: string, unread: boolean} | null} */
  #open = null;
  /** @type {Layout} */
  #layout = [];
  /** While the pointer moves in the list. @type {ReturnType<typeof setTimeout> | undefined} */
  #pointing;
  #sections;

  /**
   * @param {App} app
   * @param {{open: (conversation: string) => void, search: () => void, add: (anchor: Element) => void,
   *   steps: StepActs, settings: () => void, moderate: () => void, switcher: () => void}} acts
   */
  constructor(app, acts) {
    this.app = app;
    this.acts = acts;
    const readAll = new ReadAll(app);
    this.#sections = SECTIONS.map(
      (name) => new ListSection(name, () => this.#fold(name), name === "unread" && readAll.element),
    );
    this.invitations = new InvitationList(app, acts.open);
    this.me = h("button", { type: "button", class: "me", on: { click: acts.settings } });
    this.settings = iconButton("settings", t("settings"), acts.settings);
    this.moderation = iconButton("shield", t("moderation"), acts.moderate);
    /** Until the first list comes. */
    this.loading = h("div", { class: "conversations", "aria-busy": "true" }, ...skeleton(6));
    /** On a phone, where no conversation is open at the start. */
    this.steps = h("div", { class: "list-steps" });
    this.filter = iconButton("filter", t("sidebar.unread.only"), () => this.#filter());
    this.nothing = h(
      "div",
      { class: "empty", hidden: true },
      h("p", {}, t("sidebar.unread.none")),
      h("button", { type: "button", on: { click: () => this.#filter() } }, t("sidebar.unread.all")),
    );
    this.threadCount = h("span", { class: "badge" });
    this.threadMentions = h("span", { class: "badge named", role: "img" }, "@");
    this.threads = h(
      "a",
      { href: THREADS, class: "to-threads", hidden: true },
      icon("thread"),
      h("span", {}, t("threads")),
      this.threadMentions,
      this.threadCount,
    );
    this.inboxMentions = h("span", { class: "badge named" });
    this.inbox = h(
      "a",
      { href: INBOX, class: "to-inbox" },
      icon("inbox"),
      h("span", {}, t("inbox")),
      this.inboxMentions,
    );
    const lists = (this.lists = h(
      "div",
      { class: "lists" },
      this.inbox,
      this.threads,
      this.invitations.element,
      this.loading,
      ...this.#sections.map(({ element }) => element),
      this.nothing,
      this.steps,
    ));
    lists.addEventListener("pointermove", (event) => event.pointerType === "mouse" && this.#hold());
    lists.addEventListener("pointerleave", () => this.#release());
    this.element = h(
      "nav",
      { class: "sidebar", "aria-label": t("conversations") },
      h(
        "header",
        { class: "bar" },
        h("h1", {}, "Suhbat"),
        this.filter,
        iconButton("search", `${t("search")} (Ctrl+Shift+F)`, acts.search),
        iconButton("add", t("add"), (event) => acts.add(/** @type {Element} */ (event.currentTarget)), {
          "aria-haspopup": "menu",
        }),
      ),
      h(
        "button",
        { type: "button", class: "go-to", title: "Ctrl+K", on: { click: acts.switcher } },
        icon("goto"),
        h("span", {}, t("switcher")),
        h("kbd", { "aria-hidden": "true" }, "Ctrl K"),
      ),
      lists,
      h("footer", {}, this.me, this.settings),
    );
    this.refresh();
  }

  /** The id of the open conversation. */
  get open() {
    return this.#open?.conversation ?? null;
  }

  /** Another conversation is open, or none: the one before takes its place in the list. @param {string | null} id */
  set open(id) {
    if (id === this.open) return;
    const state = id === null ? undefined : this.app.chat.conversations.get(id);
    this.#open = id === null ? null : { conversation: id, unread: Boolean(state) && isUnread(listed(state)) };
  }

  /** Scroll to the open conversation, if it is not in view. */
  reveal() {
    this.lists.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  refresh() {
    if (isPressed(this.element, () => this.refresh())) return;
    const { app } = this;
    const me = personOf(app, app.me.uid, app.me.user_id);
    this.me.replaceChildren(
      avatar(me.name, app.me.user_id, me.face),
      h(
        "span",
        { class: "names" },
        nameNode({ ...me, handle: null }, app.me.user_id),
        h("small", {}, `@${app.me.user_id}`),
      ),
    );
    if (moderatesServer(app)) this.settings.before(this.moderation);
    else this.moderation.remove();
    this.#drawSteps();
    this.#drawThreads();
    this.#drawInbox();
    this.loading.hidden = app.chat.conversations.size > 0;
    const { unreadOnly } = preferences();
    this.filter.setAttribute("aria-pressed", String(unreadOnly));
    const wanted = sections([...app.chat.conversations.values()].map(listed), { open: this.#open, unreadOnly });
    this.#layout = this.#pointing === undefined ? wanted : steady(this.#layout, wanted);
    const back = this.element.contains(document.activeElement) ? remembered() : () => {};
    for (const section of this.#sections) this.#draw(section);
    if (document.activeElement === document.body) back(); // a row with the focus was drawn again
    this.nothing.hidden = !unreadOnly || this.#layout.length > 0 || app.chat.conversations.size === 0;
  }

  /** @param {ListSection} section */
  #draw(section) {
    const ids = this.#layout.find(({ name }) => name === section.name)?.ids ?? [];
    const folded = preferences().folded.includes(section.name);
    const entries = unfolded(ids, folded, this.open).flatMap((id) => {
      const state = this.app.chat.conversations.get(id);
      return state ? [this.#entry(state)] : [];
    });
    section.update(entries, ids.length, folded);
  }

  /** Who follows no thread needs no list of them. */
  #drawThreads() {
    const states = [...this.app.chat.conversations.values()];
    const here = location.hash === THREADS;
    const { threads, mentions } = unreadThreads(states);
    this.threads.hidden = !here && !states.some((state) => state.threads?.length);
    this.threads.classList.toggle("unread", threads > 0);
    this.threadCount.hidden = !threads;
    this.threadMentions.hidden = !mentions;
    this.threadMentions.setAttribute("aria-label", t("sidebar.mentions", { n: mentions }));
    if (here) this.threads.setAttribute("aria-current", "page");
    else this.threads.removeAttribute("aria-current");
    this.threadCount.textContent = String(threads);
    this.threadCount.setAttribute("aria-label", t("threads.unread", { n: threads }));
  }

  #drawInbox() {
    const states = [...this.app.chat.conversations.values()];
    const mentions = mentionsIn(states);
    this.inbox.classList.toggle("unread", mentions > 0);
    this.inboxMentions.hidden = !mentions;
    this.inboxMentions.textContent = `@ ${mentions}`;
    this.inboxMentions.setAttribute("aria-label", t("sidebar.mentions", { n: mentions }));
    if ([INBOX, SAVED].includes(location.hash)) this.inbox.setAttribute("aria-current", "page");
    else this.inbox.removeAttribute("aria-current");
  }

  #drawSteps() {
    const steps = firstSteps(this.app);
    const drawn = JSON.stringify(steps);
    if (this.steps.dataset.drawn === drawn) return;
    this.steps.dataset.drawn = drawn;
    this.steps.replaceChildren(steps ? stepList(steps, this.acts.steps) : "");
  }

  /** @param {ConversationState} state @returns {Entry} */
  #entry(state) {
    const { app } = this;
    const { conversation, kind, last_message } = state;
    const last = last_message && app.current(last_message);
    const current = this.open === conversation;
    const other = otherOf(app, state);
    const by = last && (last.sender_uid === app.me.uid ? t("you") : writtenBy(app, last));
    const names = namesIn(app);
    return {
      conversation,
      title: titleOf(app, state),
      pictured: other ? personOf(app, other.uid, other.user_id).name : titleOf(app, state),
      handles: handlesOf(state),
      colour: state.title,
      face: faceIn(app, state),
      mark: markOf(other?.kind),
      icon: kind === "direct" ? null : kind === "lobby" ? "people" : state.visibility === "public" ? "hash" : "lock",
      here: isHere(app, other?.uid),
      current,
      silent: isSilent(state),
      draft: current ? "" : app.drafts.of(conversation).text,
      last: last && {
        by: kind === "direct" && state.member_count <= 2 ? null : by,
        text: said(last),
        names: shownNames(last, names.called),
        deleted: last.deleted,
        at: short(new Date(last.sent_at), new Date()),
      },
      unread: state.unread,
      mentions: state.mentions,
      asks: isUnread(listed(state)),
      failed: app.pending.in(conversation).some((one) => one.error) || app.changes.failed(conversation),
    };
  }

  /** While the pointer moves in the list, nothing moves away from under it. */
  #hold() {
    clearTimeout(this.#pointing);
    this.#pointing = setTimeout(() => this.#release(), RESTS_MS);
  }

  #release() {
    if (this.#pointing === undefined) return;
    clearTimeout(this.#pointing);
    this.#pointing = undefined;
    this.refresh();
  }

  #filter() {
    this.#release();
    prefer({ unreadOnly: !preferences().unreadOnly }); // which draws the list
    this.lists.scrollTop = 0;
  }

  /** @param {Section} name */
  #fold(name) {
    const { folded } = preferences();
    prefer({ folded: folded.includes(name) ? folded.filter((one) => one !== name) : [...folded, name] });
  }

  /**
   * The id of the nearest conversation up or down in the list, or null.
   * @param {string | null} from the id of a conversation @param {1 | -1} step @param {boolean} unreadOnly
   */
  neighbour(from, step, unreadOnly) {
    const { conversations } = this.app.chat;
    const asks = (/** @type {string} */ id) => asking(listed(conversations.get(id))) > 0;
    const ids = this.#layout.flatMap((section) => section.ids);
    return neighbour(ids, from, step, (id) => !unreadOnly || asks(id));
  }
}

/** @param {ConversationState | undefined} state @returns {Listed} */
function listed(state) {
  return {
    conversation: state?.conversation ?? "",
    direct: state?.kind === "direct",
    silent: state ? isSilent(state) : false,
    unread: state?.unread ?? 0,
    mentions: state?.mentions ?? 0,
    at: state?.last_message?.sent_at ?? "",
  };
}
