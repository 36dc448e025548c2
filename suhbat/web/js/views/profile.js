// The user's profile: the picture, the display name and, for a guest, the way to an account.

import { t } from "../text/languages.js";
import { toast } from "./dialog.js";
import { avatar } from "./avatar.js";
import { h } from "./dom.js";
import { field, form, nameInput, passwordInput } from "./form.js";
import { faceOf } from "./names.js";
import { mayPicture, pictureArea, pictureButton } from "./picture-editor.js";
import { part } from "./sections.js";

/** @import { App } from "../app.js" */

/** @param {App} app */
export function profile(app) {
  let shown = app.me.display_name ?? "";
  const name = h("input", {
    name: "display_name",
    id: "display-name",
    required: true,
    maxlength: 64,
    autocomplete: "name",
    value: shown,
  });
  const head = h("div", { class: "identity" });
  const changed = (/** @type {any} */ me) => app.renew(me ?? { ...app.me, picture: null });
  const mine = () => (mayPicture(app) ? { conversation: null, changed } : null);
  const draw = () => {
    const focused = head.contains(document.activeElement);
    const { me } = app;
    const picture = avatar(shown || me.user_id, me.user_id, faceOf(app, me, true));
    const may = mine();
    head.replaceChildren(
      may ? pictureButton(app, picture, Boolean(me.picture), may) : picture,
      h(
        "span",
        { class: "names" },
        h("strong", {}, h("bdi", {}, shown || app.me.user_id)),
        h(
          "small",
          {},
          `@${app.me.user_id}`,
          app.me.role && app.me.role !== "member" && ` · ${t(`role.${app.me.role}`)}`,
        ),
      ),
    );
    if (focused) /** @type {HTMLElement | null} */ (head.querySelector(".picture-button"))?.focus();
  };
  draw();
  const end = app.on("me", () => {
    if (!head.isConnected) return end();
    return draw();
  });
  const element = h(
    "div",
    { class: "part pictured-part" },
    head,
    form([field(t("gate.shown"), name, t("settings.name.hint"))], t("save"), async ({ display_name }) => {
      if (display_name !== shown) app.renew(await app.api.patch("/me", { display_name }));
      shown = display_name;
      draw();
      toast(t("saved"), null, { seconds: 3 });
    }),
  );
  pictureArea(app, element, mine);
  return element;
}

/** Turns a guest into an account. The name, the uid and the messages are kept. @param {App} app */
export function upgrade(app) {
  return part(
    t("settings.upgrade"),
    [
      form(
        [
          nameInput({ value: app.me.user_id, hidden: true }),
          field(t("gate.password"), passwordInput("new-password"), t("gate.password.hint")),
        ],
        t("settings.upgrade"),
        async ({ new_password }) => {
          const { user } = await app.api.post("/accounts", {
            user_id: app.me.user_id,
            password: new_password,
            cookie: true,
          });
          app.renew(user);
          toast(t("settings.upgraded"), null, { seconds: 3 });
        },
      ),
    ],
    t("settings.upgrade.hint", { name: app.me.user_id }),
  );
}
