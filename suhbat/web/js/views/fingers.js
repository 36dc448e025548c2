// Brings the touches on an element to a `Finger`, and keeps the browser's own answers to them away: the menu and the
// selection of a long press, and the click at its end.

import { LONG } from "../models/finger.js";

/** @import { Finger, FingerAct } from "../models/finger.js" */

const CLICK_MS = 400; // within which the click follows the end of a touch

/**
 * @param {HTMLElement} element
 * @param {Finger} finger
 * @param {(event: PointerEvent) => {press?: boolean, drag?: boolean} | null} starts what a touch there may become; null
 *   for nothing
 * @param {(act: FingerAct) => void} act
 */
export function follow(element, finger, starts, act) {
  /** @type {number | null} the pointer that is down */
  let pointer = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const all = (/** @type {FingerAct[]} */ acts) => acts.forEach(act);
  const ended = (/** @type {FingerAct[]} */ acts) => {
    clearTimeout(timer);
    pointer = null;
    all(acts);
  };
  const rested = () => all(finger.rested());

  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    // The end of a touch is missed if its element was taken away. That must not block the next touch.
    if (event.isPrimary && pointer !== null) ended(finger.cancel());
    const allowed = starts(event);
    if (pointer === null && !allowed) return;
    clearTimeout(timer);
    all(finger.down(event.clientX, event.clientY, allowed ?? {}));
    if (pointer !== null) return;
    pointer = event.pointerId;
    if (finger.waits) timer = setTimeout(rested, LONG);
  });
  element.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    all(finger.move(event.clientX, event.clientY, event.timeStamp));
    if (!finger.waits) clearTimeout(timer);
  });
  element.addEventListener("pointerup", (event) => {
    if (event.pointerId !== pointer) return;
    if (finger.took) swallowClick();
    ended(finger.up());
  });
  element.addEventListener("pointercancel", (event) => {
    if (event.pointerId === pointer) ended(finger.cancel());
  });
  element.addEventListener(
    "contextmenu",
    (event) => {
      if (pointer === null || !(finger.waits || finger.took)) return; // the mouse or the keyboard
      event.preventDefault();
      event.stopPropagation();
      clearTimeout(timer);
      rested(); // the browser's long press may be shorter than ours
    },
    { capture: true },
  );
}

/**
 * Keep the click at the end of a gesture away. It may hit what has come under the finger meanwhile, such as a sheet.
 */
function swallowClick() {
  const swallow = (/** @type {Event} */ event) => {
    event.preventDefault();
    event.stopPropagation();
    done();
  };
  const done = () => {
    clearTimeout(timer);
    removeEventListener("click", swallow, { capture: true });
    removeEventListener("pointerdown", done, { capture: true });
  };
  const timer = setTimeout(done, CLICK_MS);
  addEventListener("click", swallow, { capture: true });
  addEventListener("pointerdown", done, { capture: true });
}
