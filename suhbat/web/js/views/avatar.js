// The avatar of a person or of a room: the picture, or the initials and a sign where there is none, until it is loaded,
// and when it cannot be.

import { hueOf, initials } from "../text/avatars.js";
import { isEmoji } from "../text/emoji.js";
import { h, icon } from "./dom.js";

/** @import { NameMark } from "./names.js" */

const REMEMBERED = 2_000;
/** The addresses that were loaded. Rows are drawn again and again, and a picture must not flash each time. */
const loaded = new Set();

/**
 * The avatar of a person: the initials of the display name on the colour of the `user_id`, and the picture over them.
 * That of a bot or a webhook has another form, and a webhook may have an emoji as its sign.
 * @param {string} name @param {string} user_id @param {string | null} face the address of the picture
 * @param {{mark?: NameMark, sign?: string}} [of]
 */
export function avatar(name, user_id, face, { mark = null, sign = "" } = {}) {
  const signed = isEmoji(sign);
  const kinds = ["avatar", (mark === "bot" || mark === "hook") && "program", signed && "signed"];
  const props = {
    class: kinds.filter(Boolean).join(" "),
    "aria-hidden": "true",
    data: { hue: String(hueOf(user_id)) },
  };
  return pictured(h("span", props, signed ? sign : initials(name)), face);
}

/** The avatar of a room. @param {Parameters<typeof icon>[0]} sign @param {string | null} face */
export const roomAvatar = (sign, face) =>
  pictured(h("span", { class: "avatar room", "aria-hidden": "true" }, icon(sign)), face);

/** @param {HTMLElement} node @param {string | null} face */
function pictured(node, face) {
  if (face === null) return node;
  const known = loaded.has(face);
  const image = h("img", {
    alt: "",
    draggable: "false",
    // These come before the address.
    loading: known ? "eager" : "lazy",
    decoding: known ? "sync" : "async",
    on: { load: show, error: hide },
  });
  image.src = face;
  if (known) show();
  node.append(image);
  return node;

  function show() {
    if (loaded.size > REMEMBERED) loaded.clear();
    loaded.add(face);
    node.classList.add("pictured");
  }

  /** The initials are below. */
  function hide() {
    loaded.delete(face);
    node.classList.remove("pictured");
    image.remove();
  }
}
