// One sound or film plays at a time, if the browser can play it.

/** @type {HTMLMediaElement | null} the one that plays, or played last */
let last = null;

/** When this begins to play, what played before stops. @template {HTMLMediaElement} E @param {E} element */
export function playsAlone(element) {
  element.addEventListener("play", () => {
    if (last !== element) last?.pause();
    last = element;
  });
  return element;
}

/**
 * Whether the browser may be able to play a type; "" is one that nobody knows. Only an error while it plays tells more.
 * @param {string} type @param {Pick<HTMLMediaElement, "canPlayType">} element
 */
export const mayPlay = (type, element) => !type || element.canPlayType(type) !== "";

/** Stop what plays. */
export function hush() {
  last?.pause();
}
