// The user's uploads: some send at the same time, the others wait. `upload.js` says how one is sent.

/** @import { Api } from "./http.js" */
/** @import { Clock, MessageFile } from "./types.js" */
/** @import { UploadOptions } from "./upload.js" */

import { Upload } from "./upload.js";

/** Uploads that send at the same time. */
export const AT_ONCE = 3;

export class Uploads {
  /** @type {Upload[]} */
  #waiting = [];
  /** @type {Set<Upload>} */
  #sending = new Set();
  /** @type {Set<Upload>} */
  #processing = new Set();
  #parts;

  /** @param {{ api: Api, clock: Clock, random: () => number }} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Upload a file. Resolves through `done` when the server has processed it, so that a message may name its `id`.
   * @param {Blob} blob  a File has a name and a type of its own
   * @param {UploadOptions} [options]
   * @returns {Upload}
   */
  begin(blob, options = {}) {
    const upload = new Upload(blob, options, this.#parts, {
      sent: () => {
        this.#sending.delete(upload);
        this.#processing.add(upload);
        this.#next();
      },
      ended: () => {
        this.#waiting = this.#waiting.filter((one) => one !== upload);
        this.#sending.delete(upload);
        this.#processing.delete(upload);
        this.#next();
      },
    });
    this.#waiting.push(upload);
    this.#next();
    return upload;
  }

  /**
   * The address of a file of a message, also where the server is below a path; of an image with `size` that of a
   * thumbnail. A page of the server may use it in `img`, `audio`, `video` and `a`: the cookie comes along.
   * @param {Pick<MessageFile, "url">} file @param {360 | 1440 | null} [size] the longer side in pixels
   */
  url({ url }, size = null) {
    const { href } = new URL(`../..${url}`, this.#parts.api.address("/"));
    return size === null ? href : `${href}?size=${size}`;
  }

  /**
   * Make a file of one's own over the bytes of a file that one can see, to be sent elsewhere. Nothing is uploaded.
   * @param {string} id
   * @returns {Promise<MessageFile>}
   */
  async forward(id) {
    const { file } = await this.#parts.api.post("/files", { from: id });
    return file;
  }

  /** The network is back: try again now. */
  hurry() {
    for (const upload of [...this.#sending, ...this.#processing]) upload.hurry();
  }

  /** The notice `file`: the server has processed a file. @param {MessageFile} file */
  told(file) {
    for (const upload of this.#processing) if (upload.id === file.id) upload.hurry();
  }

  #next() {
    while (this.#waiting.length && this.#sending.size < AT_ONCE) {
      const upload = /** @type {Upload} */ (this.#waiting.shift());
      this.#sending.add(upload);
      void upload.run();
    }
  }
}
