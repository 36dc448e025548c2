// The six skin tones of an emoji, in a row above it.

import { t } from "../text/languages.js";
import { toned } from "../text/emoji.js";
import { h } from "./dom.js";
import { roving } from "./roving.js";

/** @import { Emoji } from "../text/emoji.js" */

/**
 * Show them within a box. The focus goes to the chosen tone and returns to the button.
 * @param {HTMLElement} box @param {HTMLElement} button @param {Emoji} one @param {number} chosen
 * @param {(tone: number) => void} choose
 */
export function showTones(box, button, one, chosen, choose) {
  const row = h("div", { class: "tones", role: "toolbar", "aria-label": t("emoji.tones"), data: { escape: "" } });
  const close = () => {
    if (!row.isConnected) return;
    row.remove();
    box.removeEventListener("pointerdown", elsewhere, { capture: true });
    if (button.isConnected) button.focus();
  };
  const elsewhere = (/** @type {Event} */ event) => {
    if (!row.contains(/** @type {Node} */ (event.target))) close();
  };
  for (let tone = 0; tone <= 5; tone += 1) {
    const take = () => {
      close();
      choose(tone);
    };
    const label = t(`emoji.tone.${NAMES[tone]}`);
    row.append(
      h(
        "button",
        {
          type: "button",
          "aria-label": label,
          title: label,
          "aria-pressed": String(tone === chosen),
          on: { click: take },
        },
        toned(one, tone),
      ),
    );
  }
  row.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // this key press closes only the row
    event.stopPropagation();
    close();
  });
  roving(row);
  box.append(row);
  const [from, within] = [button.getBoundingClientRect(), box.getBoundingClientRect()];
  const { width, height } = row.getBoundingClientRect();
  row.style.top = `${Math.max(0, from.top - within.top - height - 4)}px`;
  row.style.left = `${Math.max(0, Math.min(from.left - within.left, within.width - width))}px`;
  /** @type {HTMLElement} */ (row.children[chosen]).focus();
  box.addEventListener("pointerdown", elsewhere, { capture: true });
}

const NAMES = ["none", "light", "mediumlight", "medium", "mediumdark", "dark"];
