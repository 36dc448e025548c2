// What is being pressed. An element that is drawn again between press and release, or that moves away, gets no click.
// So lists that change by themselves, such as when a name or a reaction comes, are drawn after the release.

/** @type {Element | null} */
let held = null;
/** What to draw after the release, by list. @type {Map<Element, () => void>} */
const waiting = new Map();
let frame = 0;

const hold = (/** @type {Event} */ { target }) => void (held = target instanceof Element ? target : null);

/** The click is told after the release, and what it does is drawn at once; the rest in the next frame. */
function soon() {
  frame ||= requestAnimationFrame(released);
}

function released() {
  cancelAnimationFrame(frame);
  frame = 0;
  held = null;
  const all = [...waiting];
  waiting.clear();
  for (const [list, draw] of all) if (list.isConnected) draw();
}

/** Follow presses from now on. */
export function followPresses() {
  const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ act) =>
    addEventListener(name, act, { capture: true, passive: true });
  on("pointerdown", (/** @type {PointerEvent} */ event) => {
    released();
    if (event.button === 0) hold(event);
  });
  on("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === " " && !event.repeat) hold(event); // a button is pressed by it until it is released
  });
  on("click", () => {
    held = null;
    soon();
  });
  for (const name of ["pointerup", "pointercancel", "keyup", "contextmenu", "dragend"]) on(name, soon);
  // The release was not told, as it came in a menu of the browser or in another window.
  on("pointermove", (/** @type {PointerEvent} */ event) => void (held && event.buttons === 0 && soon()));
  on("blur", (/** @type {FocusEvent} */ event) => void (event.target === window && released()));
}

/**
 * Whether something in a list is being pressed. Then `draw` is called when it was released.
 * @param {Element} list @param {() => void} draw
 */
export function isPressed(list, draw) {
  if (!held || !list.contains(held)) return false;
  waiting.set(list, draw);
  return true;
}
