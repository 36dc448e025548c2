// The reactions under a message.

import { t } from "../text/languages.js";
import { h, pressed } from "./dom.js";
import { listed } from "./listed.js";

/** @import { RowActs } from "./row-parts.js" */
/** @import { ShownMessage, ShownReaction } from "./shown.js" */

/** The number of different reactions shown under a message before they are expanded. */
export const FOLDED = 8;

/** The first reactions. A button shows the others. @param {ShownMessage} message @param {RowActs} acts */
export function reactionsNode({ seq, reactions, unfolded }, acts) {
  const hidden = unfolded ? 0 : Math.max(0, reactions.length - FOLDED);
  const shown = hidden ? reactions.slice(0, FOLDED) : reactions;
  return h(
    "div",
    { class: "reactions" },
    ...shown.map((reaction) => reactionNode(reaction, seq, acts)),
    hidden > 0 &&
      h(
        "button",
        { type: "button", class: "reaction more", on: { click: () => acts.unfold(seq) } },
        t("message.reactions.more", { n: hidden }),
      ),
  );
}

/** @param {ShownReaction} reaction @param {number} seq @param {RowActs} acts */
function reactionNode({ emoji, count, mine, users }, seq, acts) {
  const names = listed(users, count);
  /** Handles the secondary button and the menu key; gestures.js handles a long press. @param {Event} event */
  const who = (event) => {
    event.preventDefault();
    acts.reacted(seq, emoji, pressed(event));
  };
  /** @param {Event} event */
  const react = ({ timeStamp }) => acts.react(seq, emoji, timeStamp);
  return h(
    "button",
    {
      type: "button",
      class: "reaction",
      "aria-pressed": String(mine),
      "aria-label": t("message.reaction", { emoji, n: count, names }),
      data: { emoji, tip: names },
      on: { click: react, contextmenu: who },
    },
    h("span", {}, emoji),
    h("span", { class: "count" }, String(count)),
  );
}
