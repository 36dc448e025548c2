// What an outgoing webhook sent, and what the program answered.

import { t } from "../text/languages.js";
import { moment } from "../text/time.js";
import { dialog, toast } from "./dialog.js";
import { h, icon } from "./dom.js";
import { sentence } from "./form.js";
import { fill } from "./loading.js";
import { titleOf } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { Delivery, NoAnswer, OutgoingHook } from "../sdk/hooks.js" */

/** @param {string} type */
export const eventName = (type) => t(`event.${type}`);

/** Why a program did not answer. @param {NoAnswer} reason */
export const whyNot = (reason) => t(`deliveries.why.${reason}`);

/** @param {App} app @param {OutgoingHook} hook */
export function deliveries(app, hook) {
  const list = h("ul", { class: "sessions deliveries" });
  const draw = () =>
    fill(list, async () => (await app.chat.hooks.deliveries(hook.id)).map(row), { empty: t("deliveries.none") });
  const trial = async () => {
    if (test.getAttribute("aria-busy")) return;
    test.setAttribute("aria-busy", "true");
    await app.chat.hooks.test(hook.id).catch((error) => toast(sentence(error)));
    test.removeAttribute("aria-busy");
    await draw();
  };
  const test = h("button", { type: "button", on: { click: () => void trial() } }, icon("send"), t("deliveries.test"));
  const renew = h("button", { type: "button", on: { click: () => void draw() } }, icon("again"), t("deliveries.renew"));
  dialog(`${t("deliveries")}: ${hook.name}`, [h("div", { class: "buttons" }, test, renew), list], { class: "wide" });
  void draw();

  /** @param {Delivery} one @returns {HTMLElement} */
  function row(one) {
    const { n, event, status, reason, attempts, at } = one;
    const fine = status >= 200 && status < 300;
    const state = app.chat.conversations.get(one.conversation);
    const about = [
      state && titleOf(app, state),
      moment(new Date(at)),
      attempts > 1 && t("deliveries.attempts", { n: attempts }),
      planned(one),
    ];
    const again = async () => {
      if (button.getAttribute("aria-busy")) return;
      button.setAttribute("aria-busy", "true");
      try {
        const drawn = row(await app.chat.hooks.again(hook.id, n));
        const focused = item.contains(document.activeElement);
        item.replaceWith(drawn);
        if (focused) drawn.querySelector("button")?.focus();
      } catch (error) {
        button.removeAttribute("aria-busy");
        toast(sentence(error));
      }
    };
    const button = h("button", { type: "button", on: { click: () => void again() } }, t("deliveries.again"));
    const item = h(
      "li",
      {},
      h("span", { class: fine ? "status fine" : "status bad" }, status ? String(status) : t("deliveries.silent")),
      h(
        "span",
        { class: "names" },
        h("strong", {}, eventName(event)),
        h("small", {}, about.filter(Boolean).join(" · ")),
        reason && h("small", { class: "state bad" }, whyNot(reason)),
      ),
      button,
    );
    return item;
  }
}

/** When it is sent again by itself. @param {Delivery} one */
function planned({ next_at }) {
  if (!next_at) return "";
  const date = new Date(next_at);
  return Date.now() >= date.getTime() ? t("deliveries.next.now") : t("deliveries.next", { time: moment(date) });
}
