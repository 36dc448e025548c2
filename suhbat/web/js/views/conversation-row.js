// The row of a conversation in the list, drawn from plain data.

import { direction } from "../text/direction.js";
import { plain } from "../text/markdown.js";
import { t } from "../text/languages.js";
import { avatar, roomAvatar } from "./avatar.js";
import { h, icon } from "./dom.js";
import { textNames } from "./shown.js";

/** @import { NameMark } from "./names.js" */
/** @import { ShownText } from "./shown.js" */

/**
 * The data of a conversation in the list.
 * @typedef {object} Entry
 * @property {string} conversation
 * @property {string} title
 * @property {string} pictured  the name that the initials are of
 * @property {string} handles  of a direct: the names that tell people apart
 * @property {string} colour  the name that the avatar of a direct has its colour of
 * @property {"people" | "hash" | "lock" | null} icon  null for a direct
 * @property {string | null} face  the address of the picture
 * @property {NameMark} mark  of the other person in a direct
 * @property {boolean} here  the other person is online
 * @property {boolean} current
 * @property {boolean} silent
 * @property {string} draft
 * @property {{by: string | null, text: string, names: ShownText["names"], deleted: boolean, at: string} | null} last
 *   the newest message; `by` is null in a direct of two
 * @property {number} unread
 * @property {number} mentions
 * @property {boolean} asks  something is unread that asks for attention; see models/sections.js
 * @property {boolean} failed  a message could not be sent
 */

/** @param {Entry} entry */
export function conversationRow(entry) {
  const { title, last } = entry;
  const { face } = entry;
  const picture = entry.icon ? roomAvatar(entry.icon, face) : avatar(entry.pictured, entry.colour, face, entry);
  if (entry.here) picture.classList.add("here");
  const first = h(
    "span",
    { class: "first" },
    h("strong", { dir: "auto", title: entry.handles || null }, title),
    entry.silent && h("span", { class: "silent", role: "img", "aria-label": t("sidebar.muted") }, icon("bellOff")),
    last && h("time", {}, last.at),
  );
  const second = h("span", { class: "second" }, h("span", { class: "preview" }, ...preview(entry)), ...badges(entry));
  const link = h(
    "a",
    {
      href: `#/c/${encodeURIComponent(entry.conversation)}`,
      "aria-current": entry.current ? "page" : null,
      class: entry.asks ? "conversation unread" : "conversation",
    },
    picture,
    h("span", { class: "names" }, first, second),
  );
  return h("li", {}, link);
}

/** @param {Entry} entry */
function badges({ failed, mentions, unread, silent }) {
  return [
    failed && h("span", { class: "badge failed", title: t("message.failed") }, "!"),
    mentions > 0 && h("span", { class: "badge named", "aria-label": t("sidebar.mentions", { n: mentions }) }, "@"),
    unread > 0 &&
      h(
        "span",
        { class: silent ? "badge quiet" : "badge", "aria-label": t("sidebar.unread", { n: unread }) },
        unread > 999 ? "999+" : String(unread),
      ),
  ];
}

/** The draft, or else the last message. The text has its own direction, but stays on its side. @param {Entry} entry */
function preview({ draft, last }) {
  if (draft) return [h("em", {}, t("sidebar.draft")), " ", h("span", { dir: direction(draft) }, plain(draft))];
  if (!last) return [];
  return [
    last.by !== null && h("span", { class: "by" }, h("bdi", {}, last.by), ": "),
    last.deleted
      ? h("span", {}, t("message.deleted"))
      : h("span", { dir: direction(last.text) }, plain(last.text, textNames(last.names))),
  ];
}
