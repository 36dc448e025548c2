// A secret that the server shows only once: a token, or an address that must stay secret.

import { t } from "../text/languages.js";
import { copy } from "./clipboard.js";
import { dialog, toast } from "./dialog.js";
import { h, icon } from "./dom.js";
import { field, form } from "./form.js";

/** @import { Child } from "./dom.js" */

/**
 * `tries`: a command line that uses it.
 * @typedef {{label: string, value: string, hint: string, tries?: string}} Secret
 */

/** @param {string} title @param {Secret} secret */
export function showSecret(title, secret) {
  const place = h("div", { class: "secret" });
  const { close } = dialog(title, [place], { firm: true });
  fillWith(place, secret, () => close());
}

/**
 * A dialog with a form that makes a secret, which then stands in its place. `go`: its button says what it does.
 * @param {{title: string, go: string}} texts @param {Child[]} fields
 * @param {(values: Record<string, string>, form: HTMLFormElement) => Promise<Secret>} make its error is shown
 */
export function secretDialog({ title, go }, fields, make) {
  const place = h("div", { class: "secret", hidden: true });
  const ask = form(fields, go, async (values, box) => {
    const secret = await make(values, box);
    ask.hidden = true;
    place.hidden = false;
    fillWith(place, secret, () => close());
  });
  const { close } = dialog(title, [ask, place], { firm: true });
}

/** @param {HTMLElement} place @param {Secret} secret @param {() => void} close */
function fillWith(place, { label, value, hint, tries }, close) {
  const shown = h("input", {
    readonly: true,
    value,
    autocomplete: "off",
    on: { focus: (/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).select() },
  });
  const take = copyButton(t("secret.copy"), value, "primary");
  const done = h("button", { type: "button", on: { click: close } }, t("secret.done"));
  const buttons = (/** @type {Node[]} */ ...all) => h("div", { class: "buttons" }, ...all);
  place.replaceChildren(
    field(label, shown),
    h("p", { class: "hint" }, hint),
    ...(tries ? [buttons(take), tryNode(tries), buttons(done)] : [buttons(take, done)]),
  );
  shown.focus();
}

/** @param {string} line */
const tryNode = (line) =>
  h(
    "div",
    { class: "try" },
    h("span", { class: "label" }, t("secret.try")),
    h("pre", { tabindex: 0, role: "group", "aria-label": t("secret.try") }, h("code", {}, line)),
    copyButton(t("secret.try.copy"), line),
  );

/** @param {string} label @param {string} text @param {string} [kind] */
function copyButton(label, text, kind = "") {
  const take = () =>
    copy(text).then(
      () => toast(t("copied"), null, { seconds: 3 }),
      () => toast(t("error.unexpected")),
    );
  return h("button", { type: "button", class: kind, on: { click: () => void take() } }, icon("copy"), label);
}
