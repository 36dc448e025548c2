// Open invitations to rooms, above the list of conversations. Each can be accepted or declined.

import { isolated, untwisted } from "../text/bidi.js";
import { t } from "../text/languages.js";
import { toast } from "./dialog.js";
import { h } from "./dom.js";
import { sentence } from "./form.js";
import { called } from "./names.js";
import { isPressed } from "./pressing.js";

/** @import { App } from "../app.js" */
/** @import { Invitation } from "../sdk/types.js" */

/** The list of invitations. An empty list takes no space and is not announced. */
export class InvitationList {
  /** @param {App} app @param {(conversation: string) => void} go */
  constructor(app, go) {
    this.app = app;
    this.go = go;
    this.list = h("ul", {});
    this.element = h(
      "section",
      { class: "invitations", "aria-label": t("invitations"), "aria-live": "polite" },
      this.list,
    );
    this.refresh();
  }

  refresh() {
    if (isPressed(this.list, () => this.refresh())) return;
    const open = [...this.app.chat.invitations.values()];
    this.element.hidden = !open.length;
    const { activeElement } = document;
    const focused = this.list.contains(activeElement) && activeElement?.getAttribute("aria-label");
    this.list.replaceChildren(...open.map((one) => this.#row(one)));
    if (!focused) return;
    const buttons = [...this.list.querySelectorAll("button")];
    buttons.find((one) => one.getAttribute("aria-label") === focused)?.focus({ preventScroll: true });
  }

  /** @param {Invitation} one */
  #row(one) {
    const title = untwisted(one.title) || t("untitled");
    const answer = (/** @type {"join" | "leave"} */ command, /** @type {string} */ text, main = false) =>
      h(
        "button",
        {
          type: "button",
          class: main ? "primary" : "",
          "aria-label": `${text}: ${isolated(title)}`,
          on: {
            click: (/** @type {Event} */ event) =>
              void this.#answer(command, one.conversation, /** @type {HTMLElement} */ (event.currentTarget)),
          },
        },
        text,
      );
    return h(
      "li",
      {},
      h("span", { class: "names" }, h("strong", { dir: "auto" }, title), h("small", {}, this.#who(one))),
      h("span", { class: "buttons" }, answer("join", t("room.join"), true), answer("leave", t("invitation.decline"))),
    );
  }

  /** Who invites whom. @param {Invitation} one */
  #who({ inviter_uid, inviter, bot }) {
    const name = called(this.app, inviter_uid, inviter);
    return bot
      ? t("invitation.bot", { name, bot: called(this.app, bot.uid, bot.user_id) })
      : t("invitation.from", { name });
  }

  /** @param {"join" | "leave"} type @param {string} conversation @param {HTMLElement} button */
  async #answer(type, conversation, button) {
    const buttons = button.parentElement?.querySelectorAll("button") ?? [];
    for (const one of buttons) one.disabled = true;
    try {
      await this.app[type](conversation);
      if (type === "join") this.go(conversation);
    } catch (error) {
      for (const one of buttons) one.disabled = false;
      toast(sentence(error));
    }
  }
}
