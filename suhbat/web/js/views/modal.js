// What a modal dialog does, whatever it looks like: it takes the focus and returns it, and Escape, the back button and
// a click beside it close it.

import { remembered } from "./focus.js";
import { trail } from "./trail.js";

/**
 * Show a dialog. It is removed when it closes. Returns a function that closes it.
 * @param {HTMLDialogElement} box
 * @param {{onclose?: () => void, from?: Element | null, firm?: boolean}} [options] `from`: gets the focus at the end,
 *   if not the element that has it now; `firm`: a click beside it does not close it
 */
export function modal(box, { onclose = () => {}, from = document.activeElement, firm = false } = {}) {
  const close = () => box.close();
  const back = remembered(from);
  const uncover = trail.cover(close);
  box.addEventListener("close", () => {
    box.remove();
    uncover();
    onclose();
    if (document.activeElement === document.body || box.contains(document.activeElement)) back();
  });
  // A click is beside the dialog if it began there too. A touch that opened the dialog may end there.
  let beside = false;
  box.addEventListener("pointerdown", (event) => void (beside = !firm && isBeside(box, event)));
  box.addEventListener("click", (event) => beside && isBeside(box, event) && close());
  document.body.append(box);
  box.showModal();
  return close;
}

/** @param {HTMLDialogElement} box @param {MouseEvent} event */
function isBeside(box, { target, clientX, clientY }) {
  const { left, right, top, bottom } = box.getBoundingClientRect();
  return target === box && (clientX < left || clientX > right || clientY < top || clientY > bottom);
}
