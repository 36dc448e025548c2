// The rows between messages: days, the first unread message, joins and leaves.

import { t } from "../text/languages.js";
import { h } from "./dom.js";

/** @import { ShownDay, ShownNote } from "./shown.js" */

/**
 * A day, and in the same line that the new messages begin there.
 * @param {ShownDay} shown @param {(anchor: Element) => void} jump offers to go to another day
 */
export function dayNode({ label, unread }, jump) {
  const act = (/** @type {Event} */ event) => jump(/** @type {Element} */ (event.currentTarget));
  return h(
    "h2",
    { class: unread ? "day unread-divider" : "day" },
    h("button", { type: "button", title: t("day.jump"), "aria-haspopup": "dialog", on: { click: act } }, label),
    unread && h("span", { class: "new" }, t("timeline.unread")),
  );
}

export function unreadNode() {
  return h("div", { class: "unread-divider", role: "separator" }, h("span", { class: "new" }, t("timeline.unread")));
}

/** @param {ShownNote} shown */
export function noteNode({ joined, left }) {
  const said = [
    joined.length && t("timeline.joined", { names: joined, n: joined.length }),
    left.length && t("timeline.left", { names: left, n: left.length }),
  ];
  return h("p", { class: "note" }, said.filter(Boolean).join(" · "));
}
