// Details of a conversation: its members, its pins, muting on this device, and the settings for moderators.

import { t } from "../text/languages.js";
import { plain } from "../text/markdown.js";
import { prefer, preferences } from "../storage/preferences.js";
import { confirm, dialog, menu, toast } from "./dialog.js";
import { avatar, h, iconButton } from "./dom.js";
import { field, form, nameInput, sentence } from "./form.js";
import { isHere, titleOf } from "./names.js";
import { panel } from "./panel.js";
import { showPerson } from "./person.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState, Message } from "../sdk/types.js" */
/** @import { MenuItem } from "./dialog.js" */

/**
 * @param {App} app
 * @param {string} conversation
 * @param {{close: () => void, go: (conversation: string, seq?: number) => void, invite: () => void}} acts
 */
export function detailsPanel(app, conversation, acts) {
  const path = `/conversations/${encodeURIComponent(conversation)}`;
  const found = app.chat.conversations.get(conversation);
  const pins = h("ul", { class: "pins" });
  const members = h("ul", { class: "members" });
  const parts = h("div", {});
  const element = panel(t("details"), acts.close, [parts]);
  if (found) draw(found);
  const end = app.on("about", (/** @type {any} */ event) => {
    if (!element.isConnected) end();
    else if (event.conversation === conversation) void loadPins();
  });
  return element;

  /** @param {ConversationState} state */
  function draw(state) {
    const moderates = state.role === "owner" || state.role === "moderator";
    parts.replaceChildren(
      h("h3", { dir: "auto" }, titleOf(state)),
      state.topic ? h("p", { class: "topic", dir: "auto" }, state.topic) : "",
      silence(),
      h("div", { class: "buttons" }, ...buttons(state, moderates)),
      h("h4", {}, t("pins")),
      pins,
      h("h4", {}, state.kind === "lobby" ? t("here.now") : t("members.title", { n: state.member_count })),
      members,
    );
    void loadPins();
    void (state.kind === "lobby" ? drawPresent() : loadMembers(state, moderates));
  }

  function silence() {
    const change = (/** @type {Event} */ event) => {
      const { checked } = /** @type {HTMLInputElement} */ (event.target);
      const others = preferences().silent.filter((one) => one !== conversation);
      prefer({ silent: checked ? [...others, conversation] : others });
    };
    return h(
      "label",
      { class: "check" },
      h("input", { type: "checkbox", checked: preferences().silent.includes(conversation), on: { change } }),
      t("silent"),
    );
  }

  /** @param {ConversationState} state @param {boolean} moderates */
  function buttons(state, moderates) {
    if (state.kind === "lobby") return [];
    const button = (/** @type {string} */ text, /** @type {() => void} */ act, danger = false) =>
      h("button", { type: "button", class: danger ? "danger" : "", on: { click: act } }, text);
    if (state.kind === "direct")
      return [button(t("direct.leave"), () => void leave(t("direct.leave"), t("direct.leave.ask")))];
    return [
      moderates && button(t("member.add"), addMember),
      moderates && button(t("room.settings"), () => settings(state)),
      ["owner", "moderator"].includes(app.me.role ?? "") && button(t("invite"), acts.invite),
      button(t("room.leave"), () => void leave(t("room.leave"), t("room.leave.ask")), true),
    ];
  }

  async function loadPins() {
    try {
      const { messages } = await app.api.get(`${path}/pins`);
      pins.replaceChildren(
        ...messages.map((/** @type {Message} */ message) =>
          h(
            "li",
            {},
            h(
              "button",
              { type: "button", class: "result", on: { click: () => acts.go(conversation, message.seq) } },
              h("strong", {}, message.sender),
              h("span", { dir: "auto" }, plain(message.text)),
            ),
          ),
        ),
      );
      if (!messages.length) pins.append(h("li", { class: "empty" }, t("pins.none")));
    } catch (error) {
      pins.replaceChildren(h("li", { class: "wrong" }, sentence(error)));
    }
  }

  function drawPresent() {
    const here = [...app.chat.presence.values()].filter((one) => one.state === "online");
    members.replaceChildren(...here.slice(0, 200).map((one) => person(one.uid, one.user_id, "", null)));
  }

  /** @param {ConversationState} state @param {boolean} moderates @param {string} [after] */
  async function loadMembers(state, moderates, after = "") {
    try {
      const page = await app.api.get(`${path}/members`, { limit: 100, ...(after ? { after } : {}) });
      if (!after) members.replaceChildren();
      members.lastElementChild?.querySelector(".more-members")?.parentElement?.remove();
      for (const member of page.members) {
        const about = [member.role !== "member" && t(`role.${member.role}`), member.muted && t("member.muted")]
          .filter(Boolean)
          .join(" · ");
        members.append(
          person(
            member.user.uid,
            member.user.user_id,
            about,
            moderates && member.user.uid !== app.me.uid && state.kind === "room" ? member : null,
          ),
        );
      }
      if (page.after)
        members.append(
          h(
            "li",
            {},
            h(
              "button",
              {
                type: "button",
                class: "more-members",
                on: { click: () => void loadMembers(state, moderates, page.after) },
              },
              t("search.more"),
            ),
          ),
        );
    } catch (error) {
      members.replaceChildren(h("li", { class: "wrong" }, sentence(error)));
    }
  }

  /**
   * @param {string} uid @param {string} name @param {string} about
   * @param {any} member null if the user may not moderate this member
   */
  function person(uid, name, about, member) {
    const picture = avatar(name, uid);
    if (isHere(app, uid)) picture.classList.add("here");
    const card = (/** @type {Event} */ event) =>
      void showPerson(app, name, uid, /** @type {Element} */ (event.currentTarget), (direct) => acts.go(direct));
    return h(
      "li",
      { class: "member" },
      h(
        "button",
        { type: "button", class: "who", on: { click: card } },
        picture,
        h("span", { class: "names" }, h("strong", { dir: "auto" }, name), about && h("small", {}, about)),
      ),
      member &&
        iconButton(
          "more",
          t("message.more"),
          (event) => memberMenu(member, /** @type {Element} */ (event.currentTarget)),
          {
            "aria-haspopup": "menu",
          },
        ),
    );
  }

  /** @param {any} member @param {Element} anchor */
  function memberMenu(member, anchor) {
    const name = member.user.user_id;
    const where = `${path}/members/${encodeURIComponent(name)}?uid=${encodeURIComponent(member.user.uid)}`;
    const change = (/** @type {object} */ body) => done(app.api.patch(where, body));
    const owner = app.chat.conversations.get(conversation)?.role === "owner";
    /** @type {MenuItem[]} */
    const items = [];
    if (owner && member.role === "member")
      items.push({ label: t("member.promote"), icon: "shield", act: () => change({ role: "moderator" }) });
    if (owner && member.role === "moderator")
      items.push({ label: t("member.demote"), icon: "shield", act: () => change({ role: "member" }) });
    items.push({
      label: t(member.muted ? "member.unmute" : "member.mute"),
      icon: "muted",
      act: () => change({ muted: !member.muted }),
    });
    items.push({ label: t("member.remove"), icon: "close", danger: true, act: () => done(app.api.delete(where)) });
    items.push({
      label: t("member.ban"),
      icon: "warning",
      danger: true,
      act: () => void ask(t("member.ban"), t("member.ban.ask", { name }), () => change({ banned: true })),
    });
    menu(anchor, items);
  }

  /** @param {string} title @param {string} text @param {() => void} act */
  async function ask(title, text, act) {
    if (await confirm(title, text, title)) act();
  }

  /** @param {Promise<unknown>} work */
  function done(work) {
    const again = () => {
      const state = app.chat.conversations.get(conversation);
      if (state) draw(state);
    };
    work.then(again, (error) => toast(sentence(error)));
  }

  function addMember() {
    const { close } = dialog(t("member.add"), [
      form([field(t("gate.name"), nameInput({ autocomplete: "off" }))], t("member.add"), async ({ user_id }) => {
        const name = user_id.trim().replace(/^@/, ""); // the page shows names with an @
        const answer = await app.api.put(`${path}/members/${encodeURIComponent(name)}`, {});
        close();
        if (answer?.invited) toast(t("member.invited", { name }));
        done(Promise.resolve());
      }),
    ]);
  }

  /** @param {ConversationState} state */
  function settings(state) {
    const owner = state.role === "owner";
    const select = (/** @type {string} */ name, /** @type {string[]} */ values, /** @type {string} */ chosen) =>
      h(
        "select",
        { name },
        ...values.map((value) => h("option", { value, selected: value === chosen }, t(`room.${name}.${value}`))),
      );
    const { close } = dialog(t("room.settings"), [
      form(
        [
          field(t("room.title"), h("input", { name: "title", required: true, maxlength: 100, value: state.title })),
          field(t("room.topic"), h("input", { name: "topic", maxlength: 500, value: state.topic })),
          field(
            t("room.slow"),
            h("input", { name: "slow_mode", type: "number", min: 0, max: 3600, value: state.slow_mode }),
            t("room.slow.hint"),
          ),
          owner && field(t("room.visibility"), select("visibility", ["private", "public"], state.visibility)),
          owner && field(t("room.history"), select("history", ["all", "joined"], state.history)),
          owner &&
            field(
              t("room.retention"),
              h("input", { name: "retention", type: "number", min: 0, max: 36500, value: state.retention }),
              t("room.retention.hint"),
            ),
          owner &&
            h(
              "label",
              { class: "check" },
              h("input", { type: "checkbox", name: "archived", checked: state.archived }),
              t("room.archived"),
            ),
        ],
        t("save"),
        async (values) => {
          const body = { title: values.title, topic: values.topic, slow_mode: Number(values.slow_mode) };
          const more = owner
            ? {
                visibility: values.visibility,
                history: values.history,
                retention: Number(values.retention),
                archived: "archived" in values,
              }
            : {};
          draw(await app.api.patch(path, { ...body, ...more }));
          close();
        },
      ),
      owner && h("button", { type: "button", class: "danger", on: { click: () => void erase() } }, t("room.erase")),
    ]);
    async function erase() {
      if (!(await confirm(t("room.erase"), t("room.erase.ask"), t("room.erase")))) return;
      await app.api.delete(path).then(close, (error) => toast(sentence(error)));
    }
  }

  /** @param {string} act @param {string} question */
  async function leave(act, question) {
    if (!(await confirm(act, question, act))) return;
    await app.chat.command("leave", { conversation }).catch((error) => toast(sentence(error)));
  }
}
