// New conversations: create a room, join a public room, or start a direct.

import { untwisted } from "../text/bidi.js";
import { t } from "../text/languages.js";
import { dialog, menu, toast } from "./dialog.js";
import { h } from "./dom.js";
import { field, form, sentence } from "./form.js";
import { inviteDialog } from "./invites.js";
import { fill } from "./loading.js";
import { pickPeople } from "./people-picker.js";
import { moderatesServer } from "./rights.js";

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
  if (moderatesServer(app)) items.push({ label: t("invite"), icon: "link", act: () => inviteDialog(app, null) });
  menu(anchor, items);
}

/** @param {App} app @param {(conversation: string) => void} go */
export function newRoom(app, go) {
  const option = (/** @type {string} */ value) => h("option", { value }, t(`room.visibility.${value}`));
  const { close } = dialog(t("room.new"), [
    form(
      [
        field(t("room.title"), h("input", { name: "title", required: true, maxlength: 100 })),
        field(t("room.topic"), h("input", { name: "topic", maxlength: 500 }), t("room.topic.hint")),
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
  const texts = { title: t("direct.new"), hint: t("direct.hint"), button: t("person.write") };
  pickPeople(app, texts, async (people, close) => {
    const { conversation } = await app.api.post("/directs", {
      users: people.map(({ user_id: name }) => name),
      uids: people.map(({ uid }) => uid),
    });
    close();
    go(conversation);
  });
}

/** @param {App} app @param {(conversation: string) => void} go */
export function browse(app, go) {
  const list = h("ul", { class: "rooms-list" });
  const { close } = dialog(t("room.browse"), [list], { class: "wide" });
  const make = () => {
    close();
    newRoom(app, go);
  };
  const none = h(
    "div",
    { class: "nothing" },
    h("p", {}, t("room.none")),
    h("button", { type: "button", on: { click: make } }, t("room.make")),
  );
  void fill(list, all, { empty: none });

  async function all() {
    /** @type {HTMLElement[]} */
    const rows = [];
    let after = "";
    do {
      const page = await app.api.get("/conversations", { public: true, limit: 50, ...(after ? { after } : {}) });
      rows.push(...page.conversations.map(row));
      after = page.after ?? "";
    } while (after);
    return rows;
  }

  /** @param {ConversationState} state */
  function row(state) {
    const mine = app.chat.conversations.has(state.conversation);
    const act = async () => {
      try {
        if (!mine) await app.join(state.conversation);
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
        h("strong", { dir: "auto" }, untwisted(state.title)),
        h("small", { dir: "auto" }, [t("members", { n: state.member_count }), state.topic].filter(Boolean).join(" · ")),
      ),
      h(
        "button",
        { type: "button", class: mine ? "" : "primary", on: { click: () => void act() } },
        t(mine ? "room.open" : "room.join"),
      ),
    );
  }
}
