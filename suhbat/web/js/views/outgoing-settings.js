// The outgoing webhooks of the user in the settings: made, switched on and off, deleted. What was sent is in a dialog.

import { Refused } from "../sdk/errors.js";
import { t } from "../text/languages.js";
import { moment } from "../text/time.js";
import { confirm, toast } from "./dialog.js";
import { h, icon, iconButton } from "./dom.js";
import { deliveries, eventName, whyNot } from "./deliveries.js";
import { field, sentence } from "./form.js";
import { listed } from "./listed.js";
import { fill } from "./loading.js";
import { sorted, titleOf } from "./names.js";
import { secretDialog } from "./secret.js";
import { part } from "./sections.js";

/** @import { App } from "../app.js" */
/** @import { OutgoingHook } from "../sdk/hooks.js" */

const EVENTS = [
  "message.created",
  "message.edited",
  "message.deleted",
  "message.pinned",
  "message.unpinned",
  "reaction.added",
  "reaction.removed",
  "member.joined",
  "member.left",
  "member.updated",
  "member.muted",
  "conversation.updated",
];

/** @param {App} app */
export function outgoing(app) {
  const list = h("ul", { class: "sessions apps outgoing" });
  const draw = () =>
    fill(list, async () => (await app.chat.hooks.list()).map((hook) => row(app, hook, draw)), {
      rows: 1,
      empty: t("outgoing.none"),
    });
  void draw();
  const make = h("button", { type: "button", on: { click: () => newHook(app, draw) } }, icon("add"), t("outgoing.new"));
  return part(t("outgoing"), [list, make], t("outgoing.hint"));
}

/** @param {App} app @param {OutgoingHook} hook @param {() => Promise<void>} draw */
function row(app, hook, draw) {
  const { id, name, url, on, failed } = hook;
  const change = async () => {
    await app.chat.hooks.switch(id, !on).catch((error) => toast(sentence(error)));
    await draw();
  };
  const remove = async () => {
    if (!(await confirm(t("outgoing.remove"), t("outgoing.remove.ask", { name }), t("outgoing.remove")))) return;
    await app.chat.hooks.remove(id).catch((error) => toast(sentence(error)));
    await draw();
  };
  const button = (/** @type {string} */ label, /** @type {() => void} */ act) =>
    h("button", { type: "button", "aria-label": `${label}: ${name}`, on: { click: act } }, label);
  return h(
    "li",
    {},
    icon("forward"),
    h(
      "span",
      { class: "names" },
      h("strong", {}, h("bdi", {}, name)),
      h("small", { title: url }, h("bdi", {}, url)),
      h("small", {}, about(app, hook)),
      h("small", { class: on && !failed ? "state fine" : "state bad" }, stateOf(hook)),
    ),
    h(
      "span",
      { class: "buttons" },
      button(t("deliveries"), () => deliveries(app, hook)),
      button(t(on ? "outgoing.switch.off" : "outgoing.switch.on"), () => void change()),
      iconButton("trash", `${t("outgoing.remove")}: ${name}`, () => void remove()),
    ),
  );
}

/** @param {OutgoingHook} hook */
function stateOf({ on, off, failed }) {
  if (on && failed) {
    const told = t("outgoing.failed", { time: moment(new Date(failed.at)) });
    return failed.reason ? `${told} ${whyNot(failed.reason)}` : told;
  }
  if (on) return t("outgoing.on");
  return off ? t(`outgoing.off.${off}`) : t("outgoing.off");
}

/** Where, and of what, it tells. @param {App} app @param {OutgoingHook} hook */
function about(app, { conversations, events }) {
  const titles = [conversations].flat().flatMap((id) => {
    const state = app.chat.conversations.get(id);
    return state ? [titleOf(app, state)] : [];
  });
  const some = titles.length ? listed(titles, conversations.length) : t("outgoing.where.none");
  const where = conversations === "all" ? t("outgoing.where.all") : some;
  return `${where} · ${events.map(eventName).join(", ")}`;
}

/** @param {App} app @param {() => Promise<void>} draw */
function newHook(app, draw) {
  const check = (
    /** @type {string} */ name,
    /** @type {string} */ value,
    /** @type {string} */ label,
    checked = false,
  ) => h("label", { class: "check" }, h("input", { type: "checkbox", name, value, checked }), h("bdi", {}, label));
  /** `places`: there may be many, and the choice above says what they are. */
  const group = (/** @type {string} */ title, /** @type {Node[]} */ boxes, places = false) =>
    h(
      "fieldset",
      { class: places ? "choices long" : "choices" },
      h("legend", { class: places ? "unseen" : "label" }, title),
      ...boxes,
    );
  const places = group(
    t("outgoing.where.some"),
    sorted([...app.chat.conversations.values()]).map((one) => check("place", one.conversation, titleOf(app, one))),
    true,
  );
  places.hidden = true;
  const options = ["all", "some"].map((value) => h("option", { value }, t(`outgoing.where.${value}`)));
  const which = h("select", {}, ...options);
  const where = field(t("outgoing.where"), which, t("outgoing.where.rooms", { lobby: t("lobby") }));
  which.addEventListener("change", () => {
    places.hidden = which.value === "all";
    where.querySelector("small")?.toggleAttribute("hidden", !places.hidden);
  });
  const fields = [
    field(
      t("outgoing.url"),
      h("input", {
        type: "url",
        name: "url",
        required: true,
        maxlength: 2000,
        placeholder: "https://",
        autocomplete: "off",
      }),
    ),
    field(
      t("outgoing.name"),
      h("input", { name: "name", maxlength: 40, autocomplete: "off" }),
      t("outgoing.name.hint"),
    ),
    where,
    places,
    group(
      t("outgoing.events"),
      EVENTS.map((type) => check("event", type, eventName(type), type === "message.created")),
    ),
  ];
  secretDialog({ title: t("outgoing.new"), go: t("hook.make") }, fields, async ({ url, name }, box) => {
    const chosen = (/** @type {string} */ of) =>
      [...box.querySelectorAll(`input[name=${of}]:checked`)].map((one) => /** @type {HTMLInputElement} */ (one).value);
    const conversations = which.value === "all" ? "all" : chosen("place");
    const events = chosen("event");
    if (!conversations.length) throw missing(t("outgoing.where.missing"));
    if (!events.length) throw missing(t("outgoing.events.missing"));
    const { secret } = await app.chat.hooks.make({ url, conversations, events, name });
    void draw();
    return { label: t("outgoing.secret"), value: secret, hint: t("outgoing.secret.once") };
  });
}

/** @param {string} message */
const missing = (message) => new Refused({ code: "missing", message });
