// Above the composer: why the messages that wait here wait, and how long, counting down.

import { t } from "../text/languages.js";
import { countdown } from "../text/time.js";
import { h, icon } from "./dom.js";

/** @import { App } from "../app.js" */

export const SHORT = 1500; // ms; a shorter wait is not shown

/** @param {App} app @param {string} conversation */
export function heldNote(app, conversation) {
  const why = h("span", { "aria-live": "polite" });
  const left = h("span", { role: "timer" }); // it is not announced every second
  const element = h("p", { class: "composer-note held", hidden: true }, icon("clock"), why, left);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const look = () => {
    clearTimeout(timer);
    const waiting = app.pending.in(conversation).some(({ error }) => !error);
    const wait = waiting ? app.chat.held(conversation) : 0;
    if (element.hidden && wait < SHORT) return;
    element.hidden = wait <= 0;
    const reason = t(app.chat.conversations.get(conversation)?.slow_mode ? "held.slow" : "held.wait");
    if (why.textContent !== reason) why.textContent = reason;
    left.textContent = t("held.left", { time: countdown(Math.ceil(wait / 1000)) });
    if (wait > 0) timer = setTimeout(look, wait % 1000 || 1000);
  };
  const end = app.on("pending", (/** @type {string} */ name) => name === conversation && look());
  look();
  return { element, end: () => (end(), clearTimeout(timer)) };
}
