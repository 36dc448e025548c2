// Details of a conversation, from what it is to the way out: its name and topic, the members, the pins, the files,
// notifications, invites, its settings, and apart from these what ends it.

import { levelOf } from "../models/levels.js";
import { direction } from "../text/direction.js";
import { said } from "../text/said.js";
import { t } from "../text/languages.js";
import { plain } from "../text/markdown.js";
import { confirm, toast } from "./dialog.js";
import { avatar, roomAvatar } from "./avatar.js";
import { h, icon } from "./dom.js";
import { sentence } from "./form.js";
import { incomingHooks } from "./incoming-hooks.js";
import { levels } from "./levels.js";
import { trouble } from "./loading.js";
import { addPeople, memberList } from "./members.js";
import { faceIn, handlesOf, markOf, namesIn, otherOf, personOf, titleOf, writtenBy } from "./names.js";
import { panel } from "./panel.js";
import { mayPicture, pictureArea, pictureButton } from "./picture-editor.js";
import { presenceOf } from "./presence.js";
import { adds, makesHooks, moderatesServer, ownsIn, renames, seesHooks, setsUp } from "./rights.js";
import { roomSettings, settingsTitle } from "./room-settings.js";
import { sharedFiles } from "./shared-files.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState, Message } from "../sdk/types.js" */
/** @import { IncomingHooks } from "./incoming-hooks.js" */
/** @import { Go } from "./places.js" */

/**
 * @param {App} app
 * @param {string} conversation
 * @param {{close: () => void, go: Go, invite: () => void,
 *   ends: (text: string | null) => void}} acts `ends`: the user leaves the conversation, and is told this then; with
 *   null it stays
 */
export function detailsPanel(app, conversation, acts) {
  const path = `/conversations/${encodeURIComponent(conversation)}`;
  const found = app.chat.conversations.get(conversation);
  const pins = h("section", { class: "part", hidden: true });
  const shared = sharedFiles(app, conversation, (seq) => acts.go(conversation, seq));
  const parts = h("div", { tabindex: -1 });
  const element = panel(t("details"), acts.close, [parts]);
  pictureArea(app, element, () => {
    const state = app.chat.conversations.get(conversation);
    return state ? pictures(app, state) : null;
  });
  /** @type {Message[]} */
  let pinned = [];
  /** Once it was needed: it is not loaded again for each change of the conversation. @type {IncomingHooks | null} */
  let webhooks = null;
  /** Draws the listed people again. */
  let redraw = () => {};
  let drawn = "";
  if (found) draw(found);
  const ends = [
    ...shared.ends,
    app.on("about", (/** @type {any} */ event) => {
      if (isOpen() && event.conversation === conversation) void loadPins();
    }),
    app.on("people", () => {
      if (!isOpen()) return;
      const state = app.chat.conversations.get(conversation);
      if (state && drawn !== factsOf(app, state)) draw(state);
      drawPins();
      redraw();
    }),
    app.on("conversations", () => {
      const state = app.chat.conversations.get(conversation);
      if (isOpen() && state && drawn !== factsOf(app, state)) draw(state);
    }),
  ];
  return element;

  function isOpen() {
    if (!element.isConnected) ends.forEach((end) => end());
    return element.isConnected;
  }

  /** @param {ConversationState} state */
  function draw(state) {
    drawn = factsOf(app, state);
    const focused = parts.contains(document.activeElement);
    const { key } = /** @type {HTMLElement} */ (document.activeElement ?? parts).dataset;
    parts.replaceChildren(
      identity(app, state, () => change(state, "topic")),
      .../** @type {Node[]} */ (
        [people(state), pins, shared.element, levels(app, state), hooks(state), room(state), apart(state)].filter(
          Boolean,
        )
      ),
    );
    void loadPins();
    if (!focused || document.activeElement !== document.body) return;
    const again = key === undefined ? null : parts.querySelector(`[data-key="${CSS.escape(key)}"]`);
    /** @type {HTMLElement} */ (again ?? parts).focus();
  }

  /** @param {ConversationState} state @param {"title" | "topic"} [focus] */
  function change(state, focus) {
    roomSettings(app, state, draw, focus);
  }

  /** @param {ConversationState} state */
  function people(state) {
    if (state.kind === "direct" && state.member_count <= 2) return null; // it says above who that is
    const members = memberList(app, state, (direct) => acts.go(direct));
    const { list, more, renew, uids } = members;
    redraw = members.redraw;
    const title = state.kind === "lobby" ? t("here.now") : t("members.title", { n: state.member_count });
    const added = () => void renew();
    const add =
      adds(app, state) && button(t("member.add"), () => addPeople(app, conversation, { there: uids(), added }), "add");
    const invite = state.kind !== "direct" && moderatesServer(app) && button(t("invite"), acts.invite, "link");
    const buttons = add || invite ? h("div", { class: "buttons" }, add, invite) : null;
    return h("section", { class: "part" }, h("h3", {}, title), buttons, list, more);
  }

  async function loadPins() {
    try {
      pinned = (await app.api.get(`${path}/pins`)).messages;
      drawPins();
    } catch (error) {
      pins.hidden = false;
      pins.replaceChildren(
        h("h3", {}, t("pins")),
        trouble(sentence(error), () => void loadPins()),
      );
    }
  }

  function drawPins() {
    pins.hidden = !pinned.length; // an empty part would only take space
    pins.replaceChildren(
      h("h3", {}, t("pins")),
      h("ul", { class: "pins" }, ...pinned.map((message) => h("li", {}, pin(message)))),
    );
  }

  /** @param {Message} message */
  function pin(message) {
    return h(
      "button",
      { type: "button", class: "result", on: { click: () => acts.go(conversation, message.seq, message.thread) } },
      h("strong", { dir: "auto" }, writtenBy(app, message)),
      h("span", { dir: direction(said(message)) }, plain(said(message), namesIn(app))),
    );
  }

  /** @param {ConversationState} state */
  function hooks(state) {
    if (!seesHooks(app, state)) return null;
    webhooks ??= incomingHooks(app, conversation);
    webhooks.permit(makesHooks(app, state));
    return webhooks.element;
  }

  /** @param {ConversationState} state */
  function room(state) {
    if (!setsUp(app, state)) return null;
    return h(
      "section",
      { class: "part" },
      button(settingsTitle(state), () => change(state), "settings"),
    );
  }

  /** What ends it, last and apart. @param {ConversationState} state */
  function apart(state) {
    if (state.kind === "lobby") return null;
    const ending = (/** @type {keyof typeof ENDINGS} */ which, /** @type {() => Promise<unknown>} */ act) => {
      const { sign, title, danger, ...texts } = ENDINGS[which];
      return button(t(title), () => void finish({ title, ...texts }, state, act), sign, danger);
    };
    const leave = () => app.leave(conversation);
    if (state.kind === "direct") return h("section", { class: "part apart" }, ending("hide", leave));
    return h(
      "section",
      { class: "part apart" },
      ending("leave", leave),
      ownsIn(app, state) && ending("erase", () => app.api.delete(path)),
    );
  }

  /**
   * @param {{title: string, ask: string, done: string}} texts keys @param {ConversationState} state
   * @param {() => Promise<unknown>} act
   */
  async function finish({ title, ask, done }, state, act) {
    if (!(await confirm(t(title), t(ask), t(title)))) return;
    acts.ends(t(done, { title: titleOf(app, state) }));
    await act().catch((error) => {
      acts.ends(null);
      toast(sentence(error));
    });
  }
}

const ENDINGS = /** @type {const} */ ({
  hide: { sign: "close", title: "direct.leave", ask: "direct.leave.ask", done: "direct.leave.done", danger: false },
  leave: { sign: "exit", title: "room.leave", ask: "room.leave.ask", done: "room.leave.done", danger: true },
  erase: { sign: "trash", title: "room.erase", ask: "room.erase.ask", done: "room.erase.done", danger: true },
});

/** What the details show of the state of a conversation. @param {App} app @param {ConversationState} state */
function factsOf(app, state) {
  const { topic, member_count, role, archived, visibility, slow_mode, history, retention } = state;
  const settings = [topic, member_count, role, archived, visibility, slow_mode, history, retention];
  const about = [state.notify, levelOf(state)];
  return JSON.stringify([titleOf(app, state), faceIn(app, state), ...settings, ...about]);
}

/** What the conversation is, or who. @param {App} app @param {ConversationState} state @param {() => void} setTopic */
function identity(app, state, setTopic) {
  const other = otherOf(app, state);
  const title = titleOf(app, state);
  const face = faceIn(app, state, true);
  const sign = state.kind === "lobby" ? "people" : state.visibility === "public" ? "hash" : "lock";
  const name = other ? personOf(app, other.uid, other.user_id).name : title;
  const picture =
    state.kind === "direct"
      ? avatar(name, other?.user_id ?? state.title, face, { mark: markOf(other?.kind) })
      : roomAvatar(sign, face);
  const may = pictures(app, state);
  return h(
    "section",
    { class: "about-it" },
    may ? pictureButton(app, picture, face !== null, may) : picture,
    h("h3", { dir: "auto", title: handlesOf(state) || null }, title),
    h("p", { class: "hint" }, aboutOf(app, state, other)),
    state.topic
      ? h("p", { class: "topic", dir: "auto" }, state.topic)
      : renames(app, state) &&
          h("button", { type: "button", class: "link", on: { click: setTopic } }, t("room.topic.add")),
  );
}

/**
 * Whose picture may be changed here; null if it may not. The event of the change draws it.
 * @param {App} app @param {ConversationState} state
 */
const pictures = (app, state) =>
  state.kind === "room" && renames(app, state) && mayPicture(app)
    ? { conversation: state.conversation, changed: () => {} }
    : null;

/**
 * What kind of room it is, or the @name and the presence.
 * @param {App} app @param {ConversationState} state
 * @param {ReturnType<typeof otherOf>} other
 */
function aboutOf(app, state, other) {
  if (state.kind === "room") return t(`room.kind.${state.visibility}`);
  if (state.kind === "lobby") return t("lobby.about");
  if (!other) return state.member_count > 2 ? t("direct.group", { n: state.member_count }) : `@${state.title}`;
  const mark = markOf(other.kind);
  return [`@${other.user_id}`, mark && t(mark), presenceOf(app, other)].filter(Boolean).join(" · ");
}

/**
 * @param {string} text @param {() => void} act @param {Parameters<typeof icon>[0]} sign @param {boolean} [danger]
 */
const button = (text, act, sign, danger = false) =>
  h("button", { type: "button", class: danger ? "danger" : "", on: { click: act } }, icon(sign), text);
