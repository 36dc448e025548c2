// The sign-in page: as a guest with only a name, with an account, with an invite, or as the first owner; and what the
// links in mails lead to: a new password, and the confirmation of an address.

import { askForPassword, confirmEmail, resetPassword } from "../sdk/email.js";
import { t } from "../text/languages.js";
import { h } from "./dom.js";
import { field, form, nameInput, passwordInput } from "./form.js";
import { languageChoice } from "./choices.js";

/** @import { Api } from "../sdk/http.js" */

/**
 * @typedef {{version: string, access: "open" | "invite" | "closed", outside: boolean, owned: boolean,
 *   mail: boolean}} ServerInfo
 * @typedef {{conversation: string | null, title: string | null, invited_by: string | null}} InviteOffer
 * @typedef {{api: Api, server: ServerInfo, offer: InviteOffer | null,
 *   enter: (user: any, registered: boolean) => void}} Door
 *   `offer`: of the invite, or null if it is not valid; `registered`: with the invite, if there is one
 */

/**
 * The page without a login session. `why` is a sentence above it, for example that the session ended.
 * @param {Door} door
 * @param {{setup?: string | null, invite?: string | null, reset?: string | null, confirm?: string | null,
 *   login?: boolean, name?: string, why?: string, way?: Way}} options
 *   `name` and `way` become what the user has typed and chosen, so that another language does not lose them
 */
export function gate(door, options) {
  const place = h("main", { class: "gate" });
  const head = h(
    "header",
    { class: "gate-head" },
    h("img", { src: "web/icon.svg", alt: "", width: 56, height: 56 }),
    h("h1", {}, "Suhbat"),
    h("p", {}, t("gate.lead")),
  );
  const card = h("section", { class: "card" });
  place.append(
    head,
    card,
    h("footer", { class: "gate-foot" }, languageChoice(), h("a", { href: "try" }, t("gate.try"))),
  );
  // Another language draws this page anew. Then the focus stays at the choice of the language.
  let focused = document.activeElement?.id ?? "";
  card.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement && target.name === "user_id") options.name = target.value;
  });
  const show = (/** @type {Way} */ way, /** @type {string} */ said = "") => {
    options.way = way;
    if (said) options.why = said;
    const other = waysIn(door, options)
      .filter((one) => one !== way && isBeside(way, one))
      .sort((one, two) => Number(two === "forgot") - Number(one === "forgot")) // it belongs to the password
      .map((one) => switchTo(one, () => show(one), way === "reset" && one === "forgot" ? "another" : one));
    const told =
      options.why ||
      (options.setup && door.server.owned && t("gate.setup.owned")) ||
      (options.invite && !door.offer && offered(null));
    const invited = door.offer && h("p", { class: "invited" }, offered(door.offer));
    const why = told && h("p", { class: "why", role: "status" }, told);
    card.replaceChildren(
      h("h2", {}, t(`gate.${way}`)),
      ...(why ? [why] : []),
      ...(invited ? [invited] : []),
      FORMS[way](door, options, show),
      ...other,
    );
    // Set the focus before the user can click. A later focus would move the typing from another field to this one.
    queueMicrotask(() => {
      (document.getElementById(focused) ?? card.querySelector("input"))?.focus();
      focused = "";
    });
  };
  const ways = waysIn(door, options);
  show(options.way && ways.includes(options.way) ? options.way : ways[0]);
  return place;
}

/** @typedef {"guest" | "login" | "register" | "setup" | "forgot" | "reset" | "confirm"} Way */

/**
 * The ways to sign in that this server offers, the most likely first.
 * @param {Door} door @param {Parameters<typeof gate>[1]} options @returns {Way[]}
 */
function waysIn({ server, offer }, options) {
  if (options.reset) return server.mail ? ["reset", "forgot", "login"] : ["reset", "login"];
  if (options.confirm) return ["confirm"];
  const first = options.setup && !server.owned;
  /** @type {Way[]} */
  const ways = first
    ? ["setup"]
    : offer
      ? ["register"]
      : options.login || options.setup || options.invite
        ? ["login"]
        : [];
  if (server.access === "open" && !offer) ways.push("guest");
  if (!ways.includes("login")) ways.push("login");
  if (server.access === "open" && !ways.includes("register")) ways.push("register");
  if (server.mail && !first) ways.push("forgot");
  return ways;
}

/** Whether a way is offered below the form of another one: who forgot a password is about to log in. */
const isBeside = (/** @type {Way} */ shown, /** @type {Way} */ other) =>
  shown === "forgot" ? other === "login" : other !== "forgot" || shown === "login" || shown === "reset";

/** @param {Way} way @param {() => void} act @param {string} [name] of its text */
function switchTo(way, act, name = way) {
  return h("button", { type: "button", class: "link", on: { click: act } }, t(`gate.to.${name}`));
}

/**
 * @type {Record<Way, (door: Door, options: Parameters<typeof gate>[1], show: (way: Way, why?: string) => void) =>
 *   HTMLElement>}
 */
const FORMS = {
  forgot: (door, { name = "" }, show) =>
    form(
      [
        h("p", {}, t("gate.forgot.lead")),
        field(t("gate.forgot.name"), nameInput({ value: name, maxlength: 320, inputmode: "email" })),
      ],
      t("gate.forgot.go"),
      async ({ user_id }) => {
        await askForPassword(door.api, user_id);
        show("login", t("gate.forgot.sent"));
      },
    ),
  reset: (door, options, show) =>
    form(
      [field(t("gate.reset.password"), passwordInput("new-password"), t("gate.password.hint"))],
      t("gate.reset.go"),
      async ({ new_password }) => {
        await resetPassword(door.api, options.reset ?? "", new_password);
        options.reset = null;
        show("login", t("gate.reset.done"));
      },
    ),
  confirm: (door, options) =>
    form([h("p", {}, t("gate.confirm.lead"))], t("gate.confirm.go"), async (_, box) => {
      await confirmEmail(door.api, options.confirm ?? "");
      const on = h("button", { type: "button", class: "primary", on: { click: () => location.reload() } });
      on.textContent = t("gate.confirm.on");
      box.replaceChildren(h("p", { role: "status" }, t("gate.confirm.done")), on);
    }),
  guest: (door, { name = "" }) =>
    form(
      [field(t("gate.nick"), nameInput({ value: name, autocomplete: "nickname" }), t("gate.guest.hint"))],
      t("gate.enter"),
      (values) => enter(door, "/guests", { user_id: values.user_id }),
    ),
  login: (door, { name = "" }) =>
    form(
      [field(t("gate.name"), nameInput({ value: name })), field(t("gate.password"), passwordInput("current-password"))],
      t("gate.login"),
      (values) => enter(door, "/sessions", { user_id: values.user_id, password: values.password }),
    ),
  register: (door, { invite = null, name = "" }) =>
    form(
      [
        field(t("gate.name"), nameInput({ value: name }), t("gate.name.hint")),
        shownName(),
        field(t("gate.password"), passwordInput("new-password"), t("gate.password.hint")),
      ],
      t("gate.register"),
      (values) => enter(door, "/accounts", { ...account(values), ...(door.offer ? { invite } : {}) }),
    ),
  setup: (door, { setup = null, name = "" }) =>
    form(
      [
        h("p", {}, t("gate.setup.lead")),
        field(t("gate.name"), nameInput({ value: name }), t("gate.name.hint")),
        shownName(),
        field(t("gate.password"), passwordInput("new-password"), t("gate.password.hint")),
      ],
      t("gate.setup.go"),
      (values) => enter(door, "/accounts", { ...account(values), setup }),
    ),
};

function shownName() {
  const input = h("input", { name: "display_name", maxlength: 64, autocomplete: "name" });
  return field(t("gate.shown"), input, t("gate.shown.hint"));
}

/** @param {Record<string, string>} values */
function account(values) {
  const shown = values.display_name?.trim();
  return { user_id: values.user_id, password: values.new_password, ...(shown ? { display_name: shown } : {}) };
}

/** @param {Door} door @param {string} path @param {object} body */
async function enter(door, path, body) {
  const { user } = await door.api.post(path, { ...body, cookie: true });
  door.enter(user, path === "/accounts");
}

/**
 * The sentence about an invite: who invites, and to what; or that it is not valid.
 * @param {InviteOffer | null} offer
 */
export function offered(offer) {
  if (!offer) return t("gate.invite.gone");
  const { invited_by: name, title } = offer;
  if (!name) return t("gate.invited.nobody");
  return title ? t("gate.invited.to", { name, title }) : t("gate.invited", { name });
}
