// The avatar of the user or of a room as a button that changes it: choose an image, drop it on the page around, or
// paste it; then choose a square of it.

import { t } from "../text/languages.js";
import { choose } from "./attach.js";
import { cropDialog } from "./crop.js";
import { menu, toast } from "./dialog.js";
import { h, icon } from "./dom.js";
import { sentence } from "./form.js";
import { receive } from "./receiving.js";

/** @import { App } from "../app.js" */
/** @import { Given } from "./attach.js" */

/** Whether the user may upload, and so change pictures. @param {App} app */
export const mayPicture = (app) => app.chat.limits.file_size !== undefined;

/**
 * @param {App} app
 * @param {HTMLElement} picture the avatar
 * @param {boolean} there whether there is a picture, which may be removed
 * @param {{conversation: string | null, changed: (answer: any) => void}} of `conversation`: the room; null for the
 *   user. `changed` gets the new profile or state; null after the removal
 */
export function pictureButton(app, picture, there, { conversation, changed }) {
  const label = t(there ? "picture.change" : "picture.add");
  // The button lies over the avatar: the initials are no part of its name.
  const button = h(
    "button",
    {
      type: "button",
      class: "picture-button",
      data: { key: `picture ${conversation ?? ""}` }, // it is drawn again, and gets the focus back
      "aria-label": label,
      title: label,
      "aria-haspopup": there ? "menu" : null,
      on: { click: there ? offer : ask },
    },
    h("span", { class: "picture-sign", "aria-hidden": "true" }, icon("camera")),
  );
  return h("span", { class: "picture-edit" }, picture, button);

  function ask() {
    choose({ accept: "image/*" }, take);
  }

  /** @param {Event} event */
  function offer(event) {
    menu(/** @type {Element} */ (event.currentTarget), [
      { label: t("picture.change"), icon: "picture", act: ask },
      { label: t("picture.remove"), icon: "trash", danger: true, act: () => void remove() },
    ]);
  }

  /** @param {Given[]} files */
  function take(files) {
    takePicture(app, files, { conversation, changed });
  }

  async function remove() {
    try {
      await app.chat.pictures.remove(conversation);
      changed(null);
    } catch (error) {
      toast(sentence(error));
    }
  }
}

/**
 * Images that are dropped on an element, or pasted there while nobody writes, become the picture.
 * @param {App} app @param {HTMLElement} element
 * @param {() => {conversation: string | null, changed: (answer: any) => void} | null} of null: not now
 */
export function pictureArea(app, element, of) {
  const take = (/** @type {Given[]} */ files) => {
    const now = of();
    if (now) takePicture(app, files, now);
  };
  receive(element, { take, refusal: () => (of() ? null : ""), text: t("picture.drop") });
}

/**
 * @param {App} app @param {Given[]} files @param {{conversation: string | null, changed: (answer: any) => void}} of
 */
function takePicture(app, [given], { conversation, changed }) {
  if (!given) return;
  void cropDialog(given.blob, async (square, signal) => {
    const upload = app.chat.files.begin(square, { name: "picture" });
    signal.addEventListener("abort", () => void upload.cancel());
    const { id } = await upload.done;
    changed(await app.chat.pictures.set(id, conversation));
  });
}
