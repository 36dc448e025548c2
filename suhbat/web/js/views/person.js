// A small card about a person: the name, the presence, and a button to start a direct. Moderators can remove the
// picture.

import { isolated } from "../text/bidi.js";
import { t } from "../text/languages.js";
import { confirm, toast } from "./dialog.js";
import { avatar } from "./avatar.js";
import { h } from "./dom.js";
import { faceOf, markOf, personOf } from "./names.js";
import { float, sink } from "./floating.js";
import { sentence } from "./form.js";
import { presenceOf } from "./presence.js";
import { removesPicture } from "./rights.js";

/** @import { App } from "../app.js" */

/**
 * `uid` identifies the person. A guest's name may belong to another person now, who must not be shown instead.
 * @param {App} app @param {string} name @param {string | undefined} uid @param {Element} anchor
 * @param {(conversation: string) => void} go
 */
export async function showPerson(app, name, uid, anchor, go) {
  /** @type {any} */
  let person;
  try {
    person = await app.api.get(`/users/${encodeURIComponent(name)}`, uid ? { uid } : {});
  } catch (error) {
    toast(/** @type {{status?: number}} */ (error).status === 404 ? t("person.gone", { name }) : sentence(error));
    return;
  }
  app.chat.learn([person]);
  const { name: shown } = personOf(app, person.uid, person.user_id);
  const face = faceOf(app, person, true);
  const mark = markOf(person.kind);
  const state = presenceOf(app, person);
  const write = h("button", { type: "button", class: "primary", on: { click: direct } }, t("person.write"));
  const card = h(
    "div",
    { class: "person", role: "dialog", tabindex: -1, "aria-label": `${isolated(shown)} @${person.user_id}` },
    avatar(shown, person.user_id, face, { mark }),
    h("strong", { dir: "auto" }, shown),
    h(
      "span",
      {},
      h("bdi", {}, `@${person.user_id}`),
      mark ? ` · ${t(mark)}` : person.role !== "member" ? ` · ${t(`role.${person.role}`)}` : "",
    ),
    state && h("span", { class: "about" }, state),
    person.uid !== app.me.uid && write,
    person.picture &&
      removesPicture(app, person) &&
      h("button", { type: "button", class: "link", on: { click: removePicture } }, t("picture.remove")),
  );
  float(card, anchor);
  (write.isConnected ? write : card).focus();

  async function removePicture() {
    sink(card);
    if (!(await confirm(t("picture.remove"), t("person.picture.ask", { name: shown }), t("picture.remove")))) return;
    app.chat.pictures.removeOf(person).catch((error) => toast(sentence(error)));
  }

  async function direct() {
    try {
      const { conversation } = await app.api.post("/directs", { users: [person.user_id], uids: [person.uid] });
      sink(card);
      go(conversation);
    } catch (error) {
      toast(sentence(error));
    }
  }
}
