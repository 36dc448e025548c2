// Installing the page as an app. Chromium asks only when the page tells it to; on iPhone and iPad people do it
// themselves.

import { t } from "../text/languages.js";
import { isApple, isInstalled } from "./abilities.js";
import { h } from "./dom.js";
import { part } from "./sections.js";

/** The browser's question, which can be asked once. @type {(Event & {prompt: () => Promise<unknown>}) | null} */
let question = null;
/** @type {Set<() => void>} */
const listeners = new Set();

/** Keep the browser's question, so that it is asked from the settings and not by the browser. */
export function keepInstallQuestion() {
  const keep = (/** @type {any} */ asked) => {
    question = asked;
    for (const listener of listeners) listener();
  };
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    keep(event);
  });
  addEventListener("appinstalled", () => keep(null));
}

/** How to install the page; hidden where it is installed, or where the browser does not offer it. */
export function installing() {
  const install = async () => {
    const asked = question;
    question = null;
    await asked?.prompt();
    draw();
  };
  const button = h("button", { type: "button", on: { click: () => void install() } }, t("install.do"));
  const section = part(t("install"), [button], t(isApple() ? "install.apple" : "install.hint"));
  const draw = () => {
    section.hidden = isInstalled() || !(question || isApple());
    button.hidden = !question;
  };
  const listener = () => (section.isConnected ? draw() : listeners.delete(listener));
  listeners.add(listener);
  draw();
  return section;
}
