// What fingers and the mouse do with a large picture: swipe to the next one, pull down to close, pinch, drag while it
// is zoomed, two taps. Touches in, actions out; no page and no clock. Points are in CSS pixels from the middle of the
// stage.

/** @import { Sizes, Zoom } from "./zoom.js" */

const SLOP = 8; // px that a finger may tremble
const SWIPE = 60; // px that complete a swipe
const PULL = 120; // px that complete a pull
const FLICK = 0.5; // px/ms at the end that complete a shorter one
const FLICKED = 24; // px that a flick needs at least
const TWICE = 350; // ms between two taps that belong together
const NEAR = 40; // px between them
const RESISTS = 4; // where there is no further picture, it follows the finger by a part of the way

/**
 * - `draw`: the zoom changed, or a drag ended without effect
 * - `drag`: the whole picture follows the finger; `pull`: the part of a pull that is done, 0 to 1
 * - `go`: to the next picture, or to the one before
 * - `close`: a pull is completed
 * - `beside`: a tap beside the picture
 * @typedef {{type: "draw"} | {type: "drag", x: number, y: number, pull: number} | {type: "go", step: 1 | -1}
 *   | {type: "close"} | {type: "beside"}} PictureAct
 */

/** @typedef {{x: number, y: number}} Point */

export class PictureTouch {
  /** @type {Map<number, Point>} */
  #fingers = new Map();
  /** @type {"waiting" | "aside" | "pull" | "pan" | "pinch" | "nothing"} */
  #does = "nothing";
  #from = { x: 0, y: 0 };
  #beside = false;
  /** The way along the axis of a drag, and when: now and one move before. */
  #now = { by: 0, at: 0 };
  #before = { by: 0, at: 0 };
  /** The last tap. */
  #tap = { x: 0, y: 0, at: -Infinity };

  /**
   * @param {Zoom} zoom
   * @param {{sizes: () => Sizes, more: (step: 1 | -1) => boolean}} about `more`: whether there is a picture to go to
   */
  constructor(zoom, { sizes, more }) {
    this.zoom = zoom;
    this.sizes = sizes;
    this.more = more;
  }

  /**
   * @param {number} id of the pointer @param {Point} place @param {boolean} beside whether it is beside the picture
   * @returns {PictureAct[]}
   */
  down(id, place, beside) {
    this.#fingers.set(id, place);
    if (this.#fingers.size > 1) {
      this.#does = "pinch"; // what one finger began goes back
      return [{ type: "draw" }];
    }
    [this.#does, this.#from, this.#beside] = ["waiting", place, beside];
    this.#now = this.#before = { by: 0, at: 0 };
    return [];
  }

  /** @param {number} id @param {Point} place @param {number} at ms @returns {PictureAct[]} */
  move(id, place, at) {
    const last = this.#fingers.get(id);
    if (!last) return [];
    const before = this.#middle();
    this.#fingers.set(id, place);
    if (this.#fingers.size > 1) {
      const { x, y, far } = this.#middle();
      this.zoom.by(far / Math.max(1, before.far), before.x, before.y, this.sizes());
      this.zoom.move(x - before.x, y - before.y, this.sizes());
      return [{ type: "draw" }];
    }
    const waited = this.#does === "waiting";
    if (waited) this.#does = this.#begun(place);
    if (this.zoom.scale > 1 && (this.#does === "pan" || this.#does === "pinch")) {
      const from = waited ? this.#from : last;
      this.zoom.move(place.x - from.x, place.y - from.y, this.sizes());
      return [{ type: "draw" }];
    }
    const [x, y] = [place.x - this.#from.x, place.y - this.#from.y];
    if (this.#does === "aside") {
      this.#moved(x, at);
      return [{ type: "drag", x: this.more(x < 0 ? 1 : -1) ? x : x / RESISTS, y: 0, pull: 0 }];
    }
    if (this.#does !== "pull") return [];
    this.#moved(y, at);
    return [{ type: "drag", x, y: Math.max(0, y), pull: Math.min(1, Math.max(0, y) / PULL) }];
  }

  /** @param {number} id @param {number} at ms @returns {PictureAct[]} */
  up(id, at) {
    const last = this.#fingers.get(id);
    this.#fingers.delete(id);
    if (!last || this.#fingers.size) return [];
    const { by } = this.#now;
    const step = by < 0 ? 1 : -1;
    switch (this.#does) {
      case "waiting":
        return this.#tapped(last, at);
      case "aside":
        return this.#completes(SWIPE) && this.more(step) ? [{ type: "go", step }] : [{ type: "draw" }];
      case "pull":
        return by > 0 && this.#completes(PULL) ? [{ type: "close" }] : [{ type: "draw" }];
      default:
        return [];
    }
  }

  /** The browser takes the touch. @param {number} id @returns {PictureAct[]} */
  cancel(id) {
    if (!this.#fingers.delete(id)) return [];
    this.#does = this.#fingers.size ? "pinch" : "nothing";
    return [{ type: "draw" }];
  }

  /** What a finger that has moved does. @param {Point} place */
  #begun({ x, y }) {
    const [dx, dy] = [Math.abs(x - this.#from.x), y - this.#from.y];
    if (Math.hypot(dx, dy) <= SLOP) return "waiting";
    if (this.zoom.scale > 1) return "pan";
    return dx > Math.abs(dy) ? "aside" : dy > 0 ? "pull" : "nothing";
  }

  /** @param {number} by @param {number} at */
  #moved(by, at) {
    this.#before = this.#now;
    this.#now = { by, at };
  }

  /** Whether the drag went far enough, or was quick enough at its end. @param {number} threshold px */
  #completes(threshold) {
    const [{ by, at }, before] = [this.#now, this.#before];
    const speed = ((by - before.by) * Math.sign(by)) / Math.max(1, at - before.at);
    return Math.abs(by) >= threshold || (Math.abs(by) >= FLICKED && speed >= FLICK);
  }

  /** @param {Point} place @param {number} at @returns {PictureAct[]} */
  #tapped({ x, y }, at) {
    if (this.#beside) return [{ type: "beside" }];
    const tap = this.#tap;
    const again = at - tap.at <= TWICE && Math.hypot(x - tap.x, y - tap.y) <= NEAR;
    this.#tap = { x, y, at: again ? -Infinity : at };
    if (!again) return [];
    this.zoom.toggle(x, y, this.sizes());
    return [{ type: "draw" }];
  }

  /** Of the first two fingers: the place between them, and how far they are apart. */
  #middle() {
    const [one, other = one] = this.#fingers.values();
    return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, far: Math.hypot(one.x - other.x, one.y - other.y) };
  }
}
