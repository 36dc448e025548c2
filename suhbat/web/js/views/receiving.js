// Files that are dropped or pasted, and the parts of the page that take them: a conversation, a thread, a picture.

import { Drag, pasteTarget } from "../models/receiving.js";
import { t } from "../text/languages.js";
import { given, pasted } from "./attach.js";
import { toast } from "./dialog.js";
import { h } from "./dom.js";

/** @import { Take } from "./attach.js" */

/**
 * @typedef {object} Receiver
 * @property {Take} take
 * @property {() => string | null} refusal why it takes no files now, for people; "" if there is nothing to say; null if
 *   it takes them
 * @property {string} [text] what stands over it while files are dragged
 * @property {HTMLElement} [field] a paste into it is one for this part
 */

/** @typedef {Receiver & {cover: HTMLElement}} Part */

/** The parts by their elements, which have the attribute `data-receives`. @type {WeakMap<Element, Part>} */
const parts = new WeakMap();

let listens = false;

/**
 * Files that are dropped on an element, or pasted in it, go to this receiver.
 * @param {HTMLElement} element @param {Receiver} receiver
 */
export function receive(element, receiver) {
  const cover = h("div", { class: "drop", hidden: true }, h("p", {}));
  element.append(cover);
  element.dataset.receives = "";
  parts.set(element, { ...receiver, cover });
  if (listens) return;
  listens = true;
  followDrags();
  document.addEventListener("paste", paste);
}

/** @param {EventTarget | null} target an element, in Firefox also a text */
function partOf(target) {
  const element = target instanceof Element ? target : target instanceof Node ? target.parentElement : null;
  const receiver = element?.closest("[data-receives]");
  return (receiver && parts.get(receiver)) ?? null;
}

function followDrags() {
  /** @type {Drag<EventTarget | null, Part>} */
  const drag = new Drag(partOf, (over, before) => {
    if (before) before.cover.hidden = true;
    const refusal = over?.refusal();
    if (!over || refusal === "") return;
    over.cover.classList.toggle("refuses", typeof refusal === "string");
    /** @type {HTMLElement} */ (over.cover.firstElementChild).textContent = refusal ?? over.text ?? t("file.drop");
    over.cover.hidden = false;
  });
  const carries = (/** @type {DragEvent} */ { dataTransfer }) => dataTransfer?.types.includes("Files") ?? false;
  const at = (/** @type {DragEvent} */ event) => {
    if (!carries(event) || !event.dataTransfer) return;
    drag.at(event.target);
    // Where nobody takes them, the browser would open a dropped file in place of the page.
    event.preventDefault();
    event.dataTransfer.dropEffect = drag.over?.refusal() === null ? "copy" : "none";
  };
  const drop = (/** @type {DragEvent} */ event) => {
    const part = partOf(event.target);
    drag.end();
    if (!carries(event) || !event.dataTransfer) return;
    event.preventDefault();
    if (part?.refusal() === null) dropped(event.dataTransfer, part);
  };
  document.addEventListener("dragenter", at);
  document.addEventListener("dragover", at);
  document.addEventListener("dragleave", (event) => drag.leave(event.target));
  document.addEventListener("drop", drop);
  // While something is dragged there are no other events of the pointer or of keys.
  for (const name of ["pointermove", "pointerdown", "keydown"]) {
    document.addEventListener(name, () => drag.end(), { capture: true, passive: true });
  }
  addEventListener("blur", () => drag.end());
}

/** @param {DataTransfer} data @param {Part} part */
function dropped(data, { take }) {
  const isFolder = [...data.items].map((item) => item.webkitGetAsEntry?.()?.isDirectory === true);
  const files = given(data.files).filter((_, at) => !isFolder[at]);
  if (isFolder.includes(true)) toast(t("file.folder"));
  if (files.length) take(files);
}

/** Whether an element can be used, and nothing lies over it. @param {Element} element */
function isShown(element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  const there = document.elementFromPoint(left + width / 2, top + height / 2);
  return there !== null && element.contains(there) && !element.closest("[inert]");
}

/** @param {ClipboardEvent} event */
function paste(event) {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const focused = document.activeElement === document.body ? null : document.activeElement;
  // With a selection in a text, the paste comes there, and nothing has the focus.
  const place = focused ?? (event.target === document.body ? null : event.target);
  const isField = place instanceof Element && place.matches("input, textarea, select");
  const all = [...document.querySelectorAll("[data-receives]")].flatMap((element) => {
    const part = /** @type {Part} */ (parts.get(element));
    const holds = place instanceof Node && element.contains(place);
    if (part.refusal() === "") return []; // somebody else may have it
    return [{ part, holds, shown: isShown(element), field: place !== null && place === part.field }];
  });
  const part = pasteTarget(all, isField);
  const files = part ? pasted(event) : [];
  if (!part || !files.length) return;
  const refusal = part.refusal();
  if (refusal) toast(refusal);
  if (refusal !== null) return;
  event.preventDefault();
  part.take(files);
}
