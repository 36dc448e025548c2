// The rows between messages: days, the first unread message, joins and leaves, the number of replies.

import { t } from "../text/languages.js";
import { h } from "./dom.js";

/** @import { ShownDay, ShownNote } from "./shown.js" */

/**
 * A day, and in the same line that the new messages begin there. The arrow keys lead to it, and not Tab (stops.js).
 * @param {ShownDay} shown
 * @param {((anchor: Element) => void) | null} jump offers to go to another day; null where no day can be opened
 */
export function dayNode({ label, unread }, jump) {
  const act = (/** @type {Event} */ event) => jump?.(/** @type {Element} */ (event.currentTarget));
  return h(
    "h2",
    { class: unread ? "day unread-divider" : "day" },
    jump
      ? h(
          "button",
          { type: "button", tabindex: -1, title: t("day.jump"), "aria-haspopup": "dialog", on: { click: act } },
          label,
        )
      : h("span", {}, label),
    unread && h("span", { class: "new" }, t("timeline.unread")),
  );
}

export function unreadNode() {
  return h("div", { class: "unread-divider", role: "separator" }, h("span", { class: "new" }, t("timeline.unread")));
}

/** Below the root of a thread. @param {{n: number}} shown */
export const repliesNode = ({ n }) =>
  h("p", { class: "replies-count" }, n ? t("thread.replies", { n }) : t("thread.none"));

/** @param {ShownNote} shown */
export function noteNode({ joined, left }) {
  const said = [
    joined.length && t("timeline.joined", { names: joined, n: joined.length }),
    left.length && t("timeline.left", { names: left, n: left.length }),
  ];
  return h("p", { class: "note" }, said.filter(Boolean).join(" · "));
}
