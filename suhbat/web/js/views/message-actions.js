// What can be done with a message: react, answer, edit, pin, link, delete (with a moment to take it back), report.

import { t } from "../text/languages.js";
import { copy } from "./clipboard.js";
import { confirm, dialog, menu, toast } from "./dialog.js";
import { h } from "./dom.js";
import { field, form, sentence } from "./form.js";
import { later } from "./later.js";

const UNDO_SECONDS = 5;
/** With and without U+FE0F it is the same emoji. @param {string} emoji */
const bare = (emoji) => emoji.replaceAll("\ufe0f", "");

/** @typedef {import("../sdk/types.js").Message} Message */

/**
 * @param {import("../app.js").App} app
 * @param {string} conversation
 * @param {{reply: (message: Message) => void, edit: (message: Message) => void,
 *   pinned: (seq: number) => boolean}} place
 */
export function actionsFor(app, conversation, place) {
  const told = (/** @type {Promise<unknown>} */ done) => void done.catch((error) => toast(sentence(error)));
  const command = (/** @type {string} */ type, /** @type {object} */ fields) =>
    told(app.chat.command(type, { conversation, ...fields }));
  const react = (/** @type {Message} */ message, /** @type {string} */ emoji) => {
    const mine = message.reactions.some((one) => bare(one.emoji) === bare(emoji) && one.mine);
    command("react", { seq: message.seq, emoji, on: !mine });
  };

  return {
    react,
    reply: place.reply,
    reacted: (/** @type {Message} */ message, /** @type {string} */ emoji, /** @type {Element} */ anchor) =>
      void later("reacted").then(({ showReacted }) => showReacted(app, message, emoji, anchor)),
    pickReaction: (/** @type {Message} */ message, /** @type {Element} */ anchor) =>
      void later("emoji").then(({ pickEmoji }) => pickEmoji(anchor, (emoji) => react(message, emoji))),
    more,
  };

  /** @param {Message} message @param {Element} anchor */
  function more(message, anchor) {
    const mine = message.sender_uid === app.me.uid;
    const role = app.chat.conversations.get(conversation)?.role;
    const keeps =
      role === "owner" ||
      role === "moderator" ||
      (conversation === "lobby" && ["owner", "moderator"].includes(app.me.role ?? ""));
    const pinned = place.pinned(message.seq);
    /** @type {import("./dialog.js").Item[]} */
    const items = [{ label: t("message.copy"), icon: "copy", act: () => void copy(message.text) }];
    items.push({ label: t("message.link"), icon: "link", act: () => link(message) });
    if (mine) items.push({ label: t("message.edit"), icon: "edit", act: () => place.edit(message) });
    if (keeps || app.chat.conversations.get(conversation)?.kind === "direct") {
      items.push({
        label: t(pinned ? "message.unpin" : "message.pin"),
        icon: "pin",
        act: () => command("pin", { seq: message.seq, on: !pinned }),
      });
    }
    if (!mine) items.push({ label: t("message.report"), icon: "flag", act: () => report(message) });
    if (mine || keeps)
      items.push({ label: t("message.delete"), icon: "trash", danger: true, act: () => void remove(message, mine) });
    menu(anchor, items);
  }

  /** @param {Message} message */
  function link(message) {
    const url = new URL(location.href);
    url.hash = `#/c/${encodeURIComponent(conversation)}/${message.seq}`;
    void copy(url.href);
    toast(t("message.linked"), null, { seconds: 3 });
  }

  /**
   * One's own goes after a moment in which it can be taken back; another's after a question.
   * @param {Message} message @param {boolean} mine
   */
  async function remove(message, mine) {
    const go = () => command("delete", { seq: message.seq });
    if (!mine) {
      if (await confirm(t("message.delete"), t("message.delete.ask", { name: message.sender }), t("message.delete")))
        go();
      return;
    }
    const row = document.querySelector(`[data-seq="${message.seq}"]`);
    row?.classList.add("leaving");
    const back = () => row?.classList.remove("leaving");
    // A page that is left before the moment is over deletes at once: it was asked to.
    const end = toast(t("message.deleting"), { label: t("undo"), act: back }, { seconds: UNDO_SECONDS, ongone: go });
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
