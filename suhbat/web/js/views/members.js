// The members of a conversation in its details: who they are, and for moderators what they may do with each. A long
// list is shown in parts.

import { isolated } from "../text/bidi.js";
import { t } from "../text/languages.js";
import { confirm, menu, toast } from "./dialog.js";
import { avatar } from "./avatar.js";
import { h, iconButton, nameNode } from "./dom.js";
import { sentence } from "./form.js";
import { fill } from "./loading.js";
import { called, isHere, personOf } from "./names.js";
import { pickPeople } from "./people-picker.js";
import { showPerson } from "./person.js";
import { isPressed } from "./pressing.js";
import { givesRoles, sanctions } from "./rights.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState } from "../sdk/types.js" */
/** @import { MenuItem } from "./dialog.js" */

const FEW = 8; // members that are shown at first
const PAGE = 100;
const PRESENT = 200; // people online that the lobby lists

/** @param {string} conversation */
const pathOf = (conversation) => `/conversations/${encodeURIComponent(conversation)}/members`;

/**
 * The list, and the button that shows the rest of it. `renew` reads the members anew, `redraw` draws them again;
 * `uids`: of those that were read.
 * @param {App} app @param {ConversationState} state @param {(conversation: string) => void} go
 */
export function memberList(app, state, go) {
  const { conversation } = state;
  const path = pathOf(conversation);
  const list = h("ul", { class: "members" });
  const more = h("button", { type: "button", class: "link", hidden: true }, t("members.all"));
  /** @type {any[]} */
  let members = [];
  /** @type {string | null} where the next page begins */
  let after = null;
  let shown = FEW;
  const renew = () => {
    members = [];
    after = null;
    return fill(list, load);
  };
  more.addEventListener("click", () => {
    shown = shown === FEW ? PAGE : shown + PAGE;
    const at = list.childElementCount;
    void fill(list, members.length < shown && after ? load : async () => rows()).then(() =>
      list.children[at]?.querySelector("button")?.focus(),
    );
  });
  void renew();
  return { list, more, renew, redraw, uids: () => members.map(({ user }) => user.uid) };

  /** Names came or changed. */
  function redraw() {
    if (list.hasAttribute("aria-busy") || isPressed(list, redraw)) return;
    const at = [...list.children].findIndex((one) => one.contains(document.activeElement));
    list.replaceChildren(...rows());
    list.children[at]?.querySelector("button")?.focus();
  }

  async function load() {
    if (state.kind === "lobby") {
      const here = [...app.chat.presence.values()].filter((one) => one.state === "online");
      members = here.slice(0, PRESENT).map((user) => ({ user }));
    } else {
      const page = await app.api.get(path, { limit: PAGE, ...(after ? { after } : {}) });
      members.push(...page.members);
      after = page.after ?? null;
    }
    return rows();
  }

  function rows() {
    more.hidden = members.length <= shown && !after;
    return members.slice(0, shown).map(row);
  }

  /** @param {any} member */
  function row(member) {
    const { uid, user_id: name } = member.user;
    const shown = personOf(app, uid, name);
    const picture = avatar(shown.name, name, shown.face, shown);
    if (isHere(app, uid)) picture.classList.add("here");
    const about = [
      uid === app.me.uid && t("you"),
      member.role && member.role !== "member" && t(`role.${member.role}`),
      member.muted && t("member.muted"),
    ].filter(Boolean);
    const card = (/** @type {Event} */ event) =>
      void showPerson(app, name, uid, /** @type {Element} */ (event.currentTarget), go);
    const may = sanctions(app, state, member);
    return h(
      "li",
      { class: "member" },
      h(
        "button",
        { type: "button", class: "who", on: { click: card } },
        picture,
        h("span", { class: "names" }, nameNode(shown, name), about.length > 0 && h("small", {}, about.join(" · "))),
      ),
      may &&
        iconButton(
          "more",
          `${t("message.more")}: ${isolated(shown.name)}`,
          (event) => open(member, /** @type {Element} */ (event.currentTarget)),
          { "aria-haspopup": "menu" },
        ),
    );
  }

  /** @param {any} member @param {Element} anchor */
  function open(member, anchor) {
    const { uid, user_id } = member.user;
    const name = called(app, uid, user_id);
    const where = `${path}/${encodeURIComponent(user_id)}?uid=${encodeURIComponent(uid)}`;
    const change = (/** @type {object} */ body) => done(app.api.patch(where, body));
    /** @type {MenuItem[]} */
    const items = [];
    if (givesRoles(app, state) && member.role !== "owner") {
      const promote = member.role === "member";
      const role = promote ? "moderator" : "member";
      items.push({
        label: t(promote ? "member.promote" : "member.demote"),
        icon: "shield",
        act: () => change({ role }),
      });
    }
    items.push(
      {
        label: t(member.muted ? "member.unmute" : "member.mute"),
        icon: "muted",
        act: () => change({ muted: !member.muted }),
      },
      { label: t("member.remove"), icon: "close", danger: true, act: () => void ask("remove", app.api.delete) },
      { label: t("member.ban"), icon: "warning", danger: true, act: () => void ask("ban", app.api.patch) },
    );
    menu(anchor, items);

    /** @param {"remove" | "ban"} what @param {(path: string, body?: object) => Promise<any>} call */
    async function ask(what, call) {
      const title = t(`member.${what}`);
      if (await confirm(title, t(`member.${what}.ask`, { name }), title))
        done(call.call(app.api, where, ...(what === "ban" ? [{ banned: true }] : [])));
    }
  }

  /** @param {Promise<unknown>} work */
  function done(work) {
    work.then(renew, (error) => void toast(sentence(error)));
  }
}

/**
 * Choose people and add them to a room. Those who do not know the user get an invitation.
 * @param {App} app @param {string} conversation
 * @param {{there?: string[], added?: () => void}} [options] `there`: the uids of members
 */
export function addPeople(app, conversation, { there = [], added = () => {} } = {}) {
  const path = pathOf(conversation);
  const texts = { title: t("member.add"), hint: t("member.add.hint"), button: t("member.add.do") };
  pickPeople(app, { ...texts, without: new Set([app.me.uid, ...there]) }, async (people, close) => {
    /** @type {string[]} */
    const invited = [];
    for (const { uid, user_id } of people) {
      const answer = await app.api.put(`${path}/${encodeURIComponent(user_id)}`, {});
      if (answer?.invited) invited.push(called(app, uid, user_id));
    }
    close();
    added();
    if (invited.length) toast(t("member.invited", { names: invited }));
  });
}
