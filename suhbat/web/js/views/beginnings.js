// The dialogs that an empty conversation and the first steps lead to.

import { later } from "./later.js";

/** @import { App } from "../app.js" */
/** @import { StepActs } from "./first-steps.js" */
/** @import { IntroActs } from "./intro.js" */

/**
 * Invite people to the server, and if it is a room to this conversation.
 * @param {App} app @param {string | null} conversation
 */
export function invite(app, conversation) {
  const isRoom = conversation !== null && app.chat.conversations.get(conversation)?.kind === "room";
  void later("invites").then(({ inviteDialog }) => inviteDialog(app, isRoom ? conversation : null));
}

/** @param {App} app @param {{go: (conversation: string) => void, profile: () => void}} acts @returns {StepActs} */
export const stepActs = (app, { go, profile }) => ({
  name: profile,
  room: () => void later("browse").then(({ newRoom }) => newRoom(app, go)),
  people: () => invite(app, null),
});

/** @param {App} app @param {string} conversation @param {StepActs} steps @returns {IntroActs} */
export const introActs = (app, conversation, steps) => ({
  steps,
  invite: () => invite(app, conversation),
  addPeople: () => void later("members").then(({ addPeople }) => addPeople(app, conversation)),
  setTopic: () => {
    const state = app.chat.conversations.get(conversation);
    if (state) void later("roomSettings").then(({ roomSettings }) => roomSettings(app, state, () => {}, "topic"));
  },
});
