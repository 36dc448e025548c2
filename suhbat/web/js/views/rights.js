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

/**
 * The roles of the user there, none from outside. One on the server counts in the lobby and in their public rooms.
 * @param {App} app @param {ConversationState} state
 */
function rolesIn(app, { kind, visibility, role }) {
  if (role === null) return [];
  return kind === "lobby" || (kind === "room" && visibility === "public") ? [role, app.me.role] : [role];
}

/** Whether the user owns this room. @param {App} app @param {ConversationState} state */
export const ownsIn = (app, state) => state.kind === "room" && rolesIn(app, state).includes("owner");

/**
 * Whether the user moderates this conversation, and what others write there. In a direct nobody does.
 * @param {App} app @param {ConversationState | undefined} state
 */
export function moderatesIn(app, state) {
  if (!state || state.kind === "direct") return false;
  return rolesIn(app, state).some((role) => role === "owner" || role === "moderator");
}

/** Whether the user may pin messages there. @param {App} app @param {ConversationState | undefined} state */
export const pins = (app, state) =>
  state !== undefined && !state.archived && (state.kind === "direct" || moderatesIn(app, state));

/** Whether `@all` of the user calls everybody there. @param {App} app @param {ConversationState | undefined} state */
export const callsAll = (app, state) => pins(app, state) && state?.kind !== "lobby";

/** Whether the user may add people. @param {App} app @param {ConversationState} state */
export const adds = (app, state) => state.kind === "room" && renames(app, state);

/** Whether the user may change its title, topic and picture. @param {App} app @param {ConversationState} state */
export const renames = (app, state) => !state.archived && moderatesIn(app, state);

/**
 * Whether the user may change the settings of a room or the lobby. Its owner may open an archived room again.
 * @param {App} app @param {ConversationState} state
 */
export const setsUp = (app, state) => renames(app, state) || ownsIn(app, state);

/**
 * Whether the user may change who sends files there and how long messages are kept; of a room also who sees it.
 * @param {App} app @param {ConversationState} state
 */
export const configures = (app, state) => state.kind !== "direct" && rolesIn(app, state).includes("owner");

/**
 * Whether the user may change the role of other members of this room.
 * @param {App} app @param {ConversationState} state
 */
export const givesRoles = (app, state) => !state.archived && ownsIn(app, state);

/**
 * Whether the user may mute, remove and ban a member of this room: moderators those of a lower rank.
 * @param {App} app @param {ConversationState} state @param {{user: {uid: string}, role?: string}} member
 */
export function sanctions(app, state, { user, role }) {
  if (state.kind !== "room" || user.uid === app.me.uid) return false;
  return ownsIn(app, state) || (moderatesIn(app, state) && role === "member");
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

/**
 * Whether the user may see and delete the incoming webhooks there.
 * @param {App} app @param {ConversationState} state
 */
export const seesHooks = (app, state) =>
  app.me.kind === "account" && (state.kind === "direct" || moderatesIn(app, state));

/**
 * Whether the user may make incoming webhooks there. In an archived room one could post nothing.
 * @param {App} app @param {ConversationState} state
 */
export const makesHooks = (app, state) => !state.archived && seesHooks(app, state);

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
