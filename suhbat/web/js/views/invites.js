// Creates an invite link. It is shown only once.

import { t } from "../text/languages.js";
import { copy } from "./clipboard.js";
import { dialog, toast } from "./dialog.js";
import { h, iconButton } from "./dom.js";
import { field, form } from "./form.js";

/** @import { App } from "../app.js" */

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
        const url = new URL(`#/invite/${made.code}`, app.base);
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
