// The preferences on this device: the language, the colour theme, how the list is shown, the last
// open conversation, the emoji that were used.

import { FIRST } from "../models/quick.js";

const KEY = "suhbat.preferences";

/**
 * @typedef {object} Chosen
 * @property {string | null} language
 * @property {"light" | "dark" | "system"} theme
 * @property {string[]} silent conversations muted by an older version, which `App` brings to the server
 * @property {boolean} notify  notifications are on, chosen in an older version for whoever is logged in
 * @property {string[]} notified  the uids of the accounts that have them on
 * @property {boolean} uninvited  the user does not want to be asked whether to switch them on
 * @property {boolean} unreadOnly the list shows only unread conversations
 * @property {string[]} folded sections of the list that are folded
 * @property {string | null} last the conversation that was open
 * @property {string[]} emoji the last used first
 * @property {string[]} quick the row of six reactions
 * @property {number} tone the skin tone of emoji: 1 to 5, or 0 for none
 * @property {any} me the account of the last visit, as the server described it, or null
 */

/** @type {Chosen} */
const DEFAULTS = {
  language: null,
  theme: "system",
  silent: [],
  notify: false,
  notified: [],
  uninvited: false,
  unreadOnly: false,
  folded: [],
  last: null,
  emoji: [],
  quick: FIRST,
  tone: 0,
  me: null,
};

/** @type {Chosen} */
let chosen = { ...DEFAULTS, ...read() };

/** @type {Set<() => void>} */
const listeners = new Set();

/** @returns {Readonly<Chosen>} */
export const preferences = () => chosen;

/**
 * Change some preferences. What another tab changed meanwhile stays, also if this one was not told yet.
 * @param {Partial<Chosen>} change
 */
export function prefer(change) {
  chosen = { ...chosen, ...read(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // The browser does not store it, so it applies to this visit only.
  }
  for (const listener of listeners) listener();
}

/**
 * Call a listener on each change, also on one from another tab. Returns a function that removes it.
 * @param {() => void} listener
 */
export function onPreferences(listener) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/**
 * Keep a control as the preferences are, while it is in the page. @template {HTMLElement} E
 * @param {E} element @param {(element: E) => void} show
 */
export function following(element, show) {
  show(element);
  const end = onPreferences(() => (element.isConnected ? show(element) : end()));
  return element;
}

globalThis.addEventListener?.("storage", (event) => {
  if (event.key !== KEY) return;
  chosen = { ...DEFAULTS, ...read() };
  for (const listener of listeners) listener();
});

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}
