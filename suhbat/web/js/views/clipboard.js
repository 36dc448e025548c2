// Copying. Browsers offer the clipboard API over https and on localhost only; other pages use `execCommand`.

import { h } from "./dom.js";

/** @param {string} text */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "offscreen";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/**
 * Copy selected messages with the names in them as they were typed, so that they are mentions where they are pasted.
 * A listener of the event `copy`. @param {ClipboardEvent} event
 */
export function copyMessages(event) {
  const selection = getSelection();
  if (!selection?.rangeCount || !event.clipboardData) return;
  const copied = h("div", { class: "unseen" }, selection.getRangeAt(0).cloneContents());
  const names = /** @type {NodeListOf<HTMLElement>} */ (copied.querySelectorAll(".mention[data-name]"));
  if (!names.length) return;
  for (const one of names) one.replaceWith(`@${one.dataset.name}`);
  for (const one of copied.querySelectorAll("[aria-hidden]")) one.remove();
  document.body.append(copied); // only shown text has lines
  event.clipboardData.setData("text/plain", copied.innerText);
  copied.remove();
  event.preventDefault();
}
