// Two sections of the settings: the devices that are logged in; the password, privacy, and deleting the account.

import { cut } from "../text/graphemes.js";
import { t } from "../text/languages.js";
import { moment } from "../text/time.js";
import { confirm, dialog, toast } from "./dialog.js";
import { h, icon } from "./dom.js";
import { field, form, nameInput, passwordInput, sentence } from "./form.js";
import { fill } from "./loading.js";
import { apart, part } from "./sections.js";

/** @import { App } from "../app.js" */

/** @param {App} app */
export function devices(app) {
  const list = h("ul", { class: "sessions" });
  const others = apart(
    h("p", {}, t("sessions.others.hint")),
    h("button", { type: "button", class: "danger", on: { click: () => void endOthers() } }, t("sessions.others")),
  );
  others.hidden = true;
  const draw = () =>
    fill(list, async () => {
      /** @type {{sessions: any[]}} */
      const found = await app.api.get("/sessions");
      others.hidden = found.sessions.length < 2;
      return found.sessions.sort((one, other) => Number(other.current) - Number(one.current)).map(session);
    });
  void draw();
  return [list, others];

  async function endOthers() {
    if (!(await confirm(t("sessions.others"), t("sessions.others.ask"), t("sessions.others")))) return;
    await app.api.delete("/sessions").catch((error) => void toast(sentence(error)));
    await draw();
  }

  /** @param {any} one */
  function session(one) {
    const end = async () => {
      await app.api.delete(`/sessions/${encodeURIComponent(one.id)}`).catch((error) => void toast(sentence(error)));
      await draw();
    };
    const label = device(one.label);
    return h(
      "li",
      {},
      icon("device"),
      h(
        "span",
        { class: "names" },
        h("strong", {}, label),
        h(
          "small",
          {},
          one.current ? t("sessions.current") : t("sessions.used", { when: moment(new Date(one.last_used_at)) }),
        ),
      ),
      !one.current &&
        h(
          "button",
          { type: "button", "aria-label": `${t("sessions.end")}: ${label}`, on: { click: () => void end() } },
          t("sessions.end"),
        ),
    );
  }
}

/** @param {App} app @param {{leave: () => void}} acts */
export function security(app, acts) {
  return [
    part(t("settings.password"), [password(app)]),
    part(t("settings.added"), [addedBy(app)]),
    part(
      t("settings.data"),
      [h("a", { class: "button", href: "api/v1/me/export", download: "suhbat.jsonl" }, t("settings.export"))],
      t("settings.export.hint"),
    ),
    apart(
      h("p", {}, t("settings.erase.hint")),
      h(
        "button",
        { type: "button", class: "danger", on: { click: () => erase(app, acts.leave) } },
        t("settings.erase"),
      ),
    ),
  ];
}

/** @param {App} app */
const password = (app) =>
  form(
    [
      nameInput({ value: app.me.user_id, hidden: true }),
      field(t("settings.password.now"), passwordInput("current-password")),
      field(t("settings.password.new"), passwordInput("new-password"), t("settings.password.hint")),
    ],
    t("settings.password.change"),
    async (values, box) => {
      await app.api.patch("/me", { current_password: values.password, password: values.new_password });
      box.reset();
      toast(t("saved"), null, { seconds: 3 });
    },
  );

/** The setting for who may add the user to a room without an invitation. It is saved at once. @param {App} app */
function addedBy(app) {
  const chosen = app.me.added_by ?? "known";
  const wrong = h("p", { class: "wrong", role: "alert" });
  const change = async (/** @type {Event} */ event) => {
    const box = /** @type {HTMLSelectElement} */ (event.target);
    wrong.textContent = "";
    try {
      app.renew(await app.api.patch("/me", { added_by: box.value }));
      toast(t("saved"), null, { seconds: 3 });
    } catch (error) {
      box.value = app.me.added_by ?? "known";
      wrong.textContent = sentence(error);
    }
  };
  const options = ["everyone", "known", "nobody"].map((value) =>
    h("option", { value, selected: value === chosen }, t(`settings.added.${value}`)),
  );
  const box = h("select", { name: "added_by", "aria-label": t("settings.added"), on: { change } }, ...options);
  return h("div", { class: "field" }, box, h("small", {}, t("settings.added.hint")), wrong);
}

/** @param {App} app @param {() => void} erased */
function erase(app, erased) {
  const { close } = dialog(t("settings.erase"), [
    h("p", {}, t("settings.erase.lead")),
    form(
      [
        field(t("gate.password"), passwordInput("current-password")),
        h(
          "label",
          { class: "check" },
          h("input", { type: "checkbox", name: "messages" }),
          t("settings.erase.messages"),
        ),
      ],
      t("settings.erase"),
      async (values) => {
        // DELETE has a body here: the password confirms the deletion and must not be in a URL.
        await app.api.delete("/me", { password: values.password, messages: "messages" in values ? "erase" : "keep" });
        close();
        erased();
      },
      { danger: true },
    ),
  ]);
}

/**
 * In this order: Edge also calls itself Chrome and Safari, and Android also Linux.
 * @type {[mark: RegExp, name: string][]}
 */
const BROWSERS = [
  [/Edg\w*\//, "Edge"],
  [/OPR\//, "Opera"],
  [/YaBrowser\//, "Yandex"],
  [/(Firefox|FxiOS)\//, "Firefox"],
  [/(Chrome|CriOS)\//, "Chrome"],
  [/Safari\//, "Safari"],
];
/** @type {[mark: RegExp, name: string][]} */
const SYSTEMS = [
  [/Android/, "Android"],
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/** Shorten a browser's User-Agent to a name that people recognise. @param {string} label */
export function device(label) {
  const found = [BROWSERS, SYSTEMS].map((all) => all.find(([mark]) => mark.test(label))?.[1]);
  return found.filter(Boolean).join(", ") || cut(label, 60) || t("sessions.unknown");
}
