// The user's settings: name, language and colours, notifications, password, login sessions, leaving.

import { cut } from "../text/graphemes.js";
import { t } from "../text/languages.js";
import { moment } from "../text/time.js";
import { prefer, preferences } from "../storage/preferences.js";
import { languageChoice, themeChoice } from "./choices.js";
import { confirm, dialog, toast } from "./dialog.js";
import { h } from "./dom.js";
import { field, form, nameInput, passwordInput, sentence } from "./form.js";
import { askToNotify } from "./notifications.js";

/** @import { App } from "../app.js" */

/** @param {App} app @param {{leave: () => void, moderate: () => void}} acts */
export function settingsDialog(app, acts) {
  const account = app.me.kind === "account";
  const sessions = h("ul", { class: "sessions" });
  const { close } = dialog(
    t("settings"),
    [
      h("h3", {}, t("settings.here")),
      h(
        "div",
        { class: "form" },
        field(
          t("language"),
          languageChoice((tag) => account && void app.api.patch("/me", { locale: tag }).catch(() => {})),
        ),
        field(t("settings.theme"), themeChoice()),
        notify(),
      ),
      account ? profile() : upgrade(),
      account && password(),
      account && h("section", {}, h("h3", {}, t("sessions")), sessions),
      app.me.role &&
        app.me.role !== "member" &&
        h("button", { type: "button", on: { click: acts.moderate } }, t("moderation")),
      h(
        "div",
        { class: "buttons" },
        h(
          "button",
          { type: "button", on: { click: () => void leave() } },
          t(account ? "settings.logout" : "settings.leave"),
        ),
        account && h("button", { type: "button", class: "danger", on: { click: erase } }, t("settings.erase")),
        account &&
          h("a", { class: "button", href: "api/v1/me/export", download: "suhbat.jsonl" }, t("settings.export")),
      ),
      h("p", { class: "hint" }, h("a", { href: "docs" }, "API"), " · ", h("a", { href: "try" }, t("gate.try"))),
    ],
    { class: "settings" },
  );
  if (account) void list();

  function notify() {
    const change = async (/** @type {Event} */ event) => {
      const box = /** @type {HTMLInputElement} */ (event.target);
      prefer({ notify: box.checked });
      // Ask for the browser's permission only when the user enables notifications, never at the start.
      if (box.checked && !(await askToNotify())) {
        box.checked = false;
        prefer({ notify: false });
        help.hidden = false;
      }
    };
    const help = h("small", { hidden: true }, t("notify.denied"));
    return h(
      "label",
      { class: "check" },
      h("input", { type: "checkbox", checked: preferences().notify, on: { change } }),
      t("notify"),
      help,
    );
  }

  function profile() {
    /** @type {Record<string, string>} */
    const shown = { display_name: app.me.display_name ?? "", added_by: app.me.added_by ?? "known" };
    const name = h("input", { name: "display_name", maxlength: 64, value: shown.display_name });
    return h(
      "section",
      {},
      h("h3", {}, t("settings.profile")),
      form(
        [field(t("gate.shown"), name), field(t("settings.added"), addedBy(), t("settings.added.hint"))],
        t("save"),
        async ({ display_name, added_by }) => {
          // Another device may have changed the rest.
          const changed = Object.fromEntries(
            Object.entries({ display_name, added_by }).filter(([key, value]) => value !== shown[key]),
          );
          if (Object.keys(changed).length) app.renew(await app.api.patch("/me", changed));
          Object.assign(shown, { display_name, added_by });
          toast(t("saved"), null, { seconds: 3 });
        },
      ),
    );
  }

  /** The setting for who may add the user to a room without an invitation. */
  function addedBy() {
    const chosen = app.me.added_by ?? "known";
    return h(
      "select",
      { name: "added_by" },
      ...["everyone", "known", "nobody"].map((value) =>
        h("option", { value, selected: value === chosen }, t(`settings.added.${value}`)),
      ),
    );
  }

  /** Turns a guest into an account. The name, the uid and the messages are kept. */
  function upgrade() {
    return h(
      "section",
      {},
      h("h3", {}, t("settings.upgrade")),
      h("p", { class: "hint" }, t("settings.upgrade.hint")),
      form(
        [
          nameInput({ value: app.me.user_id, hidden: true }),
          field(t("gate.password"), passwordInput("new-password"), t("gate.password.hint")),
        ],
        t("settings.upgrade"),
        async ({ new_password }) => {
          const { user } = await app.api.post("/accounts", {
            user_id: app.me.user_id,
            password: new_password,
            cookie: true,
          });
          app.renew(user);
          close();
          toast(t("saved"), null, { seconds: 3 });
        },
      ),
    );
  }

  function password() {
    return h(
      "section",
      {},
      h("h3", {}, t("settings.password")),
      form(
        [
          nameInput({ value: app.me.user_id, hidden: true }),
          field(t("settings.password.now"), passwordInput("current-password")),
          field(t("settings.password.new"), passwordInput("new-password"), t("gate.password.hint")),
        ],
        t("save"),
        async (values, box) => {
          await app.api.patch("/me", { current_password: values.password, password: values.new_password });
          box.reset();
          toast(t("saved"), null, { seconds: 3 });
          await list();
        },
      ),
    );
  }

  async function list() {
    try {
      const found = await app.api.get("/sessions");
      sessions.replaceChildren(...found.sessions.map(session));
    } catch (error) {
      sessions.replaceChildren(h("li", { class: "wrong" }, sentence(error)));
    }
  }

  /** @param {any} one */
  function session(one) {
    const end = async () => {
      await app.api.delete(`/sessions/${encodeURIComponent(one.id)}`).catch((error) => toast(sentence(error)));
      await list();
    };
    return h(
      "li",
      {},
      h(
        "span",
        { class: "names" },
        h("strong", {}, device(one.label)),
        h(
          "small",
          {},
          one.current ? t("sessions.current") : t("sessions.used", { when: moment(new Date(one.last_used_at)) }),
        ),
      ),
      !one.current && h("button", { type: "button", on: { click: () => void end() } }, t("sessions.end")),
    );
  }

  async function leave() {
    if (!account && !(await confirm(t("settings.leave"), t("settings.leave.ask"), t("settings.leave")))) return;
    try {
      await app.api.delete("/sessions/current");
      close();
      acts.leave();
    } catch (error) {
      toast(sentence(error));
    }
  }

  function erase() {
    const { close: done } = dialog(t("settings.erase"), [
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
          done();
          close();
          acts.leave();
        },
      ),
    ]);
  }
}

/** Shorten a browser's User-Agent to a name that people recognise. @param {string} label */
function device(label) {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\/[\d.]+/.exec(label)?.[1] ?? "";
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(label)?.[1] ?? "";
  const name = { Edg: "Edge", OPR: "Opera" }[browser] ?? browser;
  return [name, system].filter(Boolean).join(", ") || cut(label, 60) || "?";
}
