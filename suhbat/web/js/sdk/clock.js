// The time as the SDK sees it; tests have another one.

/** @import { Clock } from "./types.js" */

/** @type {Clock} */
export const systemClock = {
  steady: () => performance.now(),
  wall: () => Date.now(),
  after(milliseconds, action) {
    const timer = setTimeout(action, milliseconds);
    return () => clearTimeout(timer);
  },
};
