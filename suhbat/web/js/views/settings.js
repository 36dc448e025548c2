// The settings of the user and of this device, in sections.

import { t } from "../text/languages.js";
import { bots } from "./bot-settings.js";
import { languageChoice, themeChoice } from "./choices.js";
import { confirm, toast } from "./dialog.js";
import { h, icon } from "./dom.js";
import { email } from "./email-settings.js";
import { field, sentence } from "./form.js";
import { installing } from "./install.js";
import { keysDialog } from "./keys.js";
import { fill } from "./loading.js";
import { notifications } from "./notify-settings.js";
import { outgoing } from "./outgoing-settings.js";
import { profile, upgrade } from "./profile.js";
import { Sections, part } from "./sections.js";
import { devices, security } from "./security.js";

/** @import { App } from "../app.js" */
/** @import { Tab } from "./sections.js" */

/**
 * @param {App} app
 * @param {{leave: () => void, go: (conversation: string) => void}} acts `leave`: the user has logged out
 */
export function sections(app, acts) {
  const account = app.me.kind === "account";
  /** @type {Tab[]} */
  const all = [
    {
      name: "profile",
      title: t("settings.profile"),
      icon: "person",
      draw: () => (account ? [profile(app), email(app)] : [upgrade(app)]),
    },
    { name: "appearance", title: t("settings.appearance"), icon: "sun", draw: () => [appearance(app)] },
    { name: "notifications", title: t("notify"), icon: "bell", draw: () => notifications(app) },
  ];
  if (account)
    all.push(
      { name: "devices", title: t("sessions"), icon: "device", draw: () => devices(app) },
      { name: "security", title: t("settings.security"), icon: "lock", draw: () => security(app, acts) },
      { name: "apps", title: t("apps"), icon: "apps", draw: () => [bots(app, acts.go), outgoing(app)] },
    );
  all.push({ name: "about", title: t("settings.about"), icon: "info", draw: () => about(app) });
  const out = t(account ? "settings.logout" : "settings.leave");
  const logout = h(
    "button",
    { type: "button", class: "logout", on: { click: () => void leave(app, acts.leave) } },
    icon("exit"),
    h("span", {}, out),
  );
  return new Sections("settings", t("settings"), all, logout);
}

/** @param {App} app @param {() => void} left */
async function leave(app, left) {
  const account = app.me.kind === "account";
  const name = t(account ? "settings.logout" : "settings.leave");
  if (!(await confirm(name, t(account ? "settings.logout.ask" : "settings.leave.ask"), name))) return;
  try {
    await app.api.delete("/sessions/current");
    left();
  } catch (error) {
    toast(sentence(error));
  }
}

/** @param {App} app */
function appearance(app) {
  const tell = (/** @type {string} */ tag) =>
    app.me.kind === "account" && void app.api.patch("/me", { locale: tag }).catch(() => {});
  return h(
    "div",
    { class: "form" },
    field(t("language"), languageChoice(tell)),
    field(t("settings.theme"), themeChoice(), t("settings.device")),
  );
}

/** @param {App} app */
function about(app) {
  const version = h("div", {});
  void fill(version, async () => [t("about.version", { version: (await app.api.get("/server")).version })], {
    rows: 1,
  });
  return [
    h("div", { class: "about-head" }, h("img", { src: "web/icon.svg", alt: "", width: 48, height: 48 }), version),
    installing(),
    h("button", { type: "button", on: { click: keysDialog } }, t("keys")),
    part(t("about.developers"), [
      h(
        "ul",
        { class: "links" },
        h("li", {}, h("a", { href: "docs" }, t("about.api"))),
        h("li", {}, h("a", { href: "try" }, t("gate.try"))),
      ),
    ]),
  ];
}
