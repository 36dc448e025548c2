// The e-mail address of the account, and the mails about what the user missed. Both are shown only where the server
// sends mails.

import { t } from "../text/languages.js";
import { dialog, toast } from "./dialog.js";
import { h, icon } from "./dom.js";
import { field, form, nameInput, passwordInput, sentence } from "./form.js";
import { fill } from "./loading.js";
import { apartAddress } from "./places.js";
import { part } from "./sections.js";

/** @import { App } from "../app.js" */
/** @import { Child } from "./dom.js" */
/** @import { EmailAddress } from "../sdk/email.js" */

/** The address, with its state. @param {App} app */
export function email(app) {
  const body = h("div", { class: "form" });
  const section = part(t("email"), [body], t("email.hint"));
  let waits = false;
  const draw = (/** @type {EmailAddress | null} */ known = null) =>
    fill(body, async () => {
      const held = known ?? (await app.chat.email.get());
      waits = held.wanted !== null;
      return addressOf(app, held, (state) => void draw(state));
    });
  // The link is opened in another tab, or on the phone.
  const back = () => {
    if (!section.isConnected) document.removeEventListener("visibilitychange", back);
    else if (waits && document.visibilityState === "visible") void draw();
  };
  document.addEventListener("visibilitychange", back);
  return whereMailed(app, section, () => void draw());
}

/** The switch for the mails about what the user missed. @param {App} app */
export function digest(app) {
  const body = h("div", { class: "form" });
  const section = part(t("digest"), [body], t("digest.hint"));
  const draw = () =>
    fill(body, async () => {
      const held = await app.chat.email.get();
      const box = h("input", { type: "checkbox", ".checked": held.digest && held.address !== null });
      box.disabled = held.address === null;
      const change = async () => {
        try {
          await app.chat.email.setDigest(box.checked);
          toast(t("saved"), null, { seconds: 3 });
        } catch (error) {
          box.checked = !box.checked;
          toast(sentence(error));
        }
      };
      box.addEventListener("change", () => void change());
      const first = h("a", { href: apartAddress("settings", "profile") }, t("digest.first"));
      return [
        h("label", { class: "check" }, box, t("digest.on")),
        held.address === null && h("p", { class: "hint" }, first),
        held.refused && h("p", { class: "wrong" }, t("email.refused")),
      ];
    });
  return whereMailed(app, section, () => void draw());
}

/**
 * A part that appears when the server says that it sends mails.
 * @param {App} app @param {HTMLElement} section @param {() => void} draw
 */
function whereMailed(app, section, draw) {
  section.hidden = true;
  const ask = async () => {
    const { mail, outside } = await app.api.get("/server");
    if (!mail || outside) return; // another application keeps the addresses of its users
    section.hidden = false;
    draw();
  };
  ask().catch(() => {}); // without the server nothing could be changed either
  return section;
}

/** @param {App} app @param {EmailAddress} held @param {(held: EmailAddress) => void} changed @returns {Child[]} */
function addressOf(app, held, changed) {
  const { address, wanted, refused } = held;
  if (address === null && wanted === null) return [wanting(app, "", changed)];
  const ask = (/** @type {string} */ typed) => {
    const { close } = dialog(
      t("email"),
      [
        wanting(app, typed, (state) => {
          close();
          changed(state);
        }),
      ],
      { class: "small" },
    );
  };
  const button = (/** @type {string} */ name, /** @type {() => void} */ act) =>
    h("button", { type: "button", on: { click: act } }, name);
  const row = (/** @type {string} */ text, /** @type {string} */ state, /** @type {Child} */ more = null) =>
    h(
      "li",
      {},
      icon("unread"),
      h("span", { class: "names" }, h("strong", { title: text }, h("bdi", {}, text)), h("small", {}, state)),
      more,
    );
  return [
    h(
      "ul",
      { class: "sessions addresses" },
      address !== null && row(address, t(refused ? "email.refused" : "email.confirmed")),
      wanted !== null &&
        row(
          wanted,
          t("email.waiting"),
          button(t("email.again"), () => ask(wanted)),
        ),
    ),
    h(
      "div",
      { class: "buttons" },
      button(t("email.change"), () => ask("")),
      button(t("email.remove"), () => removing(app, changed)),
    ),
  ];
}

/** The form for an address. @param {App} app @param {string} typed @param {(held: EmailAddress) => void} changed */
const wanting = (app, typed, changed) =>
  form(
    [
      field(
        t("email.address"),
        h("input", {
          type: "email",
          name: "address",
          required: true,
          maxlength: 320,
          value: typed,
          autocomplete: "email",
        }),
      ),
      field(t("settings.password.now"), passwordInput("current-password")),
      nameInput({ value: app.me.user_id, hidden: true }),
    ],
    t("email.send"),
    async ({ address, password }) => {
      changed(await app.chat.email.set(address, password));
      toast(t("email.sent", { address }));
    },
  );

/** @param {App} app @param {(held: EmailAddress) => void} changed */
function removing(app, changed) {
  const { close } = dialog(
    t("email.remove"),
    [
      h("p", {}, t("email.remove.lead")),
      form(
        [
          field(t("settings.password.now"), passwordInput("current-password")),
          nameInput({ value: app.me.user_id, hidden: true }),
        ],
        t("email.remove"),
        async ({ password }) => {
          await app.chat.email.remove(password);
          const held = await app.chat.email.get();
          close();
          changed(held);
        },
        { danger: true },
      ),
    ],
    { class: "small" },
  );
}
