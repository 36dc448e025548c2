// The effect of an event on a message: its text is edited or deleted, or its reactions or its replies change.

import { edited, reacted, tombstone } from "../sdk/fold.js";
import { threadOf, withReply } from "../sdk/threads.js";

/** @import { Event, Message } from "../sdk/types.js" */

/**
 * The `seq` of the message whose text an event changes or deletes; null for other events.
 * @param {Event} event
 * @returns {number | null}
 */
export function aboutText(event) {
  return isNewText(event) ? event.message.seq : event.type === "message.deleted" ? event.target : null;
}

/** A message with an event about its text applied. @param {Message} message @param {Event} event @returns {Message} */
export function amended(message, event) {
  if (message.seq !== aboutText(event)) return message;
  return isNewText(event) ? edited(message, event.message) : tombstone(message);
}

/** Whether an event carries the whole new state of its message. @param {Event} event */
export const isNewText = ({ type }) => type === "message.edited" || type === "message.finished";

/**
 * Apply an event to its message if that is in the list. Returns its `seq`, or 0.
 * @param {Message[]} messages @param {Event} event @param {string} me
 */
export function change(messages, event, me) {
  const at = messages.findIndex((message) => message.seq === (event.target ?? event.message?.seq));
  const message = messages[at];
  if (!message) return 0;
  switch (event.type) {
    case "message.edited":
    case "message.finished":
    case "message.deleted":
      messages[at] = amended(message, event);
      break;
    case "reaction.added":
    case "reaction.removed":
      messages[at] = reacted(message, event, me);
  }
  return message.seq;
}

/**
 * Apply a reply, or its deletion, to the root of its thread if that is in the list. Returns the root's `seq`, or 0.
 * @param {Message[]} messages @param {Event} event
 */
export function countReply(messages, event) {
  const root = threadOf(event);
  const at = root === null ? -1 : messages.findIndex(({ seq }) => seq === root);
  if (at < 0) return 0;
  messages[at] = withReply(messages[at], event);
  return messages[at].seq;
}
