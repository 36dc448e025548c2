// Where the focus returns to when a dialog, a menu or a note closes.

/**
 * Remember the element with the focus, or `from`. Returns a function that gives the focus back: to the element, or if
 * it was drawn again, to its row, or else to the open conversation.
 * @param {Element | null} [from]
 */
export function remembered(from = document.activeElement) {
  const key = /** @type {HTMLElement | null} */ (from?.closest("[data-key]"))?.dataset.key;
  const list = from?.closest(".rows, .lists"); // a message may be in a conversation and in a thread
  return () => {
    if (from instanceof HTMLElement && from !== document.body && isShown(from)) return from.focus();
    const row =
      key === undefined ? null : (list?.isConnected ? list : document).querySelector(`[data-key="${CSS.escape(key)}"]`);
    const near = row?.querySelector("a") ?? row ?? conversation();
    if (near instanceof HTMLElement) near.focus({ preventScroll: true });
    return undefined;
  };
}

/** The message field; on a touch screen, where that would open the keyboard, the messages. */
const conversation = () =>
  document.querySelector(matchMedia("(pointer: coarse)").matches ? ".scroller" : "#composer:not(:disabled)") ??
  document.querySelector(".scroller");

/** @param {HTMLElement} element */
const isShown = (element) => element.isConnected && element.getClientRects().length > 0;
