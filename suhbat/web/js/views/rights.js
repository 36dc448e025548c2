// Who may see which buttons. The server decides (docs/reference/permissions.md); these keep what it would refuse out of
// sight.

/** @import { App } from "../app.js" */
/** @import { BotMakers } from "../sdk/bots.js" */
/** @import { ConversationState, Message } from "../sdk/types.js" */

/** Whether the user moderates the server, and so may invite people to it. @param {App} app */
export const moderatesServer = (app) => ["owner", "moderator"].includes(app.me.role ?? "");

/**
 * Whether the user may remove the picture of somebody else: moderators those of people below them.
 * @param {App} app @param {{uid: string, role?: string}} person
 */
export const removesPicture = (app, { uid, role }) =>
  uid !== app.me.uid && (app.me.role === "owner" || (app.me.role === "moderator" && role === "member"));

/** Whether the user moderates this conversation. In a direct nobody does. @param {ConversationState} state */
export const moderates = ({ kind, role }) => kind !== "direct" && ["owner", "moderator"].includes(role ?? "");

/**
 * The roles of the user there. One on the server counts in the lobby and in public rooms.
 * @param {App} app @param {ConversationState} state
 */
const rolesIn = (app, { kind, visibility, role }) => [
  role,
  kind === "lobby" || (kind === "room" && visibility === "public") ? app.me.role : undefined,
];

/** Whether the user moderates what others write there. @param {App} app @param {ConversationState | undefined} state */
export function moderatesIn(app, state) {
  if (!state || state.kind === "direct") return false;
  return rolesIn(app, state).some((role) => role === "owner" || role === "moderator");
}

/** Whether the user may send files there. @param {App} app @param {ConversationState | undefined} state */
export function sendsFiles(app, state) {
  const senders = state?.files ?? "everyone";
  if (!state || senders === "everyone" || state.kind === "direct") return true;
  if (senders === "accounts") return app.me.kind === "account";
  return senders === "moderators" ? moderatesIn(app, state) : rolesIn(app, state).includes("owner");
}

/**
 * Why the user can send no files there: the key of a text, "" while that is not known, null if they can.
 * @param {App} app @param {ConversationState | undefined} state
 */
export function filesRefusal(app, state) {
  const { text, file_size } = app.chat.limits;
  if (file_size === undefined) return text !== undefined && app.me.kind === "guest" ? "file.guests" : "";
  return sendsFiles(app, state) ? null : "file.some";
}

/** Whether the user may make incoming webhooks there. @param {App} app @param {ConversationState} state */
export function makesHooks(app, state) {
  if (app.me.kind !== "account" || state.archived) return false;
  return state.kind === "direct" || moderatesIn(app, state);
}

/**
 * Whether the user may stop a growing message: because it answers them, because it is in a direct, or as a moderator.
 * @param {App} app @param {ConversationState | undefined} state @param {Pick<Message, "sender_uid">} message
 * @param {string | undefined} asked the uid of the one whom it answers
 */
export function stops(app, state, { sender_uid }, asked) {
  if (sender_uid === app.me.uid || !state) return false;
  return state.kind === "direct" || asked === app.me.uid || moderatesIn(app, state);
}

/**
 * Whether the user may make bots.
 * @param {App} app @param {BotMakers} makers who may on this server
 */
export function makesBots(app, makers) {
  if (makers === "moderators") return moderatesServer(app);
  return makers === "owner" ? app.me.role === "owner" : app.me.kind === "account";
}

/** Whether the user may add people. @param {ConversationState} state */
export const adds = (state) => state.kind === "room" && moderates(state) && !state.archived;

/** Whether the user may change the title of this room, and so its picture. @param {ConversationState} state */
export const renames = (state) => state.kind === "room" && moderates(state) && !state.archived;
