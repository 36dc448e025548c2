// The accounts seen in snapshots, messages, members and presence, with their names. Pure.

/** @import { Frame, Message, Person } from "./types.js" */

export class People {
  /** @type {Map<string, Person>} */
  known = new Map();

  /** @param {{ uid: string, user_id: string, kind?: Person["kind"] }} person */
  add({ uid, user_id, kind }) {
    const before = this.known.get(uid);
    if (before && before.user_id === user_id && (kind ?? before.kind) === before.kind) return;
    this.known.set(uid, { uid, user_id, kind: kind ?? before?.kind ?? null });
  }

  /** @param {Message | null | undefined} message */
  wrote(message) {
    if (message) this.add({ uid: message.sender_uid, user_id: message.sender });
  }

  /** Add all accounts that a frame of any kind contains. @param {Frame} frame */
  seen(frame) {
    if (frame.user_id && frame.uid) this.add(/** @type {any} */ (frame));
    if (frame.actor && frame.actor_uid) this.add({ uid: frame.actor_uid, user_id: frame.actor });
    if (frame.user?.uid) this.add(frame.user);
    for (const person of frame.users ?? []) this.add(person);
    // In a `mentioned` event this field is a number.
    if (frame.message?.sender_uid) this.wrote(frame.message);
    this.wrote(frame.last_message);
    this.wrote(frame.state?.last_message);
    for (const message of frame.messages ?? []) this.wrote(message);
    for (const { last_message } of frame.conversations ?? []) this.wrote(last_message);
  }
}
