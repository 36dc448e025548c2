// The offline banner. It appears after a short delay and shows the time of the next attempt and a button to retry.

import { t } from "../text/languages.js";
import { h } from "./dom.js";

/** @import { App } from "../app.js" */

const QUIET = 2000; // ms offline before the page says so
const TICK = 1000;

/** How long, in ms, the page still says nothing; Infinity with a connection. @param {App} app */
export function quiet(app) {
  const { state, since } = app.chat.status;
  return state === "online" || state === "closed" ? Infinity : since + QUIET - Date.now();
}

/** @param {App} app */
export function banner(app) {
  const text = h("span", {});
  const now = h("button", { type: "button", on: { click: () => app.chat.retryNow() } }, t("offline.now"));
  const element = h("div", { class: "banner", role: "status", hidden: true }, text, now);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  const look = () => {
    const { retryAt } = app.chat.status;
    clearInterval(timer);
    const wait = quiet(app);
    if (wait > 0) {
      if (wait === Infinity) element.hidden = true;
      else timer = setInterval(look, wait);
      return;
    }
    const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
    element.hidden = false;
    text.textContent = seconds ? t("offline.retry", { n: seconds }) : t("offline.connecting");
    now.hidden = !seconds;
    timer = setInterval(look, TICK);
  };
  const end = app.on("status", look);
  look();
  return { element, end: () => (end(), clearInterval(timer)) };
}
