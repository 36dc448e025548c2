// Reads and uploads the files that somebody has chosen (chosen.js), each in one tab at a time. Their states are stored
// on this device.

/** @import { MessageFile } from "../sdk/types.js" */
/** @import { ChosenFile, ChosenTools } from "./chosen.js" */

/** The part of an `Upload` that is used here. @typedef {{done: Promise<MessageFile>, cancel: () => void}} Uploading */

export class FileUploads {
  /** The content of files, by their ids on this device. @type {Map<string, Blob>} */
  #bytes = new Map();
  /** @type {Map<string, Uploading>} */
  #uploads = new Map();
  /** The outcome of each file that is read or uploaded now. @type {Map<string, Promise<string>>} */
  #done = new Map();
  #tools;
  #here;

  /**
   * @param {Pick<ChosenTools, "upload" | "remove" | "look" | "keep" | "alone" | "changed" | "progress">} tools
   * @param {(id: string) => boolean} here  whether a file is still chosen
   */
  constructor(tools, here) {
    this.#tools = tools;
    this.#here = here;
  }

  /** @param {string} id @param {Blob} blob */
  give(id, blob) {
    this.#bytes.set(id, blob);
  }

  /** What is in memory of a file. @param {string} id */
  bytes(id) {
    return this.#bytes.get(id);
  }

  /** Read and upload a file, if that is not happening already. @param {ChosenFile} file */
  start(file) {
    if (this.#done.has(file.id)) return;
    Object.assign(file, { state: file.upload ? "waiting" : "reading", error: null });
    const done = this.#send(file).finally(() => this.#done.delete(file.id));
    this.#done.set(file.id, done);
    done.catch(() => {}); // `state` tells it
    this.#tools.changed(file.place);
  }

  /** Resolves with its id on the server; one that failed is tried again. @param {ChosenFile} file */
  async ready(file) {
    if (file.state === "ready" && file.upload) return file.upload;
    if (file.state === "failed") this.start(file);
    return this.#done.get(file.id) ?? Promise.reject(lost());
  }

  /** Stop its upload and delete what the server has of it. @param {ChosenFile} file */
  discard(file) {
    const upload = this.#uploads.get(file.id);
    if (upload) upload.cancel();
    else if (file.upload) void this.#tools.remove(file.upload).catch(() => {});
  }

  /** @param {string} id */
  forget(id) {
    this.#bytes.delete(id);
  }

  /** @param {ChosenFile} file @returns {Promise<string>} */
  async #send(file) {
    try {
      await this.#tools.alone(file.id, () => this.#upload(file));
      return /** @type {string} */ (file.upload);
    } catch (error) {
      const { code = "failed", message = "" } = /** @type {{code?: string, message?: string}} */ (error);
      if (!this.#here(file.id)) throw error;
      this.#change(file, { state: "failed", error: { code, message } });
      throw error;
    }
  }

  /** @param {ChosenFile} file */
  async #upload(file) {
    const blob = this.#bytes.get(file.id) ?? (await this.#tools.keep.blob(file.id));
    if (!blob) throw lost();
    if (!this.#here(file.id)) throw lost();
    this.#bytes.set(file.id, blob);
    if (file.state === "reading") {
      const look = await this.#tools.look(blob, file.kind);
      if (!this.#here(file.id)) throw lost();
      this.#change(file, { look: { ...look, ...file.look }, state: "waiting" });
    }
    const { thumbhash, waveform } = file.look;
    const upload = this.#tools.upload(blob, {
      name: file.name,
      type: file.type,
      id: file.upload,
      details: {
        ...(thumbhash && file.kind === "video" ? { thumbhash } : {}),
        ...(waveform ? { waveform } : {}),
      },
      onchange: ({ state, sent, id, stalled }) => {
        if (state === "failed" || state === "cancelled" || state === "ready" || !this.#here(file.id)) return;
        const news = { state, stalled, upload: id };
        const same = file.state === state && file.stalled === stalled && file.upload === id;
        file.sent = sent;
        if (same) this.#tools.progress(file.id);
        else this.#change(file, news);
      },
    });
    this.#uploads.set(file.id, upload);
    try {
      const { id } = await upload.done;
      this.#change(file, { state: "ready", sent: file.size, upload: id, stalled: false });
    } finally {
      this.#uploads.delete(file.id);
    }
  }

  /** @param {ChosenFile} file @param {Partial<ChosenFile>} news */
  #change(file, news) {
    Object.assign(file, news);
    if (!this.#here(file.id)) return;
    this.#tools.keep.put(file, null);
    this.#tools.changed(file.place);
  }
}

/** The error of a file whose bytes this device no longer has. */
export const lost = () => Object.assign(new Error(""), { code: "lost" });
