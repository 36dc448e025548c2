// The rows between messages: days, the first unread message, joins and leaves.

import { t } from "../text/languages.js";
import { h } from "./dom.js";

/** @import { ShownDay, ShownNote } from "./shown.js" */

/** A day, and in the same line that the new messages begin there. @param {ShownDay} shown */
export function dayNode({ label, unread }) {
  return h(
    "h2",
    { class: unread ? "day unread-divider" : "day" },
    h("span", {}, label),
    unread && h("span", { class: "new" }, t("timeline.unread")),
  );
}

export function unreadNode() {
  return h("div", { class: "unread-divider", role: "separator" }, h("span", { class: "new" }, t("timeline.unread")));
}

/** @param {ShownNote} shown */
export function noteNode({ joined, left }) {
  const said = [
    joined.length && t("timeline.joined", { names: joined.join(", "), n: joined.length }),
    left.length && t("timeline.left", { names: left.join(", "), n: left.length }),
  ];
  return h("p", { class: "note" }, said.filter(Boolean).join(" · "));
}
