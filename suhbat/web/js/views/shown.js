// The content of each row of the timeline, as plain data. A row is drawn from this data alone and drawn again when the
// data changed. So nothing is displayed that is not compared.

import { safe } from "../text/links.js";
import { possibleNames } from "../text/mentions.js";
import { said } from "../text/said.js";
import { day, short } from "../text/time.js";
import { labelOf } from "./names.js";

/** @import { Aside } from "../models/asides.js" */
/** @import { Current } from "../models/changes.js" */
/** @import { Pending } from "../models/pending.js" */
/** @import { Button, Message, MessageFile, Replies } from "../sdk/types.js" */
/** @import { TextNames } from "../text/markdown.js" */
/** @import { ShownIntro } from "./intro.js" */
/** @import { NameMark, ShownPerson } from "./names.js" */
/** @import { Identity, Row } from "./rows.js" */
/** @import { ShownFile } from "./shown-files.js" */

/**
 * The current facts that rows show in addition to their message.
 * @typedef {object} RowFacts
 * @property {{uid: string, user_id: string}} me
 * @property {(message: Message) => Current} current  the message with the changes that are not confirmed yet
 * @property {(seq: number) => Message | null} find  the same of a quoted message
 * @property {(message: Message) => ShownPerson} author
 * @property {boolean} writes  whether the user may write there
 * @property {(uid: string, user_id: string) => ShownPerson} person
 * @property {(uid: string, user_id: string) => string} called  the name that people see
 * @property {(message: Message) => Identity[]} readers
 * @property {(seq: number) => boolean} pinned
 * @property {(message: Message) => boolean} stops  whether the reader may stop this growing message
 * @property {(seq: number) => boolean} unfolded  whether all of its reactions are shown
 * @property {(clientId: string) => boolean} waits  whether a message that is being sent waits, and can be taken back
 * @property {(files: MessageFile[]) => ShownFile[]} files
 * @property {(ids: string[]) => ShownFile[]} chosen  those of a message that is being sent
 * @property {(seq: number) => boolean} leaving  whether it is being deleted, which can still be undone
 * @property {((message: Message) => ThreadFacts) | null} thread  about the thread below a message; null in a thread
 * @property {(folded: string) => string | null} mentioned  the name that people see for a name in a text; null if
 *   nobody with that name was seen
 */

/**
 * @typedef {{unread: number, mentions: number, failed: boolean}} ThreadFacts  `failed`: a reply could not be sent
 */

/**
 * @typedef {{seq: number, name: string | null, mark: NameMark, said: ShownText | null, deleted: boolean,
 *   reply: number | null}} ShownQuote  `name` is null where the message is not known. `reply`: it is the root of the
 *   thread in which the message was sent, too, as this reply
 * @typedef {{count: number, when: string, faces: {name: string, user_id: string, face: string | null}[]}
 *   & ThreadFacts} ShownReplies
 * @typedef {{emoji: string, count: number, mine: boolean, users: string[]}} ShownReaction
 * @typedef {{text: string, me: string, names: (readonly [folded: string, called: string])[],
 *   everybody: boolean}} ShownText  `names`: the people who may be mentioned
 */

/**
 * @typedef {object} ShownMessage
 * @property {"message"} kind
 * @property {number} seq
 * @property {string} uid
 * @property {string} sender  the `user_id`
 * @property {ShownPerson} person
 * @property {string} sentAt
 * @property {boolean} follows  the previous message is by the same sender, shortly before
 * @property {boolean} mine
 * @property {boolean} deleted
 * @property {boolean} leaving  it is being deleted, which can still be undone
 * @property {ShownText} text  may be empty beside files
 * @property {ShownFile[]} files
 * @property {ShownQuote | null} quote
 * @property {string | null} editedAt
 * @property {boolean} growing
 * @property {boolean} cut  it stopped growing before its end
 * @property {boolean} stops  whether the reader may stop it
 * @property {{id: string, error: string | null} | null} change  an edit that is not confirmed, or was refused
 * @property {boolean} pinned
 * @property {string[] | null} readers  their names; null for a message of another user
 * @property {boolean} newest  whether it is the user's last message, or the last one that somebody has read
 * @property {ShownButton[][]} buttons
 * @property {boolean} pressable  whether the reader may press them
 * @property {ShownReaction[]} reactions
 * @property {boolean} unfolded
 * @property {ShownReplies | null} replies  the thread below it
 * @property {boolean} root  the thread that is open belongs to it
 */

/**
 * @typedef {object} ShownPending
 * @property {"pending"} kind
 * @property {string} clientId
 * @property {string} sender
 * @property {ShownPerson} person
 * @property {boolean} follows
 * @property {ShownText} text
 * @property {ShownFile[]} files
 * @property {ShownQuote | null} quote
 * @property {string | null} error  the reason of the refusal, maybe empty; null during sending
 * @property {boolean} unknown  no bot knows the command that it seems to be
 * @property {boolean} waits  for the server or the connection, and can be taken back
 */

/**
 * @typedef {{kind: "aside", id: number, sender: string, person: ShownPerson, answers: boolean, sentAt: string,
 *   text: ShownText}} ShownAside  `answers`: it is the answer of a bot, and otherwise a command of the user
 * @typedef {{kind: "day", label: string, unread: boolean}} ShownDay  `unread`: the new messages begin with this day
 * @typedef {{kind: "note", joined: string[], left: string[]}} ShownNote
 * @typedef {{kind: "unread"} | {kind: "replies", n: number}} ShownLine
 * @typedef {ShownDay | ShownLine | ShownNote | ShownMessage | ShownAside | ShownPending | ShownNothing} Shown
 * @typedef {ShownIntro | {kind: "loading"} | {kind: "failed"}} ShownNothing  in place of messages
 */

/** @param {Row[]} rows @param {RowFacts} facts @param {Date} now */
export function shownRows(rows, facts, now) {
  const all = rows.map((row) => ({ key: row.key, shown: shownOf(row, facts, now) }));
  let last = true;
  for (let at = all.length - 1; at >= 0; at -= 1) {
    const { shown } = all[at];
    if (shown.kind !== "message" || !shown.readers || shown.deleted) continue;
    shown.newest = last || shown.readers.length > 0;
    last = false;
    if (shown.readers.length) break; // whoever has read this one has read all before it
  }
  return all;
}

/** @param {Row} row @param {RowFacts} facts @param {Date} now @returns {Shown} */
export function shownOf(row, facts, now) {
  switch (row.kind) {
    case "day":
      return { kind: row.kind, label: day(row.date, now), unread: row.unread };
    case "unread":
      return { kind: row.kind };
    case "note":
      return { kind: row.kind, joined: labels(row.joined, facts), left: labels(row.left, facts) };
    case "replies":
      return { kind: row.kind, n: row.count };
    case "message":
      return shownMessage(facts.current(row.message), row.follows, facts, now);
    case "aside":
      return shownAside(row.aside, facts);
    default:
      return shownPending(row.pending, row.follows, facts);
  }
}

/**
 * @param {Current} message @param {boolean} follows @param {RowFacts} facts @param {Date} now
 * @returns {ShownMessage}
 */
function shownMessage(message, follows, facts, now) {
  const mine = message.sender_uid === facts.me.uid;
  return {
    kind: "message",
    seq: message.seq,
    uid: message.sender_uid,
    sender: message.sender,
    person: facts.author(message),
    sentAt: message.sent_at,
    follows,
    mine,
    deleted: message.deleted,
    leaving: facts.leaving(message.seq),
    text: shownText(message, Boolean(message.mentions_all), facts),
    files: message.files?.length && !message.deleted ? facts.files(message.files) : [],
    quote: message.from_thread
      ? shownQuote(message.from_thread, facts, message.reply_to)
      : shownQuote(message.reply_to, facts),
    editedAt: message.edited_at ?? null,
    growing: Boolean(message.streaming),
    cut: Boolean(message.cut),
    stops: Boolean(message.streaming) && facts.stops(message),
    change: message.change ?? null,
    pinned: facts.pinned(message.seq),
    readers: mine ? labels(facts.readers(message), facts) : null,
    newest: false,
    buttons: ((!message.deleted && message.actions) || []).map((row) => row.map(shownButton)),
    pressable: facts.writes,
    reactions: message.reactions.map((one) => ({
      emoji: one.emoji,
      count: one.count ?? one.uids.length, // the data of an older version has no count
      mine: one.mine ?? one.uids.includes(facts.me.uid),
      users: one.users.map((user_id, at) => facts.called(one.uids[at], user_id)),
    })),
    unfolded: facts.unfolded(message.seq),
    replies: message.replies && facts.thread ? shownReplies(message.replies, facts.thread(message), facts, now) : null,
    root: !facts.thread && !message.thread,
  };
}

/**
 * `url`: null if the button does not show where it leads, as for links in texts.
 * @typedef {{label: string, id?: string, url?: string | null}} ShownButton
 */

/** @param {Button} button @returns {ShownButton} */
const shownButton = (button) => (button.url === undefined ? button : { ...button, url: safe(button.url) });

/**
 * @param {Replies} replies @param {ThreadFacts} about @param {RowFacts} facts @param {Date} now
 * @returns {ShownReplies}
 */
function shownReplies({ count, last_at, people }, about, facts, now) {
  const faces = people.map(({ uid, user_id }) => {
    const { name, face } = facts.person(uid, user_id);
    return { name, user_id, face };
  });
  return { count, when: short(new Date(last_at), now), faces, ...about };
}

/**
 * @param {Pending} pending @param {boolean} follows @param {RowFacts} facts
 * @returns {ShownPending}
 */
function shownPending(pending, follows, facts) {
  return {
    kind: "pending",
    clientId: pending.clientId,
    sender: facts.me.user_id,
    person: facts.person(facts.me.uid, facts.me.user_id),
    follows,
    text: shownText(pending, false, facts),
    files: [
      ...(pending.files ? facts.chosen(pending.files) : []),
      ...(pending.copies ? facts.files(pending.copies) : []),
    ],
    quote: shownQuote(pending.replyTo, facts),
    error: pending.error && pending.error.message,
    unknown: pending.error?.code === "unknown_command",
    waits: facts.waits(pending.clientId),
  };
}

/** @param {Aside} aside @param {RowFacts} facts @returns {ShownAside} */
function shownAside(aside, facts) {
  const { id, at, by } = aside;
  const { uid, user_id } = by ?? facts.me;
  const text = shownText(aside, false, facts);
  const sentAt = new Date(at).toISOString();
  return { kind: "aside", id, sender: user_id, person: facts.person(uid, user_id), answers: by !== null, sentAt, text };
}

/**
 * @param {number | null | undefined} seq @param {RowFacts} facts @param {number | null} [reply]
 * @returns {ShownQuote | null}
 */
function shownQuote(seq, facts, reply = null) {
  if (!seq) return null;
  const quoted = facts.find(seq);
  if (!quoted) return { seq, name: null, mark: null, said: null, deleted: false, reply };
  const author = facts.author(quoted);
  const text = said(quoted);
  const shown = shownText(text === quoted.text ? quoted : { text }, false, facts);
  return { seq, name: labelOf(author), mark: author.mark, said: shown, deleted: quoted.deleted, reply };
}

/** @param {Identity[]} people @param {RowFacts} facts */
const labels = (people, facts) => people.map(({ uid, user_id }) => facts.called(uid, user_id));

/** @type {WeakMap<{text: string}, {text: string, names: string[]}>} the names in each text, computed once */
const looked = new WeakMap();

/** @param {{text: string}} message @param {boolean} everybody @param {RowFacts} facts @returns {ShownText} */
const shownText = (message, everybody, facts) => ({
  text: message.text,
  me: facts.me.user_id,
  names: shownNames(message, facts.mentioned),
  everybody,
});

/**
 * The people that a text may mention, as plain data.
 * @param {{text: string}} message @param {RowFacts["mentioned"]} mentioned @returns {ShownText["names"]}
 */
export function shownNames(message, mentioned) {
  const { text } = message;
  let found = looked.get(message);
  if (found?.text !== text) looked.set(message, (found = { text, names: possibleNames(text) }));
  return found.names.flatMap((folded) => {
    const called = mentioned(folded);
    return called === null ? [] : [/** @type {const} */ ([folded, called])];
  });
}

/** The same for the reader of a text. @param {ShownText["names"]} names @returns {TextNames} */
export function textNames(names) {
  const known = new Map(names);
  return { exists: (folded) => known.has(folded), called: (folded) => known.get(folded) ?? null };
}
