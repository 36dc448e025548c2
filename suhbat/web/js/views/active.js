// Tells the server whether somebody looks at the page. Each tab does so for itself, over the socket that all share.

import { Attention } from "../models/attention.js";
import { looksAnywhere, looksHere } from "./looking.js";

/** @import { App } from "../app.js" */

const TICK_MS = 10_000;
const OTHER_TAB_MS = 1000; // in which another tab may get the focus that this one lost
const USES = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

/** Until the returned function is called. @param {App} app @returns {() => void} */
export function tellActive(app) {
  const attention = new Attention();
  const over = new AbortController();
  const say = (/** @type {boolean} */ on) => void app.chat.command("active", { on }).catch(() => {});
  const tell = async () => {
    if (app.chat.status.state !== "online") return;
    const looks = attention.tell(performance.now());
    if (looks === null) return;
    // If somebody looks at another tab now, that tab goes on saying so.
    if (looks || looksHere() || !(await looksAnywhere())) say(looks);
  };
  const moved = () => {
    attention.focus(looksHere(), performance.now());
    setTimeout(() => void tell(), looksHere() ? 0 : OTHER_TAB_MS);
  };
  const options = { signal: over.signal };
  for (const name of ["focus", "blur"]) addEventListener(name, moved, options);
  document.addEventListener("visibilitychange", moved, options);
  const used = () => attention.used(performance.now());
  for (const name of USES) addEventListener(name, used, { ...options, passive: true, capture: true });
  const timer = setInterval(() => void tell(), TICK_MS);
  const end = app.on("status", () => {
    attention.renew();
    void tell();
  });
  moved();
  return () => {
    over.abort();
    clearInterval(timer);
    end();
  };
}
