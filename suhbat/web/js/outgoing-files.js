// The files that the user sends: wires the model of chosen files to the SDK, the browser's database and the tabs.

import { ChosenFiles } from "./models/chosen.js";
import { Turns } from "./models/turns.js";
import { newId } from "./sdk/ids.js";
import { t } from "./text/languages.js";
import { lookAt } from "./views/look.js";

/** @import { ChosenFile, Look } from "./models/chosen.js" */
/** @import { Pending } from "./models/pending.js" */
/** @import { Chat } from "./sdk/chat.js" */
/** @import { Api } from "./sdk/http.js" */
/** @import { MessageFile } from "./sdk/types.js" */
/** @import { Database } from "./storage/database.js" */

const PATIENCE = 5_000; // ms online that a message waits for the files of those before it
const MOST = 10; // files of a message

export class OutgoingFiles {
  #chat;
  #database;
  #turns;
  #channel;

  /**
   * @param {{chat: Chat, api: Api, database: Database, name: string,
   *   emit: (name: string, ...told: unknown[]) => void}} parts `name`: of the locks and of the channel that tabs share
   */
  constructor({ chat, api, database, name, emit }) {
    this.#chat = chat;
    this.#database = database;
    this.#turns = new Turns(() => online(chat).then(() => new Promise((resolve) => setTimeout(resolve, PATIENCE))));
    this.chosen = new ChosenFiles({
      upload: (blob, options) => chat.files.begin(blob, options),
      remove: (upload) => api.delete(`/files/${encodeURIComponent(upload)}`),
      look: lookAt,
      keep: {
        put: (file, blob) => {
          void database.put("files", file.id, file);
          if (blob) void database.put("bytes", file.id, blob);
        },
        remove: (id) => {
          void database.remove("files", id);
          void database.remove("bytes", id);
        },
        blob: async (id) => (await database.get("bytes", id)) ?? null,
      },
      alone: (id, work) => navigator.locks?.request(`${name}:${id}`, work) ?? work(),
      tell: (ids) => this.#channel?.postMessage(ids),
      changed: (place) => {
        emit("tray", place);
        emit("pending", place.split("/")[0]);
      },
      progress: (id) => emit("progress", id),
      urls: { make: (blob) => URL.createObjectURL(blob), end: (url) => URL.revokeObjectURL(url) },
      newId,
      now: () => Date.now(),
    });
    this.#channel = globalThis.BroadcastChannel ? new BroadcastChannel(name) : null;
    if (this.#channel) this.#channel.onmessage = ({ data }) => this.chosen.left(data);
  }

  /** Whether the user may send files, and how large a file may be, in bytes; null: none. */
  get most() {
    return this.#chat.limits.file_size ?? null;
  }

  /** The most files of a message. */
  get count() {
    return this.#chat.limits.files ?? MOST;
  }

  /** What an earlier visit left. @param {ChosenFile[]} stored @param {Pending[]} messages that are not sent */
  restore(stored, messages) {
    this.chosen.restore(stored, new Set(messages.map(({ clientId }) => clientId)));
  }

  /**
   * Put files into the tray of a conversation or thread. Returns those that were not taken.
   * @param {string} place @param {{blob: Blob, name: string, look?: Look}[]} files
   */
  add(place, files) {
    return this.chosen.add(place, files, { size: this.most ?? 0, count: this.count });
  }

  /**
   * Send a message when its files are uploaded and those before it are sent.
   * @template T @param {Pending} message @param {(files: string[]) => Promise<T>} send
   */
  inTurn({ clientId, conversation, files = [] }, send) {
    return this.#turns.go(conversation, clientId, files.length ? () => this.#ready(files) : null, send);
  }

  /** @param {string[]} files */
  async #ready(files) {
    try {
      return await this.chosen.ready(files);
    } catch (error) {
      const { code = "failed", message } = /** @type {{code?: string, message: string}} */ (error);
      throw Object.assign(new Error(this.reason({ code, message })), { code });
    }
  }

  /** Why a file could not be sent, for people. @param {{code: string, message: string}} error */
  reason({ code, message }) {
    return code === "lost" || code === "unreadable" ? t(`file.${code}`) : message || t("file.failed");
  }

  /** Whether a message waits for files, so that `withdraw` takes it back. @param {string} clientId */
  waits(clientId) {
    return this.#turns.waits(clientId);
  }

  /** @param {string} clientId */
  withdraw(clientId) {
    return this.#turns.withdraw(clientId);
  }

  /**
   * The address of a file: on this device, if it was sent from here.
   * @param {MessageFile} file @param {360 | 1440 | null} [size] of a thumbnail
   */
  address(file, size = null) {
    return this.chosen.local(file.id) ?? this.#chat.files.url(file, size);
  }

  end() {
    this.#channel?.close();
    this.#database.close();
  }
}

/** Resolves when the chat is online. @param {Chat} chat */
function online(chat) {
  return new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    if (chat.status.state === "online") return resolve();
    const end = chat.on("status", ({ state }) => {
      if (state !== "online") return;
      end();
      resolve();
    });
  });
}
