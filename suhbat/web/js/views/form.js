// Forms: labelled fields, one place for the error, and no second submit during the first.

import { t } from "../text/languages.js";
import { h } from "./dom.js";

/** @import { Child } from "./dom.js" */

/** @param {string} label @param {HTMLElement} input @param {string} [hint] */
export function field(label, input, hint = "") {
  return h("label", { class: "field" }, h("span", { class: "label" }, label), input, hint && h("small", {}, hint));
}

/** @param {Record<string, any>} [props] */
export const nameInput = (props = {}) =>
  h("input", {
    name: "user_id",
    required: true,
    maxlength: 32,
    autocapitalize: "none",
    spellcheck: "false",
    autocomplete: "username",
    ...props,
  });

/** @param {"new-password" | "current-password"} kind @param {Record<string, any>} [props] */
export const passwordInput = (kind, props = {}) =>
  h("input", {
    type: "password",
    name: kind === "new-password" ? "new_password" : "password",
    required: true,
    minlength: kind === "new-password" ? 8 : null,
    maxlength: 256,
    autocomplete: kind,
    ...props,
  });

/**
 * @param {Child[]} children
 * @param {string} button
 * @param {(values: Record<string, string>, form: HTMLFormElement) => Promise<unknown>} submit its error is shown
 * @param {{danger?: boolean}} [options] `danger`: it cannot be undone
 */
export function form(children, button, submit, { danger = false } = {}) {
  const wrong = h("p", { class: "wrong", role: "alert" });
  const go = h("button", { class: danger ? "danger" : "primary" }, button);
  const box = h("form", { class: "form", on: { submit: sent } }, ...children, wrong, go);
  /** @param {SubmitEvent} event */
  async function sent(event) {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    wrong.textContent = "";
    try {
      const values = Object.fromEntries([...new FormData(box)].map(([name, value]) => [name, String(value)]));
      await submit(values, box);
    } catch (error) {
      wrong.textContent = sentence(error);
    } finally {
      go.disabled = false;
    }
  }
  return box;
}

/**
 * The text to show for an error: the server's sentence, or that the server cannot be reached. Never a bare code.
 * @param {unknown} error
 */
export function sentence(error) {
  const { name = "", message = "", code = null } = /** @type {Error & {code?: unknown}} */ (error ?? {});
  if (name === "Refused" && message && message !== code) return message;
  if (name === "Unreachable" || name === "Closed") return t("error.unreachable");
  if (name !== "Refused") console.error(error);
  return t("error.unexpected");
}
