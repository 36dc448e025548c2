// Invite links: creates one, which is shown only once, and follows one.

import { t } from "../text/languages.js";
import { copy } from "./clipboard.js";
import { dialog, toast } from "./dialog.js";
import { h, icon } from "./dom.js";
import { field, form, sentence } from "./form.js";
import { offered } from "./gate.js";
import { titleOf } from "./names.js";
import { inviteAddress } from "./places.js";

/** @import { App } from "../app.js" */
/** @import { Api } from "../sdk/http.js" */

/**
 * @param {App} app @param {string | null} conversation the room that the invited people join, if any
 * @param {() => void} [made] called for each link
 */
export function inviteDialog(app, conversation, made = () => {}) {
  const room = conversation && app.chat.conversations.get(conversation);
  const place = h("div", { class: "invite-link", hidden: true });
  const ask = form(
    [
      field(t("invite.uses"), h("input", { name: "uses", type: "number", min: 1, max: 1000, value: 1 })),
      field(t("invite.days"), h("input", { name: "days", type: "number", min: 1, max: 90, value: 7 })),
    ],
    t("invite.make"),
    async ({ uses, days }) => {
      const { code } = await app.api.post("/invites", {
        uses: Number(uses),
        expires_in: Number(days) * 86400,
        ...(conversation ? { conversation } : {}),
      });
      made();
      show(new URL(inviteAddress(code), app.base).href);
    },
  );
  dialog(t("invite"), [
    h("p", { dir: "auto" }, room ? t("invite.lead.room", { title: titleOf(app, room) }) : t("invite.lead")),
    ask,
    place,
  ]);

  /** Show the link in place of the form. @param {string} link */
  function show(link) {
    const take = () => {
      void copy(link);
      toast(t("message.linked"), null, { seconds: 3 });
    };
    const again = () => {
      place.hidden = true;
      ask.hidden = false;
      ask.querySelector("input")?.focus();
    };
    const shown = h("input", {
      readonly: true,
      value: link,
      "aria-label": t("invite"),
      on: { focus: (/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).select() },
    });
    place.replaceChildren(
      shown,
      h("p", { class: "hint" }, t("invite.once")),
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "button", class: "primary", on: { click: take } }, icon("copy"), t("message.link")),
        h("button", { type: "button", on: { click: again } }, t("invite.another")),
      ),
    );
    place.hidden = false;
    ask.hidden = true;
    shown.focus();
  }
}

/** @param {string} code */
const pathOf = (code) => `/invites/${encodeURIComponent(code)}`;

/**
 * Use an invite. Returns its room, or null if it is for none.
 * @param {Api} api @param {string} code @returns {Promise<string | null>}
 */
export const joinByInvite = async (api, code) => (await api.post(pathOf(code), {})).conversation;

/**
 * Follow an invite, for somebody who is logged in: ask, join its room and go there. Only a click joins, because anybody
 * can make people open an address.
 * @param {App} app @param {string} code @param {(conversation: string) => void} go
 */
export async function followInvite(app, code, go) {
  try {
    const offer = await app.api.get(pathOf(code));
    if (!offer.conversation) return void toast(t("invite.here"));
    if (app.chat.conversations.has(offer.conversation)) return go(offer.conversation);
    const { box, close } = dialog(
      t("invite.to"),
      [
        h("p", {}, offered(offer)),
        form([], t("room.join"), async () => {
          await joinByInvite(app.api, code);
          close();
          go(offer.conversation);
        }),
        h("button", { type: "button", class: "link", on: { click: () => close() } }, t("invite.later")),
      ],
      { class: "small" },
    );
    /** @type {HTMLElement | null} */ (box.querySelector("button.primary"))?.focus();
  } catch (error) {
    toast(/** @type {{status?: number}} */ (error).status === 404 ? t("gate.invite.gone") : sentence(error));
  }
}
