// Invite links: creates one, which is shown only once, and follows one.

import { t } from "../text/languages.js";
import { copy } from "./clipboard.js";
import { dialog, toast } from "./dialog.js";
import { h, iconButton } from "./dom.js";
import { field, form, sentence } from "./form.js";
import { offered } from "./gate.js";
import { inviteAddress } from "./places.js";

/** @import { App } from "../app.js" */
/** @import { Api } from "../sdk/http.js" */

/** @param {App} app @param {string | null} conversation the room that the invited people join, if any */
export function inviteDialog(app, conversation) {
  const place = h("div", { class: "invite-link", hidden: true });
  dialog(t("invite"), [
    h("p", {}, t("invite.lead")),
    form(
      [
        field(t("invite.uses"), h("input", { name: "uses", type: "number", min: 1, max: 1000, value: 1 })),
        field(t("invite.days"), h("input", { name: "days", type: "number", min: 1, max: 90, value: 7 })),
      ],
      t("invite.make"),
      async ({ uses, days }) => {
        const made = await app.api.post("/invites", {
          uses: Number(uses),
          expires_in: Number(days) * 86400,
          ...(conversation ? { conversation } : {}),
        });
        const url = new URL(inviteAddress(made.code), app.base);
        const take = () => {
          void copy(url.href);
          toast(t("copied"), null, { seconds: 3 });
        };
        const shown = h("input", {
          readonly: true,
          value: url.href,
          "aria-label": t("invite"),
          on: { focus: (/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).select() },
        });
        place.replaceChildren(
          shown,
          iconButton("copy", t("message.copy"), take),
          h("p", { class: "hint" }, t("invite.once")),
        );
        place.hidden = false;
        shown.focus();
      },
    ),
    place,
  ]);
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
        h("p", { dir: "auto" }, offered(offer)),
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
