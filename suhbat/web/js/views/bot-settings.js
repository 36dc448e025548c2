// The bots of the user in the settings: made, given a new token, deleted; and the commands of each.

import { t } from "../text/languages.js";
import { avatar } from "./avatar.js";
import { confirm, toast } from "./dialog.js";
import { h, icon, iconButton } from "./dom.js";
import { field, nameInput, sentence } from "./form.js";
import { fill } from "./loading.js";
import { faceOf } from "./names.js";
import { showPerson } from "./person.js";
import { makesBots } from "./rights.js";
import { secretDialog, showSecret } from "./secret.js";
import { part } from "./sections.js";

/** @import { App } from "../app.js" */
/** @import { BotCommand, Person } from "../sdk/types.js" */
/** @import { Secret } from "./secret.js" */

/** @param {App} app @param {(conversation: string) => void} go */
export function bots(app, go) {
  const list = h("ul", { class: "sessions apps bots" });
  const make = h(
    "button",
    { type: "button", hidden: true, on: { click: () => newBot(app, () => void draw()) } },
    icon("add"),
    t("bot.new"),
  );
  const refused = h("p", { class: "hint", hidden: true });
  const load = async () => {
    const { bots, makers } = await app.chat.bots.list();
    app.chat.learn(bots);
    make.hidden = !makesBots(app, makers);
    refused.hidden = !make.hidden;
    if (makers !== "everyone") refused.textContent = t(`bots.makers.${makers}`);
    return bots.map((bot) => row(app, bot, go, () => void draw()));
  };
  const draw = () => fill(list, load, { rows: 1, empty: t("bots.none") });
  void draw();
  return part(t("bots"), [list, make, refused], t("bots.hint"));
}

/** @param {App} app @param {() => void} changed */
function newBot(app, changed) {
  const fields = [
    field(t("gate.name"), nameInput({ autocomplete: "off" }), t("gate.name.hint")),
    field(
      t("gate.shown"),
      h("input", { name: "display_name", maxlength: 64, autocomplete: "off" }),
      t("bot.shown.hint"),
    ),
  ];
  secretDialog({ title: t("bot.new"), go: t("bot.make") }, fields, async ({ user_id, display_name }) => {
    const bot = { user_id, ...(display_name.trim() ? { display_name } : {}) };
    const { token } = await app.chat.bots.make(bot);
    changed();
    return secretOf(app, token);
  });
}

/** @param {App} app @param {string} value @returns {Secret} */
const secretOf = (app, value) => ({
  label: t("bot.token"),
  value,
  hint: t("bot.token.once"),
  tries: `curl -H "Authorization: Bearer ${value}" ${app.api.address("/me")}`,
});

/** @param {App} app @param {Person} bot @param {(conversation: string) => void} go @param {() => void} changed */
function row(app, bot, go, changed) {
  const { uid, user_id } = bot;
  const name = bot.display_name || user_id;
  const renew = async () => {
    if (!(await confirm(t("bot.token.new"), t("bot.token.ask", { name }), t("bot.token.new")))) return;
    await app.chat.bots
      .newToken(user_id)
      .then((token) => showSecret(t("bot.token.new"), secretOf(app, token)))
      .catch((error) => toast(sentence(error)));
  };
  const erase = async () => {
    if (!(await confirm(t("bot.erase"), t("bot.erase.ask", { name }), t("bot.erase")))) return;
    await app.chat.bots.remove(user_id).catch((error) => toast(sentence(error)));
    changed();
  };
  const card = (/** @type {Event} */ event) =>
    void showPerson(app, user_id, uid, /** @type {Element} */ (event.currentTarget), go);
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "who", on: { click: card } },
      avatar(name, user_id, faceOf(app, bot), { mark: "bot" }),
      h("span", { class: "names" }, h("strong", {}, h("bdi", {}, name)), h("small", {}, h("bdi", {}, `@${user_id}`))),
    ),
    h(
      "span",
      { class: "buttons" },
      h(
        "button",
        { type: "button", "aria-label": `${t("bot.token.new")}: ${name}`, on: { click: () => void renew() } },
        t("bot.token.new"),
      ),
      iconButton("trash", `${t("bot.erase")}: ${name}`, () => void erase()),
    ),
    commands(app, user_id),
  );
}

/** The commands, which are loaded when somebody wants to see them. @param {App} app @param {string} user_id */
function commands(app, user_id) {
  const list = h("ul", { class: "bot-commands" });
  const load = () =>
    void fill(list, async () => (await app.chat.bots.commands(user_id)).map(command), {
      rows: 1,
      empty: t("bot.commands.none"),
    });
  const box = h("details", {}, h("summary", {}, t("bot.commands")), list);
  box.addEventListener("toggle", () => box.open && load());
  return box;
}

/** @param {BotCommand} one */
const command = ({ name, usage, description }) =>
  h("li", {}, h("code", {}, `/${name}${usage ? ` ${usage}` : ""}`), h("span", { dir: "auto" }, description));
