// A strip that asks once whether to switch on notifications. It comes when the user has written something and may wait
// for an answer, and never again after a no.

import { t } from "../text/languages.js";
import { onPreferences, prefer, preferences } from "../storage/preferences.js";
import { standingHere } from "./abilities.js";
import { toast } from "./dialog.js";
import { h, icon } from "./dom.js";
import { isOn, switchOn } from "./notifications.js";

/** @import { App } from "../app.js" */

/** @param {App} app */
export function notifyOffer(app) {
  const text = t(app.me.kind === "account" ? "notify.offer" : "notify.offer.open");
  const button = (/** @type {string} */ label, /** @type {() => void} */ act, /** @type {string} */ kind = "") =>
    h("button", { type: "button", class: kind, on: { click: act } }, label);
  const yes = button(t("notify.offer.yes"), () => void accept(), "primary");
  const no = button(t("notify.offer.no"), decline);
  const element = h("div", { class: "offer", role: "status", hidden: true });

  async function accept() {
    const on = await switchOn(app, true);
    hide();
    toast(t(on ? "notify.offer.done" : "notify.denied"));
  }
  function decline() {
    prefer({ uninvited: true });
    hide();
    toast(t("notify.offer.later"));
  }
  function hide() {
    const focused = element.contains(document.activeElement);
    element.hidden = true;
    element.replaceChildren();
    if (focused && !matchMedia("(pointer: coarse)").matches) document.getElementById("composer")?.focus();
  }
  const may = () => !preferences().uninvited && !isOn(app) && standingHere() === "ask";
  const ends = [
    app.chat.on("event", (/** @type {any} */ event) => {
      const written = event.type === "message.created" && event.actor_uid === app.me.uid;
      if (!written || !element.hidden || app.chat.status.state !== "online" || !may()) return;
      element.hidden = false;
      element.replaceChildren(h("p", {}, icon("bell"), text), h("div", { class: "buttons" }, yes, no));
    }),
    onPreferences(() => element.hidden || may() || hide()),
  ];
  return { element, end: () => ends.forEach((end) => end()) };
}
