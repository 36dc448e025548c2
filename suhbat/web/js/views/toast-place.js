// Where notes are shown: at the lower edge, or below the bar of an open conversation, whose lower end has the newest
// message and the message field.

/** @param {HTMLElement} shell @param {HTMLElement} notices what stands above the bar */
export function placeToasts(shell, notices) {
  const root = document.documentElement;
  const place = () => {
    root.classList.toggle("in-conversation", shell.dataset.pane === "conversation");
    root.style.setProperty("--notices", `${notices.offsetHeight}px`);
  };
  const panes = new MutationObserver(place);
  const sizes = new ResizeObserver(place);
  panes.observe(shell, { attributeFilter: ["data-pane"] });
  sizes.observe(notices);
  return () => {
    panes.disconnect();
    sizes.disconnect();
    root.classList.remove("in-conversation");
  };
}
