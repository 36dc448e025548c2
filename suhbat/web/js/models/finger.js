// What one finger does: a long press, or a drag along one axis. Touches in, actions out; no page and no clock.
//
// The first move beyond SLOP decides. A move along the axis, in a way that is allowed, is a drag, and everything else
// belongs to the browser, which scrolls. A finger that was given up stays given up until it is lifted.

const SLOP = 10; // px that a finger may tremble
const STEEP = 1.5; // how much longer the way along the axis must be than across it
const FLICK = 0.5; // px/ms at the end of a drag that complete it before the threshold
const FLICKED = 24; // px that a flick needs at least

/** How long a finger must rest for a long press, in milliseconds. */
export const LONG = 450;

/**
 * - `press`: a long press
 * - `drag`: the finger has moved `by` px along the axis; `ready`: lifting it now completes the drag
 * - `done`, `back`: the drag ended, completed or not
 * @typedef {{type: "press"} | {type: "drag", by: number, ready: boolean} | {type: "done"} | {type: "back"}} FingerAct
 */

export class Finger {
  /** @type {"up" | "waiting" | "pressed" | "dragging" | "given up"} */
  #state = "up";
  #from = { x: 0, y: 0 };
  #allowed = { press: true, drag: true };
  /** The way along the axis, and when: now and one move before. */
  #now = { by: 0, at: 0 };
  #before = { by: 0, at: 0 };

  /**
   * @param {"x" | "y"} axis
   * @param {() => 1 | -1} way whether a drag goes to higher or to lower coordinates
   * @param {number} threshold px that complete a drag
   * @param {{flick?: boolean}} [options] `flick`: a quick short drag is completed too
   */
  constructor(axis, way, threshold, { flick = false } = {}) {
    this.axis = axis;
    this.way = way;
    this.threshold = threshold;
    this.flick = flick;
  }

  /** Whether a long press may still come. */
  get waits() {
    return this.#state === "waiting" && this.#allowed.press;
  }

  /** Whether the finger has made a long press or a drag, so that lifting it is no tap. */
  get took() {
    return this.#state === "pressed" || this.#state === "dragging";
  }

  /**
   * A finger touches. A second finger ends what the first one began.
   * @param {number} x @param {number} y @param {{press?: boolean, drag?: boolean}} [allowed] @returns {FingerAct[]}
   */
  down(x, y, { press = true, drag = true } = {}) {
    if (this.#state !== "up") return this.#giveUp();
    this.#state = "waiting";
    this.#from = { x, y };
    this.#allowed = { press, drag };
    this.#now = this.#before = { by: 0, at: 0 };
    return [];
  }

  /** @param {number} x @param {number} y @param {number} at ms @returns {FingerAct[]} */
  move(x, y, at) {
    const [dx, dy] = [x - this.#from.x, y - this.#from.y];
    const [along, across] = this.axis === "x" ? [dx, dy] : [dy, dx];
    if (this.#state === "waiting") {
      if (Math.hypot(dx, dy) <= SLOP) return [];
      const drags = this.#allowed.drag && along * this.way() > Math.abs(across) * STEEP;
      this.#state = drags ? "dragging" : "given up";
    }
    if (this.#state !== "dragging") return [];
    this.#before = this.#now;
    this.#now = { by: Math.max(0, along * this.way()), at };
    return [{ type: "drag", by: this.#now.by, ready: this.#now.by >= this.threshold }];
  }

  /** The finger has rested for LONG ms. @returns {FingerAct[]} */
  rested() {
    if (!this.waits) return [];
    this.#state = "pressed";
    return [{ type: "press" }];
  }

  /** The finger is lifted. @returns {FingerAct[]} */
  up() {
    const dragged = this.#state === "dragging";
    this.#state = "up";
    return dragged ? [{ type: this.#now.by >= this.threshold || this.#flicked() ? "done" : "back" }] : [];
  }

  /** The browser takes the touch, for example to scroll. @returns {FingerAct[]} */
  cancel() {
    const acts = this.#giveUp();
    this.#state = "up";
    return acts;
  }

  #flicked() {
    const speed = (this.#now.by - this.#before.by) / Math.max(1, this.#now.at - this.#before.at);
    return this.flick && this.#now.by >= FLICKED && speed >= FLICK;
  }

  /** @returns {FingerAct[]} */
  #giveUp() {
    const dragged = this.#state === "dragging";
    this.#state = "given up";
    return dragged ? [{ type: "back" }] : [];
  }
}
