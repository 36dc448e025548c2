// The files that somebody has chosen for messages: in the tray above a message field, or in a message that is being
// sent. They are uploaded at once (file-uploads.js), and stored on this device until the server has their message, so
// that an upload goes on after a reload. No page and no network: what reads, uploads and stores them is injected.

import { FileUploads, lost } from "./file-uploads.js";
import { LocalAddresses } from "./local-addresses.js";

/** @import { FileKind } from "../sdk/types.js" */
/** @import { UploadOptions, UploadState } from "../sdk/upload.js" */
/** @import { Uploading } from "./file-uploads.js" */
/** @import { Urls } from "./local-addresses.js" */

/**
 * Bytes of one file, and of all files, that are stored on this device. Larger ones must be chosen again after a reload.
 */
export const KEPT_SIZE = 100_000_000;
export const KEPT_IN_ALL = 300_000_000;

/**
 * @typedef {object} ChosenFile
 * @property {string} id  of this device
 * @property {string} place  the key of the conversation or thread
 * @property {string | null} message  the client id of its message; null: it is in the tray
 * @property {number} at  milliseconds since 1970, ascending within a place
 * @property {string} name
 * @property {string} type
 * @property {number} size
 * @property {FileKind} kind
 * @property {"reading" | Exclude<UploadState, "cancelled">} state
 * @property {number} sent  bytes that the server has
 * @property {boolean} stalled  the upload waits for the network
 * @property {string | null} upload  the id on the server
 * @property {{code: string, message: string} | null} error
 * @property {Look} look
 */

/**
 * What this device found out about a file: `width` and `height` in pixels, `duration` in seconds, `thumbhash` and
 * `waveform` in base64.
 * @typedef {{width?: number, height?: number, duration?: number, thumbhash?: string, waveform?: string}} Look
 */

/**
 * @typedef {object} ChosenTools
 * @property {(blob: Blob, options: UploadOptions) => Uploading} upload
 * @property {(upload: string) => Promise<unknown>} remove  deletes an uploaded file that no message shows
 * @property {(blob: Blob, kind: FileKind) => Promise<Look>} look
 * @property {{put: (file: ChosenFile, blob: Blob | null) => void, remove: (id: string) => void,
 *   blob: (id: string) => Promise<Blob | null>}} keep
 * @property {(id: string, work: () => Promise<void>) => Promise<unknown>} alone  runs `work` while no other tab works
 *   on this file
 * @property {(ids: string[]) => void} tell  tells the other tabs that these left their trays
 * @property {(place: string) => void} changed
 * @property {(id: string) => void} progress
 * @property {Urls} urls
 * @property {() => string} newId
 * @property {() => number} now
 */

/** Why a file was not taken. @typedef {{name: string, why: "empty" | "large" | "many"}} NotTaken */

export class ChosenFiles {
  /** @type {Map<string, ChosenFile>} */
  #all = new Map();
  #addresses;
  #tools;
  #uploads;

  /** @param {ChosenTools} tools */
  constructor(tools) {
    this.#tools = tools;
    this.#addresses = new LocalAddresses(tools.urls);
    this.#uploads = new FileUploads(tools, (id) => this.#all.has(id));
  }

  /**
   * What an earlier visit left. Files of messages that are gone are dropped.
   * @param {ChosenFile[]} stored @param {Set<string>} messages the client ids of messages that are not sent
   */
  restore(stored, messages) {
    for (const file of [...stored].sort((one, other) => one.at - other.at)) {
      if (this.#all.has(file.id)) continue;
      if (file.message !== null && !messages.has(file.message)) {
        this.#tools.keep.remove(file.id);
        continue;
      }
      this.#all.set(file.id, file);
      if (file.state !== "failed" && file.state !== "ready") this.#uploads.start(file);
      this.#tools.changed(file.place);
    }
  }

  /** Those in the tray. @param {string} place */
  in(place) {
    return [...this.#all.values()].filter((one) => one.place === place && one.message === null);
  }

  /** @param {string[]} ids */
  of(ids) {
    return ids.flatMap((id) => this.#all.get(id) ?? []);
  }

  /** The places with files in their trays. */
  get places() {
    return new Set([...this.#all.values()].filter((one) => one.message === null).map((one) => one.place));
  }

  /**
   * Put files into a tray. Returns those that were not taken.
   * @param {string} place @param {{blob: Blob, name: string, look?: Look}[]} files
   * @param {{size: number, count: number}} limits bytes of a file, and files of a message
   * @returns {NotTaken[]}
   */
  add(place, files, limits) {
    /** @type {NotTaken[]} */
    const not = [];
    for (const { blob, name, look = {} } of files) {
      const why = this.#refusal(place, blob, limits);
      if (why) {
        not.push({ name, why });
        continue;
      }
      /** @type {ChosenFile} */
      const file = {
        id: this.#tools.newId(),
        place,
        message: null,
        at: this.#tools.now() + this.#all.size / 1000,
        name,
        type: blob.type,
        size: blob.size,
        kind: kindOf(blob.type),
        state: "reading",
        sent: 0,
        stalled: false,
        upload: null,
        error: null,
        look,
      };
      this.#all.set(file.id, file);
      this.#uploads.give(file.id, blob);
      this.#tools.keep.put(file, this.#fits(blob) ? blob : null);
      this.#uploads.start(file);
    }
    this.#tools.changed(place);
    return not;
  }

  /** @param {string} place @param {Blob} blob @param {{size: number, count: number}} limits */
  #refusal(place, blob, { size, count }) {
    if (blob.size === 0) return "empty";
    if (blob.size > size) return "large";
    return this.in(place).length >= count ? "many" : null;
  }

  /** @param {Blob} blob */
  #fits(blob) {
    const kept = [...this.#all.values()].reduce((sum, { size }) => sum + (size <= KEPT_SIZE ? size : 0), 0);
    return blob.size <= KEPT_SIZE && kept <= KEPT_IN_ALL;
  }

  /** Take a file out of its tray. @param {string} id */
  remove(id) {
    const file = this.#all.get(id);
    if (!file) return;
    this.#uploads.discard(file);
    this.#forget(file);
    this.#tools.tell([id]);
    this.#tools.changed(file.place);
  }

  /**
   * Another tab has sent these files, or has removed them: they are not in the trays of this one.
   * @param {string[]} ids
   */
  left(ids) {
    for (const file of this.of(ids)) {
      if (file.message !== null) continue;
      this.#drop(file);
      this.#tools.changed(file.place);
    }
  }

  /** Upload a file again that failed. @param {string} id */
  retry(id) {
    const file = this.#all.get(id);
    if (file?.state === "failed") this.#uploads.start(file);
  }

  /**
   * A message takes what is in the tray. Returns the ids, in order.
   * @param {string} place @param {string} clientId
   */
  take(place, clientId) {
    const files = this.in(place);
    for (const file of files) {
      file.message = clientId;
      this.#tools.keep.put(file, null);
    }
    const ids = files.map(({ id }) => id);
    if (ids.length) {
      this.#tools.tell(ids);
      this.#tools.changed(place);
    }
    return ids;
  }

  /**
   * Put the files of a message that was not sent back into the tray.
   * @param {string[]} ids
   */
  giveBack(ids) {
    for (const file of this.of(ids)) {
      file.message = null;
      this.#tools.keep.put(file, null);
      this.#tools.changed(file.place);
    }
  }

  /**
   * Resolves with the ids on the server when all of these files are uploaded. Rejects with the refusal of one of them.
   * Those that failed before are tried again.
   * @param {string[]} ids
   */
  async ready(ids) {
    const files = this.of(ids);
    if (files.length < ids.length) throw lost();
    return Promise.all(files.map((file) => this.#uploads.ready(file)));
  }

  /**
   * The server has this message, or it was discarded: forget its files.
   * @param {string} clientId @param {boolean} sent
   */
  forget(clientId, sent) {
    for (const file of [...this.#all.values()]) {
      if (file.message !== clientId) continue;
      if (!sent) this.#uploads.discard(file);
      else if (file.upload) this.#addresses.keep(file.id, file.upload);
      this.#forget(file);
    }
  }

  /** An address of the file on this device; null if it is not there. @param {string} id */
  url(id) {
    return this.#addresses.of(id, this.#uploads.bytes(id));
  }

  /** The same of a file that was sent during this visit, by its id on the server. @param {string} id */
  local(id) {
    return this.#addresses.sent(id);
  }

  /** @param {ChosenFile} file */
  #forget(file) {
    this.#tools.keep.remove(file.id);
    this.#drop(file);
  }

  /** @param {ChosenFile} file */
  #drop({ id }) {
    this.#addresses.end(id);
    this.#all.delete(id);
    this.#uploads.forget(id);
  }
}

/**
 * The kind by the media type, as a guess before the server has looked at the content.
 * @param {string} type @returns {FileKind}
 */
export function kindOf(type) {
  const [kind] = type.split("/");
  if (kind === "image") return type === "image/svg+xml" ? "file" : "image";
  return kind === "video" || kind === "audio" ? kind : "file";
}
