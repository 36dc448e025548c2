// The section of the settings for notifications: on this device, and which devices get pushes.

import { t } from "../text/languages.js";
import { moment } from "../text/time.js";
import { following } from "../storage/preferences.js";
import { standingHere } from "./abilities.js";
import { toast } from "./dialog.js";
import { h, icon, iconButton } from "./dom.js";
import { digest } from "./email-settings.js";
import { sentence } from "./form.js";
import { fill } from "./loading.js";
import { isOn, switchOn } from "./notifications.js";
import { pushText, quietHours } from "./quiet-settings.js";
import { part } from "./sections.js";
import { device } from "./security.js";

/** @import { App } from "../app.js" */
/** @import { Child } from "./dom.js" */

/** @param {App} app @returns {Child[]} */
export function notifications(app) {
  const account = app.me.kind === "account";
  const which = h("p", { class: "hint" }, t("notify.which"));
  const here = h("div", { class: "form" }, ...thisDevice(app), which, account && pushText(app));
  if (!account) return [here];
  return [here, quietHours(app), digest(app), devices(app)];
}

/** The switch for this device, and what stands in the way. @param {App} app */
function thisDevice(app) {
  const help = h("div", { class: "notify-help", role: "status" });
  const tell = () => help.replaceChildren(.../** @type {Node[]} */ (explained(app).filter(Boolean)));
  const change = async () => {
    const { checked } = box;
    box.checked = await switchOn(app, checked);
    tell();
  };
  const box = h("input", { type: "checkbox", on: { change: () => void change() } });
  following(box, () => {
    const standing = standingHere();
    box.disabled = !["ask", "granted"].includes(standing);
    box.checked = isOn(app) && standing === "granted";
    tell();
  });
  const end = app.on("pushes", () => (help.isConnected ? tell() : end()));
  return [h("label", { class: "check" }, box, t("notify.show")), help];
}

/** What notifications do on this device now, or what to do so that they work. @param {App} app @returns {Child[]} */
function explained(app) {
  const standing = standingHere();
  const hint = (/** @type {string} */ key) => h("p", { class: "hint" }, t(key));
  if (standing === "insecure" && app.me.role === "owner") return [hint("notify.insecure.owner")];
  if (standing !== "ask" && standing !== "granted") return [hint(`notify.${standing}`)];
  const account = app.me.kind === "account";
  if (!isOn(app)) return [hint(account ? "notify.why" : "notify.why.open")];
  const { state } = app.pushes;
  if (state === "failed") {
    const again = h("button", { type: "button", on: { click: () => void app.pushes.retry() } }, t("retry"));
    return [hint("notify.failed"), again];
  }
  if (state === "none") return [hint(account ? "notify.open" : "notify.open.guest")];
  return [state === "on" && hint("notify.closed")];
}

/** The devices that get pushes. @param {App} app */
function devices(app) {
  const list = h("ul", { class: "sessions" });
  const hint = h("p", { class: "hint" }, t("push.remove.hint"));
  const section = part(t("push.devices"), [list, hint]);
  const draw = () =>
    fill(
      list,
      async () => {
        /** @type {{subscriptions: any[]}} */
        const { subscriptions } = await app.api.get("/push").catch((error) => {
          if (error.status === 403) return { subscriptions: [] }; // an account of another application
          throw error;
        });
        const here = (/** @type {any} */ one) => one.id === app.pushes.id;
        hint.hidden = !subscriptions.some((one) => !here(one));
        const latest = subscriptions.sort((one, other) => (one.last_used_at < other.last_used_at ? 1 : -1));
        return latest.sort((one, other) => Number(here(other)) - Number(here(one))).map((one) => row(one, here(one)));
      },
      { rows: 1, empty: t("push.none") },
    );
  void draw();
  const end = app.on("pushes", () => (list.isConnected ? void draw() : end()));
  return section;

  /** @param {any} one @param {boolean} here whether it is this device */
  function row(one, here) {
    const label = device(one.label);
    const path = `/push/${encodeURIComponent(one.id)}`;
    const remove = async () => {
      if (here) return void (await switchOn(app, false));
      await app.api.delete(path).catch((error) => void toast(sentence(error)));
      await draw();
    };
    const test = async () => {
      tester.disabled = true;
      try {
        const { result } = await app.api.post(`${path}/test`);
        toast(t(`push.tested.${result}`, { device: label }));
        if (result === "ended") await draw();
      } catch (error) {
        toast(sentence(error));
      }
      tester.disabled = false;
    };
    const name = `${t("push.test")}: ${label}`;
    const tester = h(
      "button",
      { type: "button", "aria-label": name, on: { click: () => void test() } },
      t("push.test"),
    );
    return h(
      "li",
      {},
      icon("device"),
      h(
        "span",
        { class: "names" },
        h("strong", {}, label),
        h("small", {}, here ? t("sessions.current") : t("sessions.used", { when: moment(new Date(one.last_used_at)) })),
      ),
      tester,
      iconButton("close", `${t("push.remove")}: ${label}`, () => void remove()),
    );
  }
}
