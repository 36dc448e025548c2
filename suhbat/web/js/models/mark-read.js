// Marks many conversations as read, without taking the rate that the user needs for messages. Pure.

/** @import { ConversationState } from "../sdk/types.js" */

/** ms between two marks: 20 a second of the 50 that a server allows by default, whatever it does in between. */
export const PACE_MS = 50;

/** @typedef {{conversation: string, ordinal: number}} Mark  up to where a conversation is read */

/**
 * The marks that leave nothing unread that is there now. Later messages stay unread.
 * @param {Iterable<ConversationState>} states @returns {Mark[]}
 */
export function marksOf(states) {
  return [...states]
    .filter(({ unread, mentions }) => unread > 0 || mentions > 0)
    .map(({ conversation, last_ordinal }) => ({ conversation, ordinal: last_ordinal }));
}

/**
 * Send the marks one after the other. One that is refused does not stop the others: the user may have left that room.
 * @param {Mark[]} marks
 * @param {(mark: Mark) => Promise<unknown>} send  rejects if the server refused it
 * @param {() => Promise<unknown>} rest  the wait between two
 * @param {(done: number) => boolean} go  is told how many were sent; whether to go on
 * @returns {Promise<number>} how many are marked now
 */
export async function markAll(marks, send, rest, go) {
  let sent = 0;
  let done = 0;
  for (const mark of marks) {
    if (!go(sent)) break;
    sent += 1;
    await send(mark).then(
      () => (done += 1),
      () => {},
    );
    if (sent < marks.length) await rest();
  }
  return done;
}
