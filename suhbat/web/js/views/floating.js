// Floating boxes beside the element that opened them: menus, cards, the emoji picker. A click outside or Escape closes
// them, and so does Back on a phone. The Tab key that leaves one closes it, so it never covers what has the focus.

import { remembered } from "./focus.js";
import { phone, trail } from "./trail.js";

/** @type {WeakMap<HTMLElement, () => void>} */
const closers = new WeakMap();

/**
 * Show `box` beside `anchor`, within the window. It is removed when it closes.
 * @param {HTMLElement} box @param {Element} anchor
 */
export function float(box, anchor) {
  (anchor.closest("dialog, aside, .conversation-view, main") ?? document.body).append(box);
  const back = remembered(anchor);
  const uncover = phone() ? trail.cover(() => sink(box)) : () => {};
  const gone = () => {
    if (!closers.delete(box)) return;
    uncover();
    const focused = box.contains(document.activeElement) || document.activeElement === document.body;
    box.remove();
    if (focused) back();
  };
  const left = () => {
    const now = document.activeElement;
    if (now && now !== document.body && !box.contains(now)) sink(box);
  };
  box.addEventListener("focusout", () => setTimeout(left)); // the focus is at its new place then
  if ("showPopover" in box) popover(/** @type {any} */ (box), gone);
  else withoutPopover(box, gone);
  const place = anchor.getBoundingClientRect();
  const size = box.getBoundingClientRect();
  const below = place.bottom + size.height + 4 < innerHeight;
  box.style.top = `${Math.max(4, below ? place.bottom + 4 : place.top - size.height - 4)}px`;
  box.style.left = `${Math.max(4, Math.min(place.right - size.width, innerWidth - size.width - 4))}px`;
}

/** Close a box that `float` showed. @param {HTMLElement} box */
export function sink(box) {
  closers.get(box)?.();
}

/** @param {HTMLElement & {showPopover: () => void, hidePopover: () => void}} box @param {() => void} gone */
function popover(box, gone) {
  box.setAttribute("popover", "auto");
  box.addEventListener("toggle", (event) => /** @type {any} */ (event).newState === "closed" && gone());
  closers.set(box, () => box.matches(":popover-open") && box.hidePopover());
  box.showPopover();
}

/** For Chrome before 114, Firefox before 125 and Safari before 17. @param {HTMLElement} box @param {() => void} gone */
function withoutPopover(box, gone) {
  const over = new AbortController();
  const close = () => {
    over.abort();
    gone();
  };
  const elsewhere = (/** @type {Event} */ event) => !box.contains(/** @type {Node} */ (event.target)) && close();
  const escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || box.querySelector("[data-escape]")) return; // a part of the box closes first
    event.stopPropagation(); // one key press closes only this box
    event.preventDefault();
    close();
  };
  closers.set(box, close);
  document.addEventListener("pointerdown", elsewhere, { capture: true, signal: over.signal });
  document.addEventListener("keydown", escape, { capture: true, signal: over.signal });
}
