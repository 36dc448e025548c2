// One upload of a file, which goes on after a lost network or a restart: tus 1.0.0
// (https://tus.io/protocols/resumable-upload), with the extensions creation-with-upload and termination.
//
// The bytes are sent in pieces. A piece is as large as the connection carries in about a second, so that progress is
// seen and little is sent again. After every failure the server is asked how much it has.

/** @import { Api } from "./http.js" */
/** @import { Clock, MessageFile } from "./types.js" */

import { Backoff } from "./backoff.js";
import { Refused, Unreachable } from "./errors.js";

/** The first piece of an upload, and the limits of a piece, in bytes. */
export const FIRST_PIECE = 256 * 1024;
const SMALLEST_PIECE = 64 * 1024;
const LARGEST_PIECE = 8 * 1024 * 1024;
/** How long a piece should take, in ms. */
const PIECE_MS = 1_000;
/** The first and the longest pause between two questions whether a file is ready, in ms. */
const ASK_MS = 200;
const LONGEST_ASK_MS = 5_000;
/** Statuses below 500 after which another attempt may help. */
const PASSING = [408, 409, 423, 429];
/** How often an upload that the server no longer knows begins anew. */
const ANEW = 2;

/** @typedef {"waiting" | "uploading" | "processing" | "ready" | "failed" | "cancelled"} UploadState */

/**
 * @typedef {object} UploadOptions
 * @property {string} [name]
 * @property {string} [type]  The media type. The server finds out the type itself; this one is a hint.
 * @property {string | null} [id]  Continue the upload with this id, which an earlier visit began.
 * @property {Record<string, string>} [details]  Further metadata, in base64: the `waveform` of a voice note, a byte for
 *   each bar; the `thumbhash` of a film.
 * @property {(upload: Upload) => void} [onchange]  Is called after each change of `state`, `sent` or `id`.
 */

/** One upload. Read its fields; `Uploads.begin` makes it and runs it. */
export class Upload {
  /** @type {UploadState} */
  state = "waiting";
  /** The bytes that the server has. */
  sent = 0;
  /** @type {string | null} */
  id;
  /** The file, when it is ready. @type {MessageFile | null} */
  file = null;
  /** Why it failed. @type {Error | null} */
  error = null;
  /** Whether the last request failed, and the upload waits for the network or for the server. */
  stalled = false;
  /** Resolves when the file is ready. Rejects with Refused; after `cancel` with the code `cancelled`. */
  done;

  #blob;
  #options;
  #api;
  #clock;
  #backoff;
  #tell;
  #piece = FIRST_PIECE;
  /** Whether `sent` is what the server has. */
  #sure;
  #anew = ANEW;
  #abort = new AbortController();
  #wake = () => {};
  #resolve = (/** @type {MessageFile} */ _) => {};
  #reject = (/** @type {Error} */ _) => {};

  /**
   * @param {Blob} blob @param {UploadOptions} options
   * @param {{ api: Api, clock: Clock, random: () => number }} parts
   * @param {{ sent: () => void, ended: () => void }} tell
   */
  constructor(blob, options, { api, clock, random }, tell) {
    this.#blob = blob;
    this.#options = options;
    this.#api = api;
    this.#clock = clock;
    this.#backoff = new Backoff(random);
    this.#tell = tell;
    this.id = options.id ?? null;
    this.#sure = this.id === null;
    this.done = new Promise((/** @type {(file: MessageFile) => void} */ resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => {}); // `state` and `error` tell it as well
  }

  get size() {
    return this.#blob.size;
  }

  /** Give up. What the server has of it is deleted. */
  cancel() {
    if (this.#over) return;
    this.#end("cancelled", new Refused({ code: "cancelled", message: "the upload was cancelled" }));
    this.#delete();
  }

  #delete() {
    if (this.id) void this.#api.raw("DELETE", `/files/${this.id}`, { headers: WRITES }).catch(() => {});
  }

  /** Do not wait any longer before the next attempt. */
  hurry() {
    this.#wake();
  }

  /** Send it. Called once, when it is its turn. */
  async run() {
    this.#set("uploading");
    try {
      while (!this.#over && !(this.id && this.#sure && this.sent === this.size)) await this.#attempt();
      if (this.#over) return;
      this.#set("processing");
      this.#tell.sent();
      await this.#processed();
    } catch (error) {
      if (!this.#over) this.#end("failed", error instanceof Error ? error : new Error(String(error)));
    }
  }

  get #over() {
    return this.state === "failed" || this.state === "cancelled" || this.state === "ready";
  }

  /** One request, and a pause if it failed in a way that may pass. */
  async #attempt() {
    try {
      if (!this.#sure) await this.#ask();
      else await this.#send();
      this.stalled = false;
      this.#backoff.reset();
    } catch (error) {
      if (this.#over) return;
      this.#sure = this.id === null;
      await this.#pause(this.#waitAfter(error));
    }
    if (!this.#over) this.#changed();
  }

  /** Ask how much the server has. */
  async #ask() {
    const headers = await this.#request("HEAD", `/files/${this.id}`, TUS);
    this.sent = offsetOf(headers);
    this.#sure = true;
  }

  async #send() {
    const end = Math.min(this.sent + this.#piece, this.size);
    const body = await read(this.#blob.slice(this.sent, end));
    if (this.#over) return;
    const began = this.#clock.steady();
    if (this.id === null) {
      const answer = await this.#request("POST", "/files", { ...WRITES, ...this.#creation() }, body);
      this.id = idOf(answer.get("location"));
      this.sent = Number(answer.get("upload-offset") ?? 0);
      if (this.#over) return this.#delete();
    } else {
      const path = `/files/${this.id}`;
      this.sent = offsetOf(await this.#request("PATCH", path, { ...WRITES, "upload-offset": `${this.sent}` }, body));
    }
    const took = Math.max(1, this.#clock.steady() - began);
    const fitting = (body.byteLength * PIECE_MS) / took;
    this.#piece = Math.round(
      Math.min(Math.max(fitting, this.#piece / 2, SMALLEST_PIECE), this.#piece * 2, LARGEST_PIECE),
    );
  }

  #creation() {
    const { name = nameOf(this.#blob), type = this.#blob.type, details = {} } = this.#options;
    const pairs = Object.entries({ filename: base64(name), ...(type ? { filetype: base64(type) } : {}), ...details });
    return {
      "upload-length": String(this.size),
      "upload-metadata": pairs.map(([key, value]) => `${key} ${value}`).join(","),
    };
  }

  /**
   * How many ms to wait after this error. Throws it if another attempt would not help.
   * @param {unknown} error
   */
  #waitAfter(error) {
    const status = /** @type {{ status?: number | null }} */ (error).status ?? null;
    if (status === null && !(error instanceof Unreachable)) throw error;
    if (this.id !== null && (status === 404 || status === 410) && this.#anew-- > 0) {
      // It has expired. Begin anew.
      this.id = null;
      this.sent = 0;
      this.#sure = true;
      return 0;
    }
    if (error instanceof Unreachable && status === 413 && this.#piece > SMALLEST_PIECE) {
      // A proxy takes only smaller bodies.
      this.#piece = Math.max(SMALLEST_PIECE, this.#piece / 4);
      return 0;
    }
    const passes = status === null || PASSING.includes(status) || (status >= 500 && status !== 507);
    if (!passes) throw error;
    this.stalled = true;
    const asked = error instanceof Refused ? (error.retryAfter ?? 0) * 1000 : 0;
    return Math.max(asked, this.#backoff.next());
  }

  /** Wait until the server has processed the file. */
  async #processed() {
    for (let wait = ASK_MS; !this.#over; wait = Math.min(wait * 1.5, LONGEST_ASK_MS)) {
      await this.#pause(wait);
      if (this.#over) return;
      try {
        const { file } = await this.#api.get(`/files/${this.id}`);
        if (file.state === "ready") return this.#end("ready", file);
      } catch (error) {
        this.#waitAfter(error);
        if (this.id === null) throw error; // it was deleted
      }
    }
  }

  /**
   * @param {string} method @param {string} path @param {Record<string, string>} headers
   * @param {ArrayBuffer | null} [body]
   */
  async #request(method, path, headers, body = null) {
    return (await this.#api.raw(method, path, { headers, body, signal: this.#abort.signal })).headers;
  }

  /** @param {number} ms @returns {Promise<void>} */
  #pause(ms) {
    if (ms <= 0) return Promise.resolve();
    this.#changed();
    return new Promise((resolve) => {
      const stop = this.#clock.after(ms, resolve);
      this.#wake = () => {
        stop();
        resolve();
      };
    });
  }

  /** @param {UploadState} state */
  #set(state) {
    this.state = state;
    this.#changed();
  }

  /** @param {"ready" | "failed" | "cancelled"} state @param {any} outcome */
  #end(state, outcome) {
    this.state = state;
    this.#abort.abort();
    this.#wake();
    this.#tell.ended();
    if (state === "ready") this.#resolve((this.file = outcome));
    else this.#reject((this.error = outcome));
    this.#changed();
  }

  #changed() {
    this.#options.onchange?.(this);
  }
}

const TUS = { "tus-resumable": "1.0.0" };
/** The media type protects against CSRF, as JSON does elsewhere: an HTML form cannot declare it. */
const WRITES = { ...TUS, "content-type": "application/offset+octet-stream" };

/** @param {Headers} headers */
function offsetOf(headers) {
  const offset = Number(headers.get("upload-offset") ?? NaN);
  if (!Number.isSafeInteger(offset) || offset < 0) throw new Unreachable("no Upload-Offset");
  return offset;
}

/** The id of an upload: the last segment of its address. @param {string | null} location */
function idOf(location) {
  const id = location?.split("?")[0].split("/").at(-1);
  if (!id) throw new Unreachable("no Location");
  return id;
}

/** @param {Blob} blob */
const nameOf = (blob) => ("name" in blob && typeof blob.name === "string" && blob.name) || "file";

/** The bytes, which may be gone: somebody has moved or changed the file. @param {Blob} part */
async function read(part) {
  try {
    return await part.arrayBuffer();
  } catch (error) {
    throw new Refused({ code: "unreadable", message: error instanceof Error ? error.message : String(error) });
  }
}

/** @param {string} text */
const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
