// Dialogs, menus and short notes above the page. They close by Escape and return the focus.

import { t } from "../text/languages.js";
import { h, icon, iconButton } from "./dom.js";
import { float, sink } from "./floating.js";
import { remembered } from "./focus.js";
import { modal } from "./modal.js";

/** @import { Child } from "./dom.js" */

/**
 * A modal dialog with a heading. Returns the dialog and a function that closes it.
 * @param {string} title
 * @param {Child[]} children
 * @param {{class?: string, onclose?: () => void, firm?: boolean}} [options] `firm`: a click beside it does not close it
 */
export function dialog(title, children, options = {}) {
  const box = h(
    "dialog",
    { class: `dialog ${options.class ?? ""}`, "aria-label": title },
    h(
      "header",
      { class: "dialog-head" },
      h("h2", {}, title),
      iconButton("close", t("close"), () => close()),
    ),
    h("div", { class: "dialog-body" }, ...children),
  );
  const close = modal(box, { onclose: options.onclose, firm: options.firm });
  // The browser focuses the button that closes it. In a form people begin with the first field.
  /** @type {HTMLElement | null} */ (box.querySelector(".dialog-body > form input"))?.focus();
  return { box, close };
}

/** Ask before an action that cannot be undone. @param {string} title @param {string} text @param {string} yes */
export function confirm(title, text, yes) {
  return new Promise((/** @type {(agreed: boolean) => void} */ resolve) => {
    let agreed = false;
    const agree = () => {
      agreed = true;
      close();
    };
    const { close } = dialog(
      title,
      [
        h("p", {}, text),
        h(
          "div",
          { class: "buttons" },
          h("button", { type: "button", on: { click: () => close() } }, t("cancel")),
          h("button", { type: "button", class: "danger", autofocus: true, on: { click: agree } }, yes),
        ),
      ],
      { class: "small", onclose: () => resolve(agreed) },
    );
  });
}

/**
 * `checked`: it is one of several choices, of which one holds.
 * @typedef {{label: string, icon: Parameters<typeof icon>[0], act: () => void, danger?: boolean, checked?: boolean}}
 *   MenuItem
 */

/**
 * A menu of actions beside an element.
 * @param {Element} anchor
 * @param {MenuItem[]} items
 * @param {string} [title] what is chosen
 */
export function menu(anchor, items, title = "") {
  const list = h("div", { class: "menu", role: "menu", "aria-label": title || null });
  if (title) list.append(h("p", { class: "menu-title", role: "presentation" }, title));
  for (const item of items) {
    const act = () => {
      sink(list);
      item.act();
    };
    list.append(
      h(
        "button",
        {
          type: "button",
          role: item.checked === undefined ? "menuitem" : "menuitemradio",
          "aria-checked": item.checked === undefined ? null : String(item.checked),
          class: item.danger ? "danger" : "",
          on: { click: act },
        },
        icon(item.icon),
        item.label,
      ),
    );
  }
  list.addEventListener("keydown", (event) => {
    const buttons = [...list.querySelectorAll("button")];
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    if (event.key === "Tab") return sink(list); // which goes on from the anchor
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return undefined;
    event.preventDefault();
    return buttons[(next + buttons.length) % buttons.length].focus();
  });
  float(list, anchor);
  const first = list.querySelector('[aria-checked="true"]') ?? list.querySelector("button");
  /** @type {HTMLElement | null} */ (first)?.focus();
}

/**
 * A note that closes by itself. It may offer an action, such as undo. The same note without an action is shown once.
 * @param {string} text
 * @param {{label: string, act: () => void} | null} [action]
 * @param {{seconds?: number, focus?: boolean, ongone?: () => void}} [options] `focus`: move the focus to the action; it
 *   returns when the note closes
 */
export function toast(text, action = null, { seconds = 6, focus = false, ongone = () => {} } = {}) {
  const place =
    document.getElementById("toasts") ?? document.body.appendChild(h("div", { id: "toasts", role: "status" }));
  // A modal dialog makes the page behind it inert, so the note is shown inside the open dialog, the topmost one.
  const box = /** @type {HTMLDialogElement | undefined} */ ([...document.querySelectorAll("dialog[open]")].at(-1));
  if (box?.matches(".dialog")) hold(box);
  (box ?? document.body).append(place);
  if (!action) [...place.children].find((one) => one.textContent === text)?.remove();
  const back = remembered();
  let done = false;
  const gone = (/** @type {boolean} */ told) => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    const focused = note.contains(document.activeElement);
    note.remove();
    if (!place.childElementCount) place.closest(".dialog")?.removeAttribute("style");
    if (focused) back();
    if (told) ongone();
  };
  const act = () => {
    gone(false);
    action?.act();
  };
  const button = action && h("button", { type: "button", on: { click: act } }, action.label);
  const note = h("div", { class: "toast" }, h("span", {}, text), button);
  const timer = setTimeout(() => gone(true), seconds * 1000);
  place.append(note);
  if (focus) button?.focus();
  return () => gone(true);
}

/**
 * A dialog grows downwards for its notes, so that what somebody is about to press stays where it is.
 * @param {HTMLElement} box
 */
function hold(box) {
  const { top } = box.getBoundingClientRect();
  box.style.marginTop = `${top}px`;
  box.style.maxHeight = `calc(100dvh - ${top}px${top > 0 ? " - 1rem" : ""})`;
}
