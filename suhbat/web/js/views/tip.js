// The tip at an element with `data-tip`: under the mouse after a moment, and with the focus of the keyboard at once. It
// can be hovered, and Escape closes it (WCAG 1.4.13). Unlike `title` it also serves people without a mouse.

import { h } from "./dom.js";

const AFTER = 300; // ms
const GAP = 2; // px

/** @param {HTMLElement} list the tips of the elements in it */
export function tips(list) {
  /** @type {HTMLElement | null} */
  let tip = null;
  /** @type {Element | null} */
  let at = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const hide = () => {
    clearTimeout(timer);
    tip?.remove();
    tip = at = null;
  };
  const show = (/** @type {HTMLElement} */ anchor) => {
    if (anchor === at) return;
    hide();
    at = anchor;
    // Its text is part of the accessible name of the element already.
    tip = h("div", { class: "tip", "aria-hidden": "true", on: { pointerleave: left } }, anchor.dataset.tip ?? "");
    document.body.append(tip);
    const place = anchor.getBoundingClientRect();
    const { width, height } = tip.getBoundingClientRect();
    const above = place.top - height - GAP;
    tip.style.top = `${above >= 0 ? above : place.bottom + GAP}px`;
    tip.style.left = `${Math.max(4, Math.min(place.left, innerWidth - width - 4))}px`;
  };
  const anchorOf = (/** @type {EventTarget | null} */ target) =>
    /** @type {HTMLElement | null} */ (/** @type {Element | null} */ (target)?.closest?.("[data-tip]") ?? null);
  /** The pointer leaves the element or the tip, and may enter the other. @param {PointerEvent} event */
  function left(event) {
    const to = /** @type {Node | null} */ (event.relatedTarget);
    if (!(to && (tip?.contains(to) || at?.contains(to)))) hide();
  }

  list.addEventListener("pointerover", (event) => {
    const anchor = anchorOf(event.target);
    if (event.pointerType === "touch") return;
    if (!anchor) return hide(); // also if the element was drawn again
    clearTimeout(timer);
    timer = setTimeout(() => anchor.isConnected && show(anchor), AFTER);
  });
  list.addEventListener("pointerout", (event) => anchorOf(event.target) && left(event));
  list.addEventListener("focusin", (event) => {
    const anchor = anchorOf(event.target);
    if (anchor?.matches(":focus-visible")) show(anchor);
  });
  list.addEventListener("focusout", hide);
  list.closest(".scroller")?.addEventListener("scroll", hide);
  list.addEventListener("click", hide);
  const escape = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && hide();
  document.addEventListener("keydown", escape);
  return () => {
    hide();
    document.removeEventListener("keydown", escape);
  };
}
