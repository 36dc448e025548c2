// What a conversation without messages shows in their place: what it is, or who, and what to do first.

import { t } from "../text/languages.js";
import { avatar, roomAvatar } from "./avatar.js";
import { h, icon } from "./dom.js";
import { firstSteps, stepList } from "./first-steps.js";
import { faceIn, markOf, otherOf, personOf, titleOf } from "./names.js";
import { adds, moderatesServer, renames } from "./rights.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState, UserKind } from "../sdk/types.js" */
/** @import { Step, StepActs } from "./first-steps.js" */
/** @import { NameMark } from "./names.js" */

/**
 * @typedef {object} ShownIntro
 * @property {"intro"} kind
 * @property {ConversationState["kind"]} of
 * @property {string} title
 * @property {string} pictured the name that the initials are of
 * @property {string | null} colour the name that the avatar of a direct has its colour of; null for a room
 * @property {string | null} face the address of the picture
 * @property {NameMark} mark of the other person in a direct
 * @property {string} about a line below the title
 * @property {string} topic
 * @property {boolean} isPublic
 * @property {boolean} setsTopic the user may set the topic, and there is none
 * @property {boolean} adds the user may add people
 * @property {boolean} invites the user may invite people to the server
 * @property {boolean} archived
 * @property {Step[] | null} steps
 */

/** @typedef {{addPeople: () => void, invite: () => void, setTopic: () => void} & {steps: StepActs}} IntroActs */

/** @param {App} app @param {ConversationState} state @returns {ShownIntro} */
export function introOf(app, state) {
  const { kind, topic, archived } = state;
  const other = otherOf(app, state);
  return {
    kind: "intro",
    of: kind,
    title: titleOf(app, state),
    pictured: other ? personOf(app, other.uid, other.user_id).name : titleOf(app, state),
    colour: kind === "direct" ? (other?.user_id ?? state.title) : null,
    face: faceIn(app, state, true),
    about: aboutOf(state, other),
    topic,
    mark: markOf(other?.kind),
    isPublic: state.visibility === "public",
    setsTopic: !topic && renames(app, state),
    adds: adds(app, state),
    invites: kind !== "direct" && moderatesServer(app),
    archived,
    steps: kind === "lobby" ? firstSteps(app) : null,
  };
}

/** @param {ConversationState} state @param {{user_id: string, kind: UserKind | null} | null} other */
function aboutOf(state, other) {
  if (state.kind === "lobby") return t("lobby.about");
  if (state.kind === "room")
    return `${t(`room.kind.${state.visibility}`)} · ${t("members", { n: state.member_count })}`;
  if (state.member_count > 2) return t("direct.group", { n: state.member_count });
  const mark = markOf(other?.kind);
  return [`@${other?.user_id ?? state.title}`, mark && t(mark)].filter(Boolean).join(" · ");
}

/** @param {ShownIntro} shown @param {IntroActs} acts */
export function introNode(shown, acts) {
  const { of, title, pictured, colour, face } = shown;
  const sign = of === "lobby" ? "people" : shown.isPublic ? "hash" : "lock";
  const picture = colour !== null ? avatar(pictured, colour, face, shown) : roomAvatar(sign, face);
  const topic = shown.topic && h("p", { class: "topic", dir: "auto" }, shown.topic);
  return h(
    "div",
    { class: "intro", tabindex: -1 },
    picture,
    h("h2", { dir: "auto" }, title),
    shown.about && h("p", { class: "hint" }, shown.about),
    topic,
    shown.setsTopic &&
      h("button", { type: "button", class: "link", on: { click: acts.setTopic } }, t("room.topic.add")),
    h("p", {}, shown.archived ? t("composer.archived") : t(`intro.${shown.mark === "bot" ? "bot" : of}`)),
    buttons(shown, acts),
    shown.steps && stepList(shown.steps, acts.steps),
  );
}

/** @param {ShownIntro} shown @param {IntroActs} acts */
function buttons(shown, acts) {
  if (shown.steps || !(shown.adds || shown.invites)) return null; // the steps have the same buttons
  const button = (/** @type {string} */ text, /** @type {"add" | "link"} */ sign, /** @type {() => void} */ act) =>
    h("button", { type: "button", on: { click: act } }, icon(sign), text);
  return h(
    "div",
    { class: "buttons" },
    shown.adds && button(t("member.add"), "add", acts.addPeople),
    shown.invites && button(t("invite"), "link", acts.invite),
  );
}
