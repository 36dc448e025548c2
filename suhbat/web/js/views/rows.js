// The rows of a timeline: days, the unread mark, joins and leaves, messages, what only this user sees, and messages
// that are being sent. A thread begins with its root, and a line below it that counts the replies.

import { ordinalOf } from "../models/threads.js";

/** @import { Aside } from "../models/asides.js" */
/** @import { Pending } from "../models/pending.js" */
/** @import { Note, Timeline } from "../models/timeline.js" */
/** @import { Message } from "../sdk/types.js" */

/** @typedef {{uid: string, user_id: string}} Identity */
/**
 * @typedef {{key: string, kind: "day", date: Date, unread: boolean}
 *   | {key: string, kind: "replies", count: number}
 *   | {key: string, kind: "unread"}
 *   | {key: string, kind: "note", joined: Identity[], left: Identity[]}
 *   | {key: string, kind: "message", message: Message, follows: boolean}
 *   | {key: string, kind: "aside", aside: Aside}
 *   | {key: string, kind: "pending", pending: Pending, follows: boolean}} Row
 */

const GROUPED = 5 * 60 * 1000; // ms; consecutive messages of one sender that are less than this apart form a group

/**
 * @param {Timeline} timeline
 * @param {Pending[]} pending
 * @param {{readOrdinal: number | null, me: string}} visit `readOrdinal`: the read position above the divider, null: no
 *   divider. In a window that begins after the first unread message there is none either.
 * @param {Aside[]} [asides]
 * @returns {Row[]}
 */
export function rowsOf(timeline, pending, visit, asides = []) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {{by: string, at: number} | null} `by`: see `byOf` */
  let before = null;
  /** @type {Set<string>} the days that have begun */
  const days = new Set();
  const read = visit.readOrdinal;
  const begins = timeline.messages.length ? ordinalOf(timeline.messages[0]) : 0;
  let divided = read === null || (timeline.hasBefore && begins > read + 1);
  let note = 0;
  const notes = timeline.notes;
  const first = timeline.messages[0]?.seq ?? 0;
  while (note < notes.length && notes[note].seq < first) note += 1;
  // Those above the window are shown when it is loaded.
  const beside = timeline.hasBefore ? asides.filter(({ after }) => after >= first) : [...asides];
  const begin = (/** @type {Date} */ date, unread = false) => {
    const day = date.toDateString();
    if (days.has(day)) return false;
    days.add(day);
    rows.push({ key: `d${day}`, kind: "day", date, unread });
    before = null;
    return true;
  };
  const addAsides = (/** @type {number} */ below) => {
    while (beside.length && beside[0].after < below) {
      const aside = /** @type {Aside} */ (beside.shift());
      begin(new Date(aside.at));
      rows.push({ key: `a${aside.id}`, kind: "aside", aside });
      before = null;
    }
  };
  if (timeline.root) {
    const { root } = timeline;
    begin(new Date(root.sent_at));
    rows.push(
      { key: `m${root.seq}`, kind: "message", message: root, follows: false },
      { key: "replies", kind: "replies", count: root.replies?.count ?? 0 },
    );
  }

  for (const message of timeline.messages) {
    addAsides(message.seq);
    note = addNotes(rows, notes, note, message.seq);
    const at = new Date(message.sent_at);
    const unread = !divided && ordinalOf(message) > (read ?? 0) && message.sender_uid !== visit.me;
    divided ||= unread;
    if (!begin(at, unread) && unread) {
      rows.push({ key: "unread", kind: "unread" });
      before = null;
    }
    if (rows.at(-1)?.kind === "note") before = null;
    const follows =
      before !== null && before.by === byOf(message) && at.getTime() - before.at < GROUPED && !message.reply_to;
    rows.push({ key: `m${message.seq}`, kind: "message", message, follows });
    before = { by: byOf(message), at: at.getTime() };
  }
  if (timeline.hasAfter) return rows;
  addNotes(rows, notes, note, Infinity);
  addAsides(Infinity);

  const arrived = new Set(timeline.messages.slice(-100).map((message) => message.client_id));
  for (const one of pending) {
    if (arrived.has(one.clientId)) continue;
    const follows = before !== null && before.by === visit.me && one.at - before.at < GROUPED && !one.replyTo;
    rows.push({ key: `p${one.clientId}`, kind: "pending", pending: one, follows });
    before = { by: visit.me, at: one.at };
  }
  return rows;
}

/** By whom a message is shown: a person, or a webhook under one of its names. @param {Message} message */
const byOf = ({ sender_uid, hook }) => (hook ? `${sender_uid} ${hook.name} ${hook.icon ?? ""}` : sender_uid);

/**
 * The joins and leaves between two messages, in one row.
 * @param {Row[]} rows @param {Note[]} notes @param {number} from @param {number} below
 */
function addNotes(rows, notes, from, below) {
  /** @type {Map<string, Note>} the last change of each member */
  const did = new Map();
  let note = from;
  for (; note < notes.length && notes[note].seq < below; note += 1) did.set(notes[note].uid, notes[note]);
  if (!did.size) return note;
  const of = (/** @type {string} */ kind) =>
    [...did.values()].filter((one) => one.kind === kind).map(({ uid, user_id }) => ({ uid, user_id }));
  rows.push({ key: `n${notes[from].seq}`, kind: "note", joined: of("joined"), left: of("left") });
  return note;
}
