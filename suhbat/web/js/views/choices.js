// The language and the colour theme of this device. The page follows the preferences (main.js), so that a choice in one
// tab is seen in all.

import { LANGUAGES, current, t } from "../text/languages.js";
import { following, prefer, preferences } from "../storage/preferences.js";
import { h } from "./dom.js";

const NAMES = { en: "English", uz: "Oʻzbekcha", "uz-Cyrl": "Ўзбекча", ru: "Русский" };

/** The language selector, each language by its own name. @param {(tag: string) => void} [chosen] called on a change */
export function languageChoice(chosen = () => {}) {
  const change = (/** @type {Event} */ event) => {
    const tag = /** @type {HTMLSelectElement} */ (event.target).value;
    prefer({ language: tag });
    chosen(tag);
  };
  return h(
    "select",
    { class: "language", id: "language", "aria-label": t("language"), on: { change } },
    ...LANGUAGES.map((tag) =>
      h(
        "option",
        { value: tag, lang: tag, selected: tag === current() },
        NAMES[/** @type {keyof typeof NAMES} */ (tag)],
      ),
    ),
  );
}

export function themeChoice() {
  const change = (/** @type {Event} */ event) => prefer({ theme: /** @type {any} */ (event.target).value });
  const select = h(
    "select",
    { id: "theme", "aria-label": t("settings.theme"), on: { change } },
    ...["system", "light", "dark"].map((theme) => h("option", { value: theme }, t(`settings.theme.${theme}`))),
  );
  return following(select, (shown) => (shown.value = preferences().theme));
}

/** Apply the chosen colour theme to the page. */
export function paint() {
  const { theme } = preferences();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
