// The actions on a message: react, reply, forward, edit, pin, copy, delete (with an undo period), report, see who has
// read it.

import { said } from "../text/said.js";
import { chosen } from "../models/changes.js";
import { DoubleClick } from "../models/double-click.js";
import { toneless } from "../models/quick.js";
import { noteReaction } from "../storage/used.js";
import { t } from "../text/languages.js";
import { copy } from "./clipboard.js";
import { confirm, dialog, menu, toast } from "./dialog.js";
import { download } from "./download.js";
import { h } from "./dom.js";
import { field, form, sentence } from "./form.js";
import { later } from "./later.js";
import { called, namesIn, writtenBy } from "./names.js";
import { addressOf } from "./places.js";
import { moderatesIn, pins } from "./rights.js";

/** @import { App } from "../app.js" */
/** @import { Message } from "../sdk/types.js" */
/** @import { ConversationSource, ThreadSource } from "../sources.js" */
/** @import { MenuItem } from "./dialog.js" */

const UNDO_SECONDS = 5;
const UNDO_BY_KEYBOARD_SECONDS = 15;

/**
 * The actions on the messages of a conversation or a thread. A message is identified by its `seq`.
 * @param {App} app
 * @param {ConversationSource | ThreadSource} source
 * @param {{reply: (message: Message) => void, edit: (message: Message) => void, go: (conversation: string) => void,
 *   thread: ((root: number) => void) | null}} acts `thread` opens the thread below a message
 */
export function actionsFor(app, source, acts) {
  const { conversation, timeline } = source;
  const clicks = new DoubleClick();
  /** A message as it is shown. @param {number} seq */
  const find = (seq) => {
    const found = timeline.find(seq);
    return found ? app.current(found) : null;
  };

  return { react, reacted, chosen: chosenOn, pickReaction, reply, forward, more, press, push };

  /** @param {number} seq @param {string} emoji @param {number} [at] when it was chosen, as `Event.timeStamp` */
  function react(seq, emoji, at = performance.now()) {
    const message = find(seq);
    // A double click does not take the reaction back.
    if (!message || clicks.again(`${seq} ${toneless(emoji)}`, at)) return;
    const on = !chosen(message, emoji, app.me.uid);
    if (on) noteReaction(emoji);
    app.change(conversation, seq, { type: "react", emoji, on });
  }

  /** The emoji with which the user has reacted. @param {number} seq */
  function chosenOn(seq) {
    const message = find(seq);
    if (!message) return [];
    return message.reactions.map(({ emoji }) => emoji).filter((emoji) => chosen(message, emoji, app.me.uid));
  }

  /** @param {number} seq @param {string} emoji @param {Element} anchor */
  function reacted(seq, emoji, anchor) {
    void later("reacted").then(({ showReacted }) => showReacted(app, conversation, seq, emoji, anchor));
  }

  /** @param {number} seq @param {Element} anchor */
  function pickReaction(seq, anchor) {
    void later("emoji").then(({ pickEmoji }) => pickEmoji(anchor, (emoji) => react(seq, emoji)));
  }

  /**
   * Press a button of a bot's message. Resolves when the bot was told, or an error shown.
   * @param {number} seq @param {string} id
   */
  async function push(seq, id) {
    const path = `/conversations/${encodeURIComponent(conversation)}/messages/${seq}/actions/${encodeURIComponent(id)}`;
    await app.api.post(path, {}).catch((/** @type {unknown} */ error) => toast(sentence(error)));
  }

  /** @param {number} seq */
  function reply(seq) {
    const message = find(seq);
    if (message) acts.reply(message);
  }

  /** @param {number} seq @param {Element} anchor */
  function more(seq, anchor) {
    const message = find(seq);
    if (message) menu(anchor, items(message, anchor));
  }

  /**
   * A long press on a message, or on a reaction, a link or something else in it.
   * @param {number} seq @param {HTMLElement} row @param {Element} target
   */
  function press(seq, row, target) {
    const message = find(seq);
    if (!message) return;
    const chip = /** @type {HTMLElement | null} */ (target.closest(".reaction[data-emoji]"));
    if (chip) return reacted(seq, chip.dataset.emoji ?? "", chip);
    const href = /** @type {HTMLAnchorElement | null} */ (target.closest(".text a"))?.href;
    const file = /** @type {HTMLElement | null} */ (target.closest("[data-file]"))?.dataset.file;
    /** @type {MenuItem} */
    const answer = { label: t("message.reply"), icon: "reply", act: () => acts.reply(message) };
    void later("sheet").then(({ messageSheet }) =>
      messageSheet(row, {
        name: writtenBy(app, message),
        text: said(message),
        names: namesIn(app),
        chosen: chosenOn(seq),
        react: (emoji, at) => react(seq, emoji, at),
        pick: () => pickReaction(seq, row),
        items: [answer, ...items(message, row, { href, file })],
      }),
    );
  }

  /**
   * What one can do with a message in its menu.
   * @param {Message} message @param {Element} anchor
   * @param {{href?: string, file?: string}} [under] the link and the file under the finger
   */
  function items(message, anchor, { href, file } = {}) {
    const { seq } = message;
    const mine = message.sender_uid === app.me.uid;
    const state = app.chat.conversations.get(conversation);
    const moderates = moderatesIn(app, state);
    const pinned = app.changes.pinned(conversation, seq) ?? app.timeline(conversation).pinned.has(seq);
    const readers = mine ? source.readers(message) : [];
    /** @type {MenuItem[]} */
    const items = [];
    const { thread } = acts;
    if (thread) items.push({ label: t("thread.reply"), icon: "thread", act: () => thread(seq) });
    items.push({ label: t("message.forward"), icon: "forward", act: () => forward(seq) });
    if (message.text) items.push({ label: t("message.copy"), icon: "copy", act: () => copied(message.text) });
    if (href) items.push({ label: t("message.copy.address"), icon: "link", act: () => copied(href) });
    items.push({ label: t("message.link"), icon: "link", act: () => link(message) });
    const { files = [] } = message;
    const loaded = files.length === 1 ? files[0] : files.find(({ id }) => id === file);
    if (loaded) items.push({ label: t("file.download"), icon: "load", act: () => download(app, loaded) });
    if (mine) items.push({ label: t("message.edit"), icon: "edit", act: () => acts.edit(message) });
    if (pins(app, state)) {
      items.push({
        label: t(pinned ? "message.unpin" : "message.pin"),
        icon: "pin",
        act: () => app.change(conversation, seq, { type: "pin", on: !pinned }),
      });
    }
    if (isUnreadable(message)) items.push({ label: t("message.unread"), icon: "unread", act: () => unread(message) });
    const kept = app.saved.has(conversation, seq);
    items.push({ label: t(kept ? "message.unsave" : "message.save"), icon: "bookmark", act: () => save(seq, !kept) });
    if (readers.length) {
      const label = t("message.readers", { n: readers.length });
      const names = readers.map(({ uid, user_id }) => called(app, uid, user_id));
      const act = () => void later("reacted").then(({ showNames }) => showNames(label, names, anchor));
      items.push({ label, icon: "checks", act });
    }
    if (!mine) items.push({ label: t("message.report"), icon: "flag", act: () => report(message) });
    if (mine || moderates)
      items.push({ label: t("message.delete"), icon: "trash", danger: true, act: () => void remove(message, mine) });
    return items;
  }

  /** Whether a message can be the first unread one: not the root above its thread. @param {Message} message */
  function isUnreadable({ thread }) {
    return source.thread === null ? thread === undefined : thread !== undefined && source.state !== undefined;
  }

  /** @param {Message} message */
  function unread(message) {
    void source.unread(message).catch((/** @type {unknown} */ error) => toast(sentence(error)));
  }

  /** @param {number} seq @param {boolean} on */
  function save(seq, on) {
    const done = () => toast(t(on ? "message.saved" : "message.unsaved"), null, { seconds: 3 });
    void app.chat.command("save", { conversation, seq, on }).then(done, (error) => toast(sentence(error)));
  }

  /** @param {number} seq */
  function forward(seq) {
    void later("forward").then((view) => view.forward(app, () => find(seq), acts.go));
  }

  /** @param {string} text */
  function copied(text) {
    void copy(text);
    toast(t("message.copied"), null, { seconds: 3 });
  }

  /** @param {Message} message */
  function link(message) {
    const url = new URL(location.href);
    url.hash = addressOf(conversation, message.seq, message.thread);
    void copy(url.href);
    toast(t("message.linked"), null, { seconds: 3 });
  }

  /**
   * The user's own message is deleted after an undo period; the message of another user after a confirmation.
   * @param {Message} message @param {boolean} mine
   */
  async function remove(message, mine) {
    const go = () => {
      app.change(conversation, message.seq, { type: "delete" });
      timeline.leave(message.seq, false);
    };
    if (!mine) {
      const name = writtenBy(app, message);
      if (await confirm(t("message.delete"), t("message.delete.ask", { name }), t("message.delete"))) go();
      return;
    }
    timeline.leave(message.seq, true);
    const back = () => timeline.leave(message.seq, false);
    // Who works with the keyboard finds the button under the focus, and has more time. Ctrl+Z presses it too.
    const focus = Boolean(document.activeElement?.matches(":focus-visible"));
    const seconds = focus ? UNDO_BY_KEYBOARD_SECONDS : UNDO_SECONDS;
    // If the page is closed during the undo period, the message is deleted at once, because the user asked for that.
    const end = toast(t("message.deleting"), { label: t("undo"), act: back }, { seconds, focus, ongone: go });
    addEventListener("pagehide", end, { once: true });
  }

  /** @param {Message} message */
  function report(message) {
    const path = `/conversations/${encodeURIComponent(conversation)}/messages/${message.seq}/reports`;
    const { close } = dialog(t("message.report"), [
      h("p", {}, t("message.report.lead")),
      form(
        [field(t("message.report.reason"), h("input", { name: "reason", maxlength: 500 }))],
        t("message.report"),
        async ({ reason }) => {
          await app.api.post(path, { reason });
          close();
          toast(t("message.reported"));
        },
      ),
    ]);
  }
}
