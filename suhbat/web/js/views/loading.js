// What stands in a list before its rows: grey lines while they load, a sentence if there are none, and after an error
// what happened, with a button to try again.

import { t } from "../text/languages.js";
import { h } from "./dom.js";
import { sentence } from "./form.js";

/** @import { Child } from "./dom.js" */

/** @type {WeakMap<Element, object>} the newest request of each list */
const newest = new WeakMap();
/** @type {Map<Element, () => void>} what the buttons to try again do */
const troubles = new Map();

/**
 * Grey lines in the shape of rows. They appear after a moment (parts.css), so that a quick answer does not flicker.
 * @param {number} rows @param {"li" | "div"} [tag]
 */
export const skeleton = (rows, tag = "div") =>
  Array.from({ length: rows }, () =>
    h(tag, { class: "skeleton", "aria-hidden": "true" }, h("span", {}), h("span", {})),
  );

/** What went wrong, and a button to try again. @param {string} text @param {() => void} again */
export function trouble(text, again) {
  const button = h("button", { type: "button", on: { click: again } }, t("retry"));
  const node = h("div", { class: "trouble", role: "alert" }, h("p", {}, text), button);
  troubles.set(node, again);
  return node;
}

/** The server is there again: try again what failed and is still shown. */
export function tryAgain() {
  const all = [...troubles];
  troubles.clear();
  for (const [node, again] of all) if (node.isConnected) again();
}

/**
 * Fill an element, often a list, with what `load` gives. Rows that it has stay until then. If the element is filled
 * again meanwhile, the earlier answer is dropped.
 * @param {HTMLElement} element
 * @param {() => Promise<Child[]>} load
 * @param {{rows?: number, empty?: Child}} [options] `rows`: how many grey lines; `empty`: shown in place of no rows
 */
export async function fill(element, load, { rows = 3, empty = null } = {}) {
  const turn = {};
  newest.set(element, turn);
  const tag = element.matches("ul, ol") ? "li" : "div";
  const focused = element.contains(document.activeElement);
  if (!element.childElementCount || element.querySelector(":scope > .missing")) {
    element.replaceChildren(...skeleton(rows, tag));
  }
  element.setAttribute("aria-busy", "true");
  /** @type {Child[]} */
  let shown;
  try {
    shown = await load();
    if (!shown.length && empty) shown = [h(tag, { class: "empty" }, empty)];
  } catch (error) {
    const again = () => void fill(element, load, { rows, empty });
    shown = [h(tag, { class: "missing" }, trouble(sentence(error), again))];
  }
  if (newest.get(element) !== turn) return;
  element.replaceChildren(.../** @type {Node[]} */ (shown.filter(Boolean)));
  element.removeAttribute("aria-busy");
  if (!focused || element.contains(document.activeElement)) return;
  // The focus was in what is gone. Without this, the next Tab would begin at the top of the page.
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}
