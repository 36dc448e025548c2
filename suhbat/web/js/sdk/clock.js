// The clock of the SDK. Tests inject a fake one.

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
