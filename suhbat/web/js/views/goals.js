// What the switcher can go to: one's own conversations, people, public rooms.

import { isSilent } from "../models/levels.js";
import { isUnread } from "../models/sections.js";
import { faceIn, faceOf, otherOf, titleOf } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { Goal } from "../models/finding.js" */
/** @import { ConversationState } from "../sdk/types.js" */

/**
 * A person, as the server or this device knows them.
 * @typedef {{uid: string, user_id: string, display_name?: string | null}} Known
 */

/** @param {App} app @param {string | null} open the open conversation @returns {Goal[]} */
export function ownGoals(app, open) {
  return [...app.chat.conversations.values()].map((state) => {
    const other = otherOf(app, state);
    return {
      kind: "own",
      id: state.conversation,
      names: [titleOf(app, state), state.title].filter(Boolean),
      at: state.last_message?.sent_at ?? "",
      unread: isUnread({ ...state, silent: isSilent(state) }),
      open: state.conversation === open,
      ...(other ? { uid: other.uid } : {}),
    };
  });
}

/**
 * Everybody else to whom one has no direct yet, each once.
 * @param {App} app @param {Goal[]} own @param {Known[]} told the latest answer of the server
 * @param {boolean} fits whether it is the answer to the present letters
 * @returns {Goal[]}
 */
export function peopleGoals(app, own, told, fits) {
  const mine = new Set([app.me.uid, ...own.map(({ uid }) => uid)]);
  /** @type {Map<string, Goal>} */
  const goals = new Map();
  const add = (/** @type {Known} */ { uid, user_id, display_name }, /** @type {boolean} */ isTold) => {
    if (mine.has(uid)) return;
    const names = [display_name || user_id, user_id];
    goals.set(uid, { kind: "person", id: uid, names, at: "", told: isTold });
  };
  for (const person of app.chat.people.values()) add(person, false);
  for (const person of told) add(person, fits);
  return [...goals.values()];
}

/** @param {App} app @param {ConversationState[]} rooms public ones @returns {Goal[]} */
export function roomGoals(app, rooms) {
  return rooms
    .filter(({ conversation }) => !app.chat.conversations.has(conversation))
    .map((state) => ({ kind: "room", id: state.conversation, names: [titleOf(app, state)], at: "" }));
}

/**
 * The address of the picture of a goal. @param {App} app @param {Goal} goal
 * @param {ConversationState | undefined} state of its conversation, if it is one
 */
export function faceOfGoal(app, goal, state) {
  if (state) return faceIn(app, state);
  const person = app.chat.people.get(goal.id);
  return person ? faceOf(app, person) : null;
}

const ROOMS = 200; // on a page of the list of public rooms
const PAGES = 5;

/** The first thousand public rooms; the dialog of public rooms lists all. @param {App} app */
export async function publicRooms(app) {
  /** @type {ConversationState[]} */
  const rooms = [];
  let after = "";
  for (let page = 0; page < PAGES; page += 1) {
    const query = { public: true, limit: ROOMS, ...(after ? { after } : {}) };
    const found = await app.api.get("/conversations", query);
    rooms.push(...found.conversations);
    if (!found.after) break;
    after = found.after;
  }
  return rooms;
}
