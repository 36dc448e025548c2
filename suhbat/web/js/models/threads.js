// A thread among the conversations: its key, and the place of a message in it. Pure.

/** @import { Message } from "../sdk/types.js" */

/**
 * The key of a conversation, or of a thread in it, for what is kept by either: timelines, drafts, stored messages. The
 * id of a conversation has no slash.
 * @param {string} conversation @param {number | null} [thread] the `seq` of its root
 */
export const keyOf = (conversation, thread = null) => (thread === null ? conversation : `${conversation}/${thread}`);

/** Whether a key is that of a thread. @param {string} key */
export const isThread = (key) => key.includes("/");

/** Whether a key is that of a conversation or of a thread in it. @param {string} key @param {string} conversation */
export const isIn = (key, conversation) => key === conversation || key.startsWith(`${conversation}/`);

/** The thread in which a message is a reply, or null. @param {{thread?: number | null}} message */
export const threadOfMessage = ({ thread }) => thread ?? null;

/** The number of a message in its conversation, or of a reply in its thread. @param {Message} message */
export const ordinalOf = ({ ordinal, thread_ordinal }) => thread_ordinal ?? ordinal;
