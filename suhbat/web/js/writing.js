// What the user has written and the server has not confirmed: messages, changes of messages, drafts. It is stored on
// this device. The tabs of a user have a channel: what one discards the others drop, and what a closed tab leaves they
// send.

import { PendingChanges } from "./models/changes.js";
import { Drafts } from "./models/drafts.js";
import { PendingMessages } from "./models/pending.js";
import { isIn, isThread } from "./models/threads.js";
import { newId } from "./sdk/ids.js";

/** @import { Change } from "./models/changes.js" */
/** @import { Pending } from "./models/pending.js" */
/** @import { OutgoingFiles } from "./outgoing-files.js" */
/** @import { Chat } from "./sdk/chat.js" */
/** @import { Database } from "./storage/database.js" */

/** @typedef {{messages: Pending[], changes: Change[], drafts: Record<string, any>}} Stored */

export class Writing {
  #chat;
  #database;
  #stored;
  #channel;
  #files;

  /**
   * @param {Pick<Chat, "send" | "command" | "withdraw">} chat
   * @param {Pick<Database, "all" | "get" | "put" | "change" | "remove">} database
   * @param {Stored} stored what earlier visits left
   * @param {{name: string, me: () => {uid: string, user_id: string},
   *   files: Pick<OutgoingFiles, "inTurn" | "waits" | "withdraw" | "chosen">,
   *   emit: (name: string, ...told: unknown[]) => void}} parts `name`: that of the channel
   */
  constructor(chat, database, stored, { name, me, files, emit }) {
    this.#files = files;
    this.#chat = chat;
    this.#database = database;
    this.#stored = stored;
    this.me = me;
    this.pending = new PendingMessages(
      ({ copies = [], ...message }) =>
        files.inTurn(message, (ids) => chat.send({ ...message, files: [...ids, ...copies.map(({ id }) => id)] })),
      {
        put: (message) => void database.put("pending", message.clientId, message),
        remove: (clientId) => {
          void database.remove("pending", clientId);
          files.chosen.forget(clientId, true);
        },
      },
      (conversation) => emit("pending", conversation),
      (message) => emit("given", message),
    );
    this.changes = new PendingChanges(
      ({ conversation, seq, wish: { type, ...fields } }) => chat.command(type, { conversation, seq, ...fields }),
      {
        put: (change) => void database.change("state", "changes", (all) => ({ ...all, [change.id]: change })),
        remove: ({ id, at }) =>
          void database.change("state", "changes", ({ [id]: kept, ...others } = {}) =>
            kept && kept.at !== at ? { ...others, [id]: kept } : others,
          ),
      },
      (conversation, seq) => {
        emit("timeline", conversation, { at: seq });
        emit("conversations", conversation);
      },
      (error) => emit("refused", error),
    );
    this.drafts = new Drafts(
      stored.drafts,
      (conversation, draft) =>
        void database.change("state", "drafts", ({ [conversation]: _, ...others } = {}) =>
          draft ? { ...others, [conversation]: draft } : others,
        ),
      // The server keeps no drafts of threads.
      async (key, text) => void (isThread(key) || (await chat.command("draft", { conversation: key, text }))),
      (conversation) => emit("draft", conversation),
    );
    this.#channel = globalThis.BroadcastChannel ? new BroadcastChannel(name) : null;
    if (this.#channel) this.#channel.onmessage = ({ data }) => this.#hear(data);
  }

  /** What earlier visits left. @param {Pick<Database, "all" | "get">} database @returns {Promise<Stored>} */
  static async stored(database) {
    const [messages, changes, drafts] = await Promise.all([
      database.all("pending"),
      database.get("state", "changes"),
      database.get("state", "drafts"),
    ]);
    return { messages, changes: Object.values(changes ?? {}), drafts: drafts ?? {} };
  }

  /** Send what earlier visits left. */
  begin() {
    this.pending.restore(this.#stored.messages);
    this.changes.restore(this.#stored.changes);
  }

  /** Delete a refused message, or take back one that waits. @param {string} clientId */
  discard(clientId) {
    if (this.pending.failed(clientId) || this.#withdraw(clientId)) this.#drop(clientId);
  }

  /** Send what was refused as an unknown command as a text. @param {string} clientId */
  asText(clientId) {
    const found = this.pending.refused(clientId);
    if (!found) return;
    this.#drop(clientId);
    const { error, ...message } = found;
    this.pending.add({ ...message, clientId: newId(), text: `/${message.text}`, at: Date.now() });
  }

  /** Take back a message that waits, in this SDK or for its files. @param {string} clientId */
  #withdraw(clientId) {
    return this.#files.withdraw(clientId) || this.#chat.withdraw(clientId);
  }

  /** Give up a refused edit. @param {string} id */
  discardEdit(id) {
    this.changes.discard(id);
    this.#channel?.postMessage({ edit: id });
  }

  /** The texts that were written for a conversation and its threads, and not sent. @param {string} conversation */
  unsent(conversation) {
    const drafts = this.drafts.keys(conversation).map((key) => this.drafts.of(key));
    const begun = drafts.flatMap(({ edit, text }) => [edit?.text, text]);
    return [...this.pending.in(conversation).map((one) => one.text), ...begun].filter(Boolean).join("\n\n");
  }

  /** @param {string} conversation */
  discardAll(conversation) {
    for (const { clientId } of this.pending.in(conversation)) {
      this.#withdraw(clientId);
      this.#drop(clientId);
    }
    for (const key of this.#files.chosen.places) {
      if (isIn(key, conversation)) for (const { id } of this.#files.chosen.in(key)) this.#files.chosen.remove(id);
    }
    for (const key of this.drafts.keys(conversation)) {
      this.drafts.clear(key);
      this.drafts.change(key, { edit: null });
    }
  }

  /** This tab closes, or the browser may suspend it. */
  left() {
    this.#channel?.postMessage({ left: true });
  }

  end() {
    this.#channel?.close();
  }

  /** @param {string} clientId */
  #drop(clientId) {
    this.#files.chosen.forget(clientId, false);
    this.pending.remove(clientId);
    this.#channel?.postMessage({ message: clientId });
  }

  /** A message of another tab. @param {{message?: string, edit?: string, left?: true}} told */
  async #hear({ message, edit, left }) {
    if (message) {
      this.#withdraw(message);
      this.pending.remove(message);
    }
    if (edit) this.changes.discard(edit);
    if (!left) return;
    const stored = await Writing.stored(this.#database);
    this.pending.restore(stored.messages);
    this.changes.restore(stored.changes);
  }
}
