// Brings the pointers on a large picture to a `PictureTouch`, and the wheel to its zoom.

import { PictureTouch } from "../models/picture-touch.js";

/** @import { PictureAct } from "../models/picture-touch.js" */
/** @import { Sizes, Zoom } from "../models/zoom.js" */

const WHEEL = 300; // px of the wheel that zoom by e
const PINCHED = 100; // the same of a pinch on a touchpad
const BESIDE = 22; // px from the picture, which a finger may miss it by

/**
 * @param {HTMLElement} stage @param {Zoom} zoom
 * @param {{go: (step: 1 | -1) => void, close: () => void, draw: () => void, sizes: () => Sizes,
 *   drag: (x: number, y: number, pull: number) => void, more: (step: 1 | -1) => boolean}} acts
 */
export function gestures(stage, zoom, { go, close, draw, drag, sizes, more }) {
  const touch = new PictureTouch(zoom, { sizes, more });
  let beside = false;

  /** From the middle of the stage. @param {{clientX: number, clientY: number}} event */
  const place = ({ clientX, clientY }) => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  };
  /** @param {PictureAct[]} acts */
  const all = (acts) => {
    for (const act of acts) {
      if (act.type === "drag") drag(act.x, act.y, act.pull);
      else if (act.type === "go") go(act.step);
      else if (act.type === "close") close();
      else if (act.type === "draw") draw();
      else beside = true;
    }
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    beside = false;
    all(touch.down(event.pointerId, place(event), isBeside(stage.firstElementChild, event)));
  });
  stage.addEventListener("pointermove", (event) => all(touch.move(event.pointerId, place(event), event.timeStamp)));
  stage.addEventListener("pointerup", (event) => all(touch.up(event.pointerId, event.timeStamp)));
  stage.addEventListener("pointercancel", (event) => all(touch.cancel(event.pointerId)));
  // Not before the click: it would hit what is below.
  stage.addEventListener("click", () => beside && close());
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { x, y } = place(event);
      zoom.by(Math.exp(-event.deltaY / (event.ctrlKey ? PINCHED : WHEEL)), x, y, sizes());
      draw();
    },
    { passive: false },
  );
}

/** @param {Element | null} picture @param {PointerEvent} event */
function isBeside(picture, { clientX: x, clientY: y }) {
  if (!picture) return true;
  const { left, right, top, bottom } = picture.getBoundingClientRect();
  return x < left - BESIDE || x > right + BESIDE || y < top - BESIDE || y > bottom + BESIDE;
}
