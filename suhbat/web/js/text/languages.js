// The texts of the page in the chosen language.

import { isolated } from "./bidi.js";
import { cyrillic } from "./cyrillic.js";

export const LANGUAGES = ["en", "uz", "uz-Cyrl", "ru"];

/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Wording */

/** @type {Record<string, Wording>} */
let texts = {};
let tag = "en";
/** The language that was asked for last; its texts may still be loading. */
let latest = tag;
let plurals = new Intl.PluralRules("en");
/** @type {Set<() => void>} */
const listeners = new Set();

/**
 * The initial language: the chosen one, or the browser's first supported language.
 * @param {string | null} chosen @param {readonly string[]} wanted
 */
export function choose(chosen, wanted) {
  for (const asked of [chosen, ...wanted]) {
    const found = asked && known(asked);
    if (found) return found;
  }
  return "en";
}

/** @param {string} asked */
function known(asked) {
  const low = asked.toLowerCase();
  if (low.startsWith("uz-cyrl")) return "uz-Cyrl";
  return LANGUAGES.find((one) => low === one || low.startsWith(`${one}-`)) ?? null;
}

/** Switch to this language. @param {string} wanted */
export async function use(wanted) {
  latest = wanted;
  const { texts: found } = await import(`../../locales/${wanted === "uz-Cyrl" ? "uz" : wanted}.js`);
  if (latest !== wanted) return; // another one was chosen meanwhile
  texts = wanted === "uz-Cyrl" ? inCyrillic(found) : found;
  tag = wanted;
  plurals = new Intl.PluralRules(wanted);
  for (const listener of listeners) listener();
}

export const current = () => tag;

/** Call a listener when the language changes. Returns a function that removes it. @param {() => void} listener */
export function onchange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * The text of a key. `{name}` is replaced by `args.name`; `args.n` selects the plural form. A list is joined by commas.
 * A name of another script does not turn the sentence around it. A key without a text is returned unchanged, and a test
 * finds it.
 * @param {string} key @param {Record<string, string | number | string[]>} [args]
 */
export function t(key, args = {}) {
  const found = texts[key] ?? key;
  const text = typeof found === "string" ? found : (found[plurals.select(Number(args.n))] ?? found.other ?? key);
  const said = (/** @type {string | number | string[]} */ value) =>
    Array.isArray(value) ? value.map(isolated).join(", ") : isolated(String(value));
  return text.replace(/\{(\w+)\}/g, (whole, /** @type {string} */ name) => (name in args ? said(args[name]) : whole));
}

/** @param {Record<string, Wording>} latin @returns {Record<string, Wording>} */
function inCyrillic(latin) {
  const made = (/** @type {Wording} */ text) =>
    typeof text === "string"
      ? cyrillic(text)
      : Object.fromEntries(Object.entries(text).map(([form, one]) => [form, cyrillic(one)]));
  return Object.fromEntries(Object.entries(latin).map(([key, text]) => [key, made(text)]));
}
