// New conversations: create a room, join a public room, or start a direct.

import { t } from "../text/languages.js";
import { dialog, menu, toast } from "./dialog.js";
import { avatar, h, icon } from "./dom.js";
import { field, form, sentence } from "./form.js";
import { inviteDialog } from "./invites.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState } from "../sdk/types.js" */
/** @import { MenuItem } from "./dialog.js" */

/** @param {App} app @param {Element} anchor @param {(conversation: string) => void} go */
export function addMenu(app, anchor, go) {
  /** @type {MenuItem[]} */
  const items = [
    { label: t("direct.new"), icon: "people", act: () => newDirect(app, go) },
    { label: t("room.new"), icon: "add", act: () => newRoom(app, go) },
    { label: t("room.browse"), icon: "hash", act: () => browse(app, go) },
  ];
  if (["owner", "moderator"].includes(app.me.role ?? ""))
    items.push({ label: t("invite"), icon: "link", act: () => inviteDialog(app, null) });
  menu(anchor, items);
}

/** @param {App} app @param {(conversation: string) => void} go */
export function newRoom(app, go) {
  const option = (/** @type {string} */ value) => h("option", { value }, t(`room.visibility.${value}`));
  const { close } = dialog(t("room.new"), [
    form(
      [
        field(t("room.title"), h("input", { name: "title", required: true, maxlength: 100 })),
        field(t("room.topic"), h("input", { name: "topic", maxlength: 500 })),
        field(t("room.visibility"), h("select", { name: "visibility" }, option("private"), option("public"))),
      ],
      t("room.make"),
      async ({ title, topic, visibility }) => {
        const { conversation } = await app.api.post("/conversations", { title, topic, visibility });
        close();
        go(conversation);
      },
    ),
  ]);
}

/** @param {App} app @param {(conversation: string) => void} go */
export function newDirect(app, go) {
  /** @type {Map<string, {chip: HTMLElement, uid: string}>} by name */
  const chosen = new Map();
  const input = h("input", {
    type: "text",
    maxlength: 64,
    autocapitalize: "none",
    spellcheck: "false",
    "aria-label": t("gate.name"),
    placeholder: t("direct.find"),
    on: { input: () => void find() },
  });
  const list = h("ul", { class: "members" });
  const picked = h("div", { class: "picked" });
  const wrong = h("p", { class: "wrong", role: "alert" });
  const open = h(
    "button",
    { type: "button", class: "primary", disabled: true, on: { click: () => void start() } },
    t("person.write"),
  );
  const { close } = dialog(t("direct.new"), [
    h("p", { class: "hint" }, t("direct.hint")),
    picked,
    input,
    list,
    wrong,
    open,
  ]);
  input.focus();
  let asked = 0;
  void find();

  async function find() {
    const visit = ++asked;
    try {
      const { users } = await app.api.get("/users", { query: input.value.trim(), limit: 20 });
      if (visit === asked)
        list.replaceChildren(...users.filter((/** @type {{uid: string}} */ user) => user.uid !== app.me.uid).map(row));
    } catch (error) {
      wrong.textContent = sentence(error);
    }
  }

  /** @param {any} user */
  function row(user) {
    const pick = () => toggle(user);
    return h(
      "li",
      { class: "member" },
      h(
        "button",
        { type: "button", class: "who", on: { click: pick } },
        avatar(user.display_name, user.uid),
        h(
          "span",
          { class: "names" },
          h("strong", { dir: "auto" }, user.display_name),
          h("small", {}, `@${user.user_id}`),
        ),
      ),
    );
  }

  /** @param {any} user */
  function toggle(user) {
    const there = chosen.get(user.user_id);
    if (there) {
      there.chip.remove();
      chosen.delete(user.user_id);
    } else {
      const chip = h(
        "button",
        { type: "button", class: "chip", on: { click: () => toggle(user) } },
        user.user_id,
        icon("close"),
      );
      chosen.set(user.user_id, { chip, uid: user.uid });
      picked.append(chip);
    }
    open.disabled = !chosen.size;
  }

  async function start() {
    try {
      const { conversation } = await app.api.post("/directs", {
        users: [...chosen.keys()],
        uids: [...chosen.values()].map(({ uid }) => uid),
      });
      close();
      go(conversation);
    } catch (error) {
      wrong.textContent = sentence(error);
    }
  }
}

/** @param {App} app @param {(conversation: string) => void} go */
export function browse(app, go) {
  const list = h("ul", { class: "rooms-list" });
  const { close } = dialog(t("room.browse"), [list]);
  void page("");

  /** @param {string} after */
  async function page(after) {
    try {
      const found = await app.api.get("/conversations", { public: true, limit: 50, ...(after ? { after } : {}) });
      list.append(...found.conversations.map(row));
      if (!list.childElementCount) list.append(h("li", { class: "empty" }, t("room.none")));
      if (found.after) void page(found.after);
    } catch (error) {
      list.append(h("li", { class: "wrong" }, sentence(error)));
    }
  }

  /** @param {ConversationState} state */
  function row(state) {
    const mine = app.chat.conversations.has(state.conversation);
    const act = async () => {
      try {
        if (!mine) await app.chat.command("join", { conversation: state.conversation });
        close();
        go(state.conversation);
      } catch (error) {
        toast(sentence(error));
      }
    };
    return h(
      "li",
      { class: "room" },
      h(
        "span",
        { class: "names" },
        h("strong", { dir: "auto" }, state.title),
        h("small", { dir: "auto" }, state.topic || t("members", { n: state.member_count })),
      ),
      h(
        "button",
        { type: "button", class: mine ? "" : "primary", on: { click: () => void act() } },
        t(mine ? "room.open" : "room.join"),
      ),
    );
  }
}
