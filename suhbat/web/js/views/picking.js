// The parts of a dialog in which people or conversations are picked: the field, a row of the list, what was picked.

import { t } from "../text/languages.js";
import { h, icon } from "./dom.js";

/** @import { Child } from "./dom.js" */

/** The field that finds them. @param {string} label @param {Record<string, (event: any) => void>} on */
export const pickInput = (label, on) =>
  h("input", {
    type: "text",
    maxlength: 64,
    autocapitalize: "none",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": label,
    placeholder: label,
    on,
  });

/**
 * @param {{picked: boolean, data: Record<string, string>, act: () => void}} of `data`: what names it
 * @param {Element} face @param {...Child} names
 */
export const pickRow = ({ picked, data, act }, face, ...names) =>
  h(
    "li",
    { class: "member" },
    h(
      "button",
      { type: "button", class: "who", "aria-pressed": String(picked), data, on: { click: act } },
      face,
      h("span", { class: "names" }, ...names),
      icon("check"),
    ),
  );

/** One that was picked, as a button that takes it out again. @param {string} name @param {() => void} act */
export const pickChip = (name, act) =>
  h(
    "button",
    { type: "button", class: "chip", "aria-label": `${t("people.drop")}: ${name}`, on: { click: act } },
    h("bdi", {}, name),
    icon("close"),
  );
