// The gestures on a large picture: swipe to the next one, pull down to close, pinch, drag while zoomed, the wheel, and
// a double click.

/** @import { Zoom } from "../models/zoom.js" */

const SWIPE = 60; // px
const SLOP = 6; // px that a finger may tremble
const DOUBLE = 2.5; // the zoom of a double click

/**
 * @param {HTMLElement} stage @param {HTMLElement} image @param {Zoom} zoom
 * @param {{go: (step: number) => void, close: () => void, draw: () => void}} acts
 */
export function gestures(stage, image, zoom, { go, close, draw }) {
  /** @type {Map<number, {x: number, y: number}>} */
  const fingers = new Map();
  let from = { x: 0, y: 0 };
  let pinched = false;
  let beside = false; // the touch began beside the picture

  const sizes = () => ({
    width: stage.clientWidth,
    height: stage.clientHeight,
    shownWidth: image.clientWidth,
    shownHeight: image.clientHeight,
  });
  /** From the middle of the stage. @param {{clientX: number, clientY: number}} event */
  const place = ({ clientX, clientY }) => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  };
  const apart = () => {
    const [one, other] = [...fingers.values()];
    return { far: Math.hypot(one.x - other.x, one.y - other.y), x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    if (fingers.size === 1) [from, pinched, beside] = [place(event), false, event.target === stage];
    else pinched = true;
  });
  stage.addEventListener("pointermove", (event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const now = place(event);
    if (fingers.size === 2) {
      const before = apart();
      fingers.set(event.pointerId, now);
      const after = apart();
      zoom.by(after.far / Math.max(1, before.far), after.x, after.y, sizes());
      zoom.move(after.x - before.x, after.y - before.y, sizes());
      return draw();
    }
    fingers.set(event.pointerId, now);
    if (zoom.scale > 1) {
      zoom.move(now.x - last.x, now.y - last.y, sizes());
      draw();
    } else if (!pinched) image.style.transform = `translate(${now.x - from.x}px, ${Math.max(0, now.y - from.y)}px)`;
  });
  const lifted = (/** @type {PointerEvent} */ event) => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    fingers.delete(event.pointerId);
    if (fingers.size || pinched || zoom.scale > 1) return draw();
    const [dx, dy] = [last.x - from.x, last.y - from.y];
    if (event.type === "pointercancel") draw();
    else if (Math.abs(dx) > SWIPE && Math.abs(dx) > Math.abs(dy)) go(dx < 0 ? 1 : -1);
    else if (dy > SWIPE * 2 || (beside && Math.hypot(dx, dy) < SLOP)) close();
    else draw();
  };
  stage.addEventListener("pointerup", lifted);
  stage.addEventListener("pointercancel", lifted);
  stage.addEventListener("dblclick", (event) => {
    const { x, y } = place(event);
    zoom.by(zoom.scale > 1 ? 0 : DOUBLE, x, y, sizes());
    draw();
  });
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { x, y } = place(event);
      zoom.by(Math.exp(-event.deltaY / 300), x, y, sizes());
      draw();
    },
    { passive: false },
  );
}
