// The row of six quick reactions, in the toolbar of a message and in its sheet.

import { toneless } from "../models/quick.js";
import { preferences } from "../storage/preferences.js";
import { t } from "../text/languages.js";
import { h } from "./dom.js";

/**
 * @param {string[]} chosen the emoji with which the user has reacted already
 * @param {(emoji: string, at: number) => void} react  `at`: when, as `Event.timeStamp`
 */
export function quickRow(chosen, react) {
  return preferences().quick.map((emoji) => {
    // What was chosen in another skin tone is taken back in that tone.
    const mine = chosen.find((one) => toneless(one) === toneless(emoji));
    const label = t("message.react.with", { emoji: mine ?? emoji });
    return h(
      "button",
      {
        type: "button",
        class: "quick",
        "aria-label": label,
        "aria-pressed": String(Boolean(mine)),
        title: label,
        on: { click: (/** @type {Event} */ event) => react(mine ?? emoji, event.timeStamp) },
      },
      mine ?? emoji,
    );
  });
}
