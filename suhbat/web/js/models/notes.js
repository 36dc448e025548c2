// What a notification is about, and whether that was read meanwhile. Pure.

/** @import { ConversationState, Message } from "../sdk/types.js" */

/**
 * What a notification keeps of its message. `thread`: it is a reply there. `ordinal`: its place among the messages, or
 * the replies of the thread; pushes do not have it.
 * @typedef {{conversation: string, seq: number, thread?: number, ordinal?: number}} NotePlace
 */

/** @param {Message} message @returns {NotePlace} */
export const placeOfMessage = ({ conversation, seq, thread, ordinal, thread_ordinal }) => ({
  conversation,
  seq,
  ...(thread === undefined ? { ordinal } : { thread, ordinal: thread_ordinal }),
});

/**
 * Whether a notification is of no use any more: its message was read, here or on another device, or the conversation is
 * gone.
 * @param {NotePlace} place @param {ConversationState | undefined} state of the conversation
 */
export function isOver({ thread, ordinal }, state) {
  if (!state) return true;
  const reading = thread === undefined ? state : state.threads?.find(({ root }) => root === thread);
  if (!reading) return false; // a thread that the user does not follow has no mark
  return reading.unread === 0 || (ordinal !== undefined && ordinal <= reading.read_ordinal);
}
