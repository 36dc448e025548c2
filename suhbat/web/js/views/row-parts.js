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
/** @import { RowActs } from "./message.js" */
/** @import { RowFacts } from "./shown.js" */

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
