// The ways in which files come to a message: a button, and what a paste brings. `receiving.js` says where pasted and
// dropped ones go.

import { t } from "../text/languages.js";
import { menu } from "./dialog.js";
import { h, iconButton } from "./dom.js";
import { touch } from "./sheet.js";

/** @typedef {{blob: Blob, name: string}} Given */
/** @typedef {(files: Given[]) => void} Take */

/** A button that asks for files; on a phone also for a photo from the camera. @param {Take} take */
export function attachButton(take) {
  return iconButton("clip", t("file.attach"), (event) => {
    if (!touch()) return choose({ multiple: true }, take);
    const anchor = /** @type {Element} */ (event.currentTarget);
    menu(anchor, [
      {
        label: t("file.photo"),
        icon: "picture",
        act: () => choose({ multiple: true, accept: "image/*,video/*" }, take),
      },
      {
        label: t("file.camera"),
        icon: "camera",
        act: () => choose({ accept: "image/*", capture: "environment" }, take),
      },
      { label: t("file.any"), icon: "file", act: () => choose({ multiple: true }, take) },
    ]);
  });
}

/**
 * Ask for files. @param {{multiple?: boolean, accept?: string, capture?: string}} how @param {Take} take
 */
export function choose(how, take) {
  const input = h("input", { type: "file", hidden: true, ...how });
  const end = () => input.remove();
  input.addEventListener("change", () => {
    end();
    take(given(input.files));
  });
  input.addEventListener("cancel", end);
  document.body.append(input); // Safari drops a file input that is not in the page
  input.click();
}

/**
 * The files of a paste; none if it is a text. Office programs add a picture of the text.
 * @param {ClipboardEvent} event
 */
export function pasted({ clipboardData }) {
  if (!clipboardData?.files.length) return [];
  const isText = clipboardData.getData("text/plain").trim() !== "";
  return isText ? [] : given(clipboardData.files);
}

/** @param {FileList | null} files @returns {Given[]} */
export const given = (files) => [...(files ?? [])].map((blob) => ({ blob, name: nameOf(blob) }));

/** Browsers call each pasted picture "image.png". Its time tells them apart. @param {File} file */
function nameOf({ name, type, lastModified }) {
  if (name && name !== "image.png") return name;
  const date = new Date(lastModified);
  const two = (/** @type {number} */ one) => String(one).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join("-");
  return `${day} ${time}.${type.split("/")[1]?.split(/[+;]/)[0] || "png"}`;
}
