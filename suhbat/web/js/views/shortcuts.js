// The keyboard shortcuts of the page; keys.js lists them for people.

import { composes } from "./dom.js";
import { later } from "./later.js";
import { trail } from "./trail.js";

/** @import { App } from "../app.js" */
/** @import { Composer } from "./composer.js" */
/** @import { TimelineView } from "./timeline.js" */

/** Where the arrow keys lead in the messages. */
const ROWS = "article.message, .day > button";

/**
 * The letter on the pressed key, also while a Cyrillic or another layout writes something else with it.
 * @param {KeyboardEvent} event
 */
export function keyOf({ key, code, shiftKey }) {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase(); // a layout that moves the Latin letters, such as Dvorak
  if (/^Key[A-Z]$/.test(code)) return code.slice(3).toLowerCase();
  if (code === "Slash" && shiftKey && key === ",") return "?"; // on the Russian layout
  return key.toLowerCase();
}

/**
 * @typedef {{app: App, element: HTMLElement, timeline: TimelineView, composer: Composer}} OpenView  a conversation or
 *   a thread
 * @typedef {object} Places
 * @property {(target: EventTarget | null) => OpenView | null} view  the open conversation, or the thread that holds the
 *   target
 * @property {() => string | null} pane  the name of the open pane beside it
 * @property {() => boolean} covered  whether the settings or the moderation lie over the conversation
 * @property {(name: "search" | null) => void} show  shows a pane, or closes it
 * @property {() => void} switch  opens the switcher
 * @property {(step: 1 | -1, unreadOnly: boolean) => void} neighbour  opens the conversation above or below
 */

/** Listen to the keys. Returns a function that ends this. @param {Places} places */
export function shortcuts(places) {
  const listen = (/** @type {KeyboardEvent} */ event) => {
    if (pressed(event, places)) event.preventDefault();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}

/** Returns whether the key was used. @param {KeyboardEvent} event @param {Places} places */
function pressed(event, places) {
  if (event.defaultPrevented || composes(event) || document.querySelector("dialog[open]")) return false;
  const key = keyOf(event);
  const open = document.querySelector("[popover]");
  const view = places.view(event.target);
  // Ctrl and Alt together write characters on some layouts (AltGr).
  const command = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (command && key === "z") return undo();
  if (command && !event.shiftKey && key === "k") places.switch();
  else if (command && event.shiftKey && key === "f") places.show("search");
  else if (event.altKey && !event.ctrlKey && (key === "arrowup" || key === "arrowdown"))
    places.neighbour(key === "arrowup" ? -1 : 1, event.shiftKey);
  else if (key === "escape" && open)
    return false; // this key press closes only the popover
  else if (key === "escape" && places.covered()) trail.leave();
  else if (key === "escape" && places.pane()) places.show(null);
  else if (key === "escape" && view) view.composer.focus();
  else if (event.ctrlKey || event.metaKey || event.altKey) return false;
  else if (key === "pageup" || key === "pagedown") return page(event.target, view, key === "pageup" ? -1 : 1);
  else if (isField(event.target)) return false;
  else if (key === "?") void later("keys").then(({ keysDialog }) => keysDialog());
  else return Boolean(view) && onMessage(key, event.target, /** @type {OpenView} */ (view));
  return true;
}

/** @param {EventTarget | null} target */
const isField = (target) => target instanceof HTMLElement && target.matches("input, textarea, select");

/** Press the button of a note that offers to undo, unless the user can undo what they are typing. */
function undo() {
  const field = document.activeElement;
  if (field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement) {
    if (field.value) return false;
  }
  const button = /** @type {HTMLElement | null} */ (document.querySelector("#toasts button"));
  button?.click();
  return button !== null;
}

/** Scroll the messages. Other parts of the page scroll themselves. @param {EventTarget | null} target
 * @param {OpenView | null} view @param {1 | -1} step */
function page(target, view, step) {
  if (!view || !(target instanceof HTMLElement)) return false;
  if (target !== document.body && !view.element.contains(target)) return false;
  if (target.closest("pre, [popover]")) return false;
  view.timeline.page(step);
  return true;
}

/**
 * The keys on a message or a day that has the focus: up and down; on a message: reply, its thread, forward, edit,
 * react, its menu.
 * @param {string} key @param {EventTarget | null} target @param {OpenView} view
 */
function onMessage(key, target, { timeline, composer, app }) {
  const row = target instanceof HTMLElement ? target.closest(ROWS) : null;
  const scroller = target instanceof HTMLElement && target.matches(".scroller");
  if (!row && !scroller) return false;
  const rows = /** @type {HTMLElement[]} */ ([...timeline.list.querySelectorAll(ROWS)]);
  const step = { arrowup: -1, arrowdown: 1 }[key];
  if (step) {
    const at = row ? rows.indexOf(/** @type {HTMLElement} */ (row)) + step : rows.length - 1;
    rows[at]?.focus();
    return Boolean(rows[at]);
  }
  const message = timeline.timeline.find(Number(/** @type {HTMLElement} */ (row)?.dataset.seq));
  if (!row || !message || message.deleted) return false;
  if (key === "r") composer.reply(message);
  else if (key === "t" && timeline.acts.thread) timeline.acts.thread(message.seq);
  else if (key === "f") timeline.acts.forward(message.seq);
  else if (key === "e" && message.sender_uid === app.me.uid) composer.edit(message);
  else if (key === "+") timeline.acts.pickReaction(message.seq, row);
  else if (key === "enter" && target === row) timeline.acts.more(message.seq, row);
  else return false;
  return true;
}
