// A sheet that comes from below, for touch screens. It is closed by its grip, by a pull down, by Escape, by the back
// button and by a tap beside it.

import { Finger } from "../models/finger.js";
import { t } from "../text/languages.js";
import { h, set } from "./dom.js";
import { follow } from "./fingers.js";
import { float, sink } from "./floating.js";
import { modal } from "./modal.js";

/** @import { Child } from "./dom.js" */

const PULLED = 96; // px that close it

/** Whether the main pointer is a finger. */
export const touch = () => matchMedia("(pointer: coarse)").matches;

/**
 * Show a sheet. Returns a function that closes it.
 * @param {string} label @param {Child[]} children @param {Element | null} [from] gets the focus at the end
 */
export function sheet(label, children, from) {
  const body = h("div", { class: "sheet-body" }, ...children);
  const box = h(
    "dialog",
    { class: "sheet", "aria-label": label },
    h("button", { type: "button", class: "grip", "aria-label": t("close"), on: { click: () => close() } }),
    body,
  );
  const close = modal(box, { from: from ?? document.activeElement });
  pulled(box, close);
  // What scrolls keeps the finger; otherwise the finger pulls the sheet.
  const fit = () => body.classList.toggle("scrolls", body.scrollHeight > body.clientHeight);
  const sizes = new ResizeObserver(fit);
  for (const one of [body, ...body.children]) sizes.observe(one);
  return close;
}

/**
 * Show a box: on a touch screen as a sheet, elsewhere beside an element. Returns a function that closes it.
 * @param {string} label @param {HTMLElement} box @param {Element} anchor
 */
export function over(label, box, anchor) {
  if (touch()) return sheet(label, [box], anchor);
  set(box, { role: "dialog", "aria-label": label, tabindex: -1 });
  box.classList.add("floats");
  float(box, anchor);
  box.focus();
  return () => sink(box);
}

/** Let a finger pull the sheet down. @param {HTMLElement} box @param {() => void} close */
function pulled(box, close) {
  follow(
    box,
    new Finger("y", () => 1, PULLED, { flick: true }),
    (event) => ({ press: false, drag: !scrolls(event.target, box) }),
    (act) => {
      box.classList.toggle("pulling", act.type === "drag");
      box.style.setProperty("--pull", act.type === "drag" ? `${act.by}px` : "0px");
      if (act.type === "done") close();
    },
  );
}

/** Whether the touched part scrolls itself. @param {EventTarget | null} target @param {HTMLElement} box */
function scrolls(target, box) {
  for (let part = /** @type {Element | null} */ (target); part && part !== box; part = part.parentElement)
    if (part.scrollHeight > part.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(part).overflowY)) return true;
  return false;
}
