// Functions that create elements. A string becomes a text node, never markup.

import { t } from "../text/languages.js";

/** @import { NameMark } from "./names.js" */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * An element. `props`: `class`, `data` (an object), `on` (listeners by event), ARIA and other attributes by name;
 * true gives an attribute without a value, null and false give none. A name that begins with "." sets a property.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  set(element, props);
  element.append(.../** @type {(Node | string)[]} */ (children.flat().filter((child) => child || child === "")));
  return element;
}

/** @param {Element} element @param {Record<string, any>} props */
export function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name === "class") element.className = value ?? "";
    else if (name === "data") Object.assign(/** @type {HTMLElement} */ (element).dataset, value);
    else if (name === "on")
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name.startsWith(".")) /** @type {any} */ (element)[name.slice(1)] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, String(value));
  }
}

const PATHS = {
  add: "M12 5v14M5 12h14",
  apps: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM17 14v6M14 17h6",
  again: "M5 12a7 7 0 112 5M5 20v-4h4",
  back: "M15 5l-7 7 7 7",
  bell: "M6 16v-5a6 6 0 0112 0v5l2 2H4zM10 21h4",
  bellOff: "M6 16v-5a6 6 0 019-5M18 11v5l2 2H9M4 18l2-2M10 21h4M4 4l16 17",
  bookmark: "M7 4h10v16l-5-4-5 4z",
  camera: "M4 8h4l1.5-3h5L16 8h4v11H4zM12 10a3 3 0 100 6 3 3 0 000-6z",
  check: "M4 12.5l5 5L20 6.5",
  checks: "M2 12.5l5 5L17 7M11 16l1.5 1.5L23 7",
  clip: "M20 11l-8 8a5 5 0 01-7-7l8.500-8.500a3.300 3.300 0 015 4.700L10 16.500a1.700 1.700 0 01-2.500-2.300l7-7",
  close: "M6 6l12 12M18 6L6 18",
  clock: "M12 7v5l3 2M12 3a9 9 0 100 18 9 9 0 000-18z",
  copy: "M9 9h10v11H9zM5 15V4h10",
  down: "M12 5v14M6 13l6 6 6-6",
  device: "M4 5h16v11H4zM9 20h6M12 16v4",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  exit: "M10 4H5v16h5M15 8l4 4-4 4M19 12H9",
  eye: "M2 12c3-5 6-7 10-7s7 2 10 7c-3 5-6 7-10 7s-7-2-10-7zM12 9a3 3 0 100 6 3 3 0 000-6z",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  filter: "M4 6h16M7 12h10M10 18h4",
  flag: "M6 21V4h11l-2 4 2 4H6",
  fold: "M7 10l5 5 5-5",
  forward: "M14 6l6 6-6 6M20 12h-9c-4 0-7 2-7 6",
  goto: "M5 12h13M12 6l6 6-6 6",
  hash: "M9 4L7 20M17 4l-2 16M4 9h16M3 15h16",
  inbox: "M5 5h14l2 9v5H3v-5zM3 14h5l1.500 2.500h5l1.500-2.500h5",
  info: "M12 11v6M12 7.5v.1M12 3a9 9 0 100 18 9 9 0 000-18z",
  larger: "M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l5 5M8 11h6M11 8v6",
  link: "M10 14a4 4 0 006 0l3-3a4 4 0 00-6-6l-1 1M14 10a4 4 0 00-6 0l-3 3a4 4 0 006 6l1-1",
  list: "M9 6h11M9 12h11M9 18h11M4.5 6h.1M4.5 12h.1M4.5 18h.1",
  load: "M12 4v11M7 11l5 5 5-5M5 20h14",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 017 0v3",
  mic: "M12 3a3 3 0 00-3 3v5a3 3 0 006 0V6a3 3 0 00-3-3zM6 11a6 6 0 0012 0M12 17v4",
  more: "M5 12h.1M12 12h.1M19 12h.1",
  muted: "M4 9v6h4l5 4V5L8 9zM17 9l5 6M22 9l-5 6",
  next: "M9 5l7 7-7 7",
  open: "M10 5H5v14h14v-5M14 4h6v6M20 4l-9 9",
  pause: "M8 5v14M16 5v14",
  people:
    "M9 11a3.5 3.5 0 100-7 3.5 3.5 0 000 7zM2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6M16 4.5a3.5 3.5 0 010 6" +
    "M18 14.5c2.300.8 3.5 2.700 3.5 5.5",
  person: "M12 12a4 4 0 100-8 4 4 0 000 8zM4 20.5c0-4 3.5-6.5 8-6.5s8 2.5 8 6.5",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M9 9v.1",
  pin: "M9 4h6l-1 6 4 4H6l4-4zM12 14v7",
  play: "M8 5l11 7-11 7z",
  reply: "M10 6L4 12l6 6M4 12h9c4 0 7 2 7 6",
  search: "M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l5 5",
  select: "M8 4h1a3 3 0 013 3v10a3 3 0 01-3 3H8M16 4h-1a3 3 0 00-3 3v10a3 3 0 003 3h1M9.500 12h5",
  send: "M4 12l16-8-6 17-3-7z",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  shield: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z",
  smaller: "M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l5 5M8 11h6",
  smile: "M12 3a9 9 0 100 18 9 9 0 000-18zM8.5 14.5c2 2.5 5 2.5 7 0M9 9.5v.1M15 9.5v.1",
  stop: "M7 7h10v10H7z",
  sun:
    "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5 5l1.5 1.5" +
    "M17.5 17.5L19 19M19 5l-1.5 1.5M6.5 17.5L5 19",
  thread: "M4 5h16v11h-9l-4 4v-4H4zM8 9h8M8 12h5",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  unread: "M4 6h16v12H4zM4.5 7l7.5 6 7.5-6",
  warning: "M12 4l9 16H3zM12 10v5M12 17.5v.1",
};

/** An icon. It is decoration, so it has no accessible name. @param {keyof typeof PATHS} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  if (name === "more") path.setAttribute("stroke-width", "3"); // three dots
  svg.append(path);
  return svg;
}

/**
 * A button with an icon. Its label is its accessible name and its tooltip.
 * @param {keyof typeof PATHS} name
 * @param {string} label
 * @param {(event: MouseEvent) => void} act
 * @param {Record<string, any>} [props]
 */
export function iconButton(name, label, act, props = {}) {
  return h(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, on: { click: act }, ...props },
    icon(name),
  );
}

/** The element whose listener was called. @param {Event} event */
export const pressed = (event) => /** @type {Element} */ (event.currentTarget);

/**
 * The mark beside the name of a guest, whose name nobody has checked and anybody can have next, of a bot, and of a
 * webhook.
 * @param {NameMark} [mark]
 */
export const markNode = (mark) => mark && h("span", { class: "mark" }, t(mark));

/**
 * A name in a line of its own, with the @name where another name looks the same, and the mark.
 * @param {{name: string, handle: string | null, mark: NameMark}} person @param {string} user_id
 */
export const nameNode = ({ name, handle, mark }, user_id) =>
  h(
    "strong",
    { class: "name", title: `@${user_id}` },
    h("bdi", {}, name),
    handle !== null && h("span", { class: "handle" }, " ", h("bdi", {}, handle)),
    markNode(mark),
  );

/**
 * Whether this key press belongs to an input method, for example the Enter that ends a composition. Safari sends that
 * one after the composition, with the key code 229.
 * @param {KeyboardEvent} event
 */
export const composes = (event) => event.isComposing || event.keyCode === 229;
