// The switcher (Ctrl+K). It finds a conversation, a person to write to, or a public room by a few letters of a name.
// Without a connection it finds what this device knows.

import { found, wantedOf } from "../models/finding.js";
import { Lookup } from "../models/lookup.js";
import { t } from "../text/languages.js";
import { dialog } from "./dialog.js";
import { avatar, roomAvatar } from "./avatar.js";
import { composes, h } from "./dom.js";
import { sentence } from "./form.js";
import { faceOfGoal, ownGoals, peopleGoals, publicRooms, roomGoals } from "./goals.js";
import { handlesOf } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { Goal } from "../models/finding.js" */
/** @import { Known } from "./goals.js" */
/** @import { ConversationState, Person } from "../sdk/types.js" */

const SHOWN = 20;
const PEOPLE = 10; // that are asked for

/** @param {App} app @param {string | null} open the open conversation @param {(conversation: string) => void} go */
export function switcher(app, open, go) {
  const list = h("ul", { class: "switcher-list", role: "listbox", id: "switcher-list", "aria-label": t("switcher") });
  const nothing = h("p", { class: "empty", hidden: true }, t("search.nothing"));
  const note = h("p", { class: "hint", role: "status" });
  const wrong = h("p", { class: "wrong", role: "alert" });
  const input = h("input", {
    type: "text",
    role: "combobox",
    maxlength: 64,
    autocapitalize: "none",
    autocomplete: "off",
    spellcheck: "false",
    "aria-expanded": "true",
    "aria-autocomplete": "list",
    "aria-controls": "switcher-list",
    "aria-label": t("switcher"),
    placeholder: t("switcher"),
    on: { input: () => typed(), keydown: key },
  });
  const own = ownGoals(app, open);
  /** @type {Known[]} the latest answer of the server, and the letters that it is for */
  let people = [];
  let answered = "";
  /** @type {ConversationState[]} */
  let rooms = [];
  /** @type {Promise<ConversationState[]> | null} asked for with the first letter, once */
  let asked = null;
  /** @type {Goal[]} */
  let goals = [];
  let at = 0;
  let busy = false;
  let ended = false;
  const lookup = new Lookup(askForPeople, (letters, answer) => {
    if (answer) {
      [people, answered] = [answer.users, letters];
      app.chat.learn(answer.users);
    }
    draw();
    say(answer ? "" : t("switcher.offline"));
  });
  const end = () => {
    ended = true;
    lookup.end();
  };
  const { close } = dialog(t("switcher"), [input, list, nothing, note, wrong], { class: "switcher", onclose: end });
  draw();
  input.focus();

  /** @param {string} letters @returns {Promise<{users: Person[]}>} */
  async function askForPeople(letters) {
    asked ??= publicRooms(app);
    void asked.then(
      (all) => {
        rooms = all;
        if (!ended) draw();
      },
      () => (asked = null),
    );
    return app.api.get("/users", { query: letters, limit: PEOPLE });
  }

  function typed() {
    wrong.textContent = "";
    const wanted = wantedOf(input.value);
    const online = app.chat.status.state === "online";
    if (online) lookup.want(wanted);
    else lookup.end();
    say(!wanted || online ? "" : t("switcher.offline"));
    at = 0;
    draw();
  }

  /** @param {string} text */
  function say(text) {
    note.textContent = text;
  }

  /** Draw the list. An option that is still there stays chosen. */
  function draw() {
    const chosen = at > 0 ? goals[at]?.id : undefined;
    const others = peopleGoals(app, own, people, answered === wantedOf(input.value));
    goals = found([...own, ...others, ...roomGoals(app, rooms)], input.value, SHOWN);
    list.replaceChildren(...goals.map(option));
    list.hidden = !goals.length;
    nothing.hidden = goals.length > 0;
    input.setAttribute("aria-expanded", String(goals.length > 0));
    point(
      Math.max(
        0,
        goals.findIndex(({ id }) => id === chosen),
      ),
    );
  }

  /** @param {Goal} goal @param {number} index */
  function option(goal, index) {
    const state = app.chat.conversations.get(goal.id) ?? rooms.find(({ conversation }) => conversation === goal.id);
    const direct = goal.kind === "person" || state?.kind === "direct";
    const [name, ...others] = goal.names;
    const face = faceOfGoal(app, goal, state);
    const about =
      state?.kind === "direct" ? handlesOf(state) : goal.kind === "person" ? `@${others[0]}` : roomAbout(goal, state);
    return h(
      "li",
      { role: "option", id: `switch-${index}`, class: "goal", on: { click: () => void take(index) } },
      direct
        ? avatar(name, state?.title ?? others[0], face)
        : roomAvatar(state?.kind === "lobby" ? "people" : isPublic(state) ? "hash" : "lock", face),
      h("span", { class: "names" }, h("strong", {}, h("bdi", {}, name)), about && h("small", {}, h("bdi", {}, about))),
      goal.kind !== "own" && h("span", { class: "does" }, t(goal.kind === "room" ? "room.join" : "switcher.write")),
      state && state.unread > 0 && h("span", { class: goal.unread ? "badge" : "badge quiet" }, String(state.unread)),
    );
  }

  /** @param {number} index */
  function point(index) {
    at = index;
    for (const [place, one] of [...list.children].entries()) one.setAttribute("aria-selected", String(place === index));
    list.children[index]?.scrollIntoView({ block: "nearest" });
    if (goals.length) input.setAttribute("aria-activedescendant", `switch-${index}`);
    else input.removeAttribute("aria-activedescendant");
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (composes(event)) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && goals.length) point((at + step + goals.length) % goals.length);
    else if (event.key === "Enter") void take(at);
    else return;
    event.preventDefault();
  }

  /** @param {number} index */
  async function take(index) {
    const goal = goals[index];
    if (!goal || busy) return;
    if (goal.kind !== "own" && app.chat.status.state !== "online") {
      wrong.textContent = t("error.unreachable");
      return;
    }
    busy = true;
    try {
      const conversation = await reach(goal);
      if (ended) return;
      close();
      go(conversation);
    } catch (error) {
      wrong.textContent = sentence(error);
    } finally {
      busy = false;
    }
  }

  /** The conversation of a goal: a direct is opened, a room joined. @param {Goal} goal @returns {Promise<string>} */
  async function reach({ kind, id, names }) {
    if (kind === "person") {
      const users = [names.at(-1)];
      return (await app.api.post("/directs", { users, uids: [id] })).conversation;
    }
    if (kind === "room" && !app.chat.conversations.has(id)) await app.join(id);
    return id;
  }
}

/** @param {ConversationState | undefined} state */
const isPublic = (state) => state?.visibility === "public";

/** What a room that one is not in is about. @param {Goal} goal @param {ConversationState | undefined} state */
const roomAbout = ({ kind }, state) =>
  kind === "room" && (state?.topic || t("members", { n: state?.member_count ?? 0 }));
