// What the rows of a conversation or a thread show beside their messages, and what one can do in them.

import { keyOf } from "../models/threads.js";
import { quiet } from "./banner.js";
import { SHORT } from "./held.js";
import { later } from "./later.js";
import { actionsFor } from "./message-actions.js";
import { shownChosen, shownFile } from "./shown-files.js";
import { authorOf, called, namesIn, personOf, uidOf } from "./names.js";
import { toast } from "./dialog.js";
import { sentence } from "./form.js";
import { stops } from "./rights.js";

/** @import { App } from "../app.js" */
/** @import { Pending } from "../models/pending.js" */
/** @import { Message } from "../sdk/types.js" */
/** @import { ConversationSource, ThreadSource } from "../sources.js" */
/** @import { FileActs } from "./files.js" */
/** @import { IntroActs } from "./intro.js" */
/** @import { RowFacts } from "./shown.js" */

/**
 * The actions in a row. A message is identified by its `seq`.
 * @typedef {object} RowActs
 * @property {FileActs["show"]} show
 * @property {(seq: number, emoji: string, at: number) => void} react  `at`: when, as `Event.timeStamp`
 * @property {(seq: number, emoji: string, anchor: Element) => void} reacted  shows everybody with this reaction
 * @property {(seq: number) => string[]} chosen  the emoji with which the user has reacted
 * @property {(seq: number, row: HTMLElement, target: Element) => void} press  shows the actions after a long press
 * @property {(seq: number, id: string) => Promise<void>} push  presses a button of a bot's message
 * @property {(seq: number, anchor: Element) => void} pickReaction
 * @property {(seq: number) => void} unfold  shows all reactions
 * @property {(seq: number) => Promise<unknown>} stop  stops a growing message
 * @property {(seq: number) => void} reply
 * @property {(seq: number) => void} forward
 * @property {(seq: number, anchor: Element) => void} more
 * @property {(seq: number) => void} jump
 * @property {() => void} ended  the user went from the message in the address to the newest one
 * @property {((anchor: Element) => void) | null} day  offers to go to another day; null in a thread
 * @property {((root: number, reply?: number | null) => void) | null} thread  opens the thread below a message, maybe at
 *   a reply; null where there are no threads
 * @property {(name: string, uid: string, anchor: Element) => void} person
 * @property {(name: string, anchor: Element) => void} mentioned
 * @property {(clientId: string) => void} retry
 * @property {(clientId: string) => void} discard
 * @property {(clientId: string) => void} asText  sends what was refused as an unknown command as a text
 * @property {(clientId: string) => void} reword  takes it back into the composer
 * @property {(id: number) => void} putAway  closes what only the user sees
 * @property {(id: string) => void} retryEdit
 * @property {(id: string) => void} discardEdit
 * @property {IntroActs} intro
 */

/** @param {App} app @param {ConversationSource | ThreadSource} source @returns {Omit<RowFacts, "unfolded">} */
export function factsFor(app, source) {
  const { conversation, timeline } = source;
  const names = namesIn(app);
  const { pinned } = app.timeline(conversation);
  return {
    me: app.me,
    current: (message) => app.current(message),
    find: (seq) => {
      const quoted = timeline.quote(seq);
      return quoted && app.current(quoted);
    },
    writes: source.closed === null,
    author: (message) => authorOf(app, message),
    person: (uid, user_id) => personOf(app, uid, user_id),
    called: (uid, user_id) => called(app, uid, user_id),
    readers: (message) => source.readers(message),
    pinned: (seq) => app.changes.pinned(conversation, seq) ?? pinned.has(seq),
    waits: (clientId) =>
      app.outgoing.waits(clientId) ||
      ((app.chat.held(conversation) > SHORT || quiet(app) <= 0) && app.chat.waits(clientId)),
    files: (files) => files.map((one) => shownFile(one, app.outgoing)),
    chosen: (ids) => app.outgoing.chosen.of(ids).map((one) => shownChosen(one, app.outgoing)),
    stops: (message) => stops(app, source.state, message, timeline.quote(message.reply_to ?? 0)?.sender_uid),
    leaving: (seq) => timeline.leaving.has(seq),
    thread: source.thread === null ? (message) => threadFacts(app, source, message) : null,
    mentioned: (folded) => names.called(folded),
  };
}

/** @param {App} app @param {ConversationSource | ThreadSource} source @param {Message} root */
function threadFacts(app, { conversation, state }, { seq }) {
  const { unread = 0, mentions = 0 } = state?.threads?.find(({ root }) => root === seq) ?? {};
  return { unread, mentions, failed: app.pending.at(keyOf(conversation, seq)).some(({ error }) => error) };
}

/**
 * @typedef {Pick<RowActs, "jump" | "ended" | "day" | "thread" | "intro"> & {reply: (message: Message) => void,
 *   edit: (message: Message) => void, rewrite: (written: Pending) => void, go: (conversation: string) => void}} Ways
 *   what the view itself does
 */

/**
 * @param {App} app @param {ConversationSource | ThreadSource} source @param {Ways} ways
 * @returns {Omit<RowActs, "unfold">}
 */
export function actsFor(app, source, { reply, edit, rewrite, go, ...ways }) {
  const person = (/** @type {string} */ name, /** @type {string | undefined} */ uid, /** @type {Element} */ anchor) =>
    void later("person").then(({ showPerson }) => showPerson(app, name, uid, anchor, (direct) => go(direct)));
  return {
    ...actionsFor(app, source, { reply, edit, go, thread: ways.thread }),
    ...ways,
    stop: (seq) =>
      app.chat.command("finish", { conversation: source.conversation, seq }).catch((error) => toast(sentence(error))),
    show: (files, at, from) => void later("lightbox").then(({ lightbox }) => lightbox(files, at, from)),
    person,
    mentioned: (name, anchor) => {
      // A person may be known only as the sender of a loaded message, so search these too.
      const senders = source.timeline.messages.map((one) => ({ uid: one.sender_uid, user_id: one.sender }));
      person(name, uidOf([...app.chat.people.values(), ...senders], name), anchor);
    },
    retry: (clientId) => app.pending.retry(clientId),
    discard: (clientId) => app.writing.discard(clientId),
    asText: (clientId) => app.writing.asText(clientId),
    reword: (clientId) => {
      const refused = app.pending.refused(clientId);
      if (!refused) return;
      app.writing.discard(clientId);
      rewrite(refused);
    },
    putAway: (id) => app.asides.close(id),
    retryEdit: (id) => app.changes.retry(id),
    discardEdit: (id) => app.writing.discardEdit(id),
  };
}
