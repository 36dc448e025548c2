// The sign-in page: as a guest with only a name, with an account, with an invite, or as the first owner.

import { t } from "../text/languages.js";
import { h } from "./dom.js";
import { field, form, nameInput, passwordInput } from "./form.js";
import { languageChoice } from "./choices.js";

/** @import { Api } from "../sdk/http.js" */

/**
 * @typedef {{version: string, access: "open" | "invite" | "closed", outside: boolean, owned: boolean}} ServerInfo
 * @typedef {{conversation: string | null, title: string | null, invited_by: string | null}} InviteOffer
 * @typedef {{api: Api, server: ServerInfo, offer: InviteOffer | null,
 *   enter: (user: any, registered: boolean) => void}} Door
 *   `offer`: of the invite, or null if it is not valid; `registered`: with the invite, if there is one
 */

/**
 * The page without a login session. `why` is a sentence above it, for example that the session ended.
 * @param {Door} door
 * @param {{setup?: string | null, invite?: string | null, login?: boolean, name?: string, why?: string,
 *   way?: Way}} options
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
  const show = (/** @type {Way} */ way) => {
    options.way = way;
    const other = ways.filter((one) => one !== way).map((one) => switchTo(one, () => show(one)));
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
      FORMS[way](door, options),
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

/** @typedef {"guest" | "login" | "register" | "setup"} Way */

/**
 * The ways to sign in that this server offers, the most likely first.
 * @param {Door} door @param {Parameters<typeof gate>[1]} options
 */
function waysIn({ server, offer }, options) {
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
  return ways;
}

/** @param {Way} way @param {() => void} act */
function switchTo(way, act) {
  return h("button", { type: "button", class: "link", on: { click: act } }, t(`gate.to.${way}`));
}

/** @type {Record<Way, (door: Door, options: Parameters<typeof gate>[1]) => HTMLElement>} */
const FORMS = {
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
