// A row of buttons that is one stop for the Tab key. The arrow keys move along it.

/** @param {HTMLElement} bar its children are the buttons */
export function roving(bar) {
  const buttons = () => /** @type {HTMLElement[]} */ ([...bar.children]);
  const mark = (/** @type {Element} */ at) => {
    for (const one of buttons()) one.tabIndex = one === at ? 0 : -1;
  };
  if (bar.firstElementChild) mark(bar.firstElementChild);
  bar.addEventListener("focusin", (event) => {
    const one = buttons().find((button) => button.contains(/** @type {Node} */ (event.target)));
    if (one) mark(one);
  });
  bar.addEventListener("keydown", (event) => {
    const all = buttons().filter((one) => one.offsetParent); // where there is little room, some are not displayed
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    all[(next + all.length) % all.length].focus();
  });
  return bar;
}
