// The addresses of files on this device. A picture is shown from here before it is sent, and for a while after that, so
// that it does not flicker.

/** Sent files that are still shown from this device. */
const KEPT = 40;

/**
 * How the browser makes an address, and frees it.
 * @typedef {{make: (blob: Blob) => string, end: (url: string) => void}} Urls
 */

export class LocalAddresses {
  /** By the ids on this device. @type {Map<string, string>} */
  #own = new Map();
  /** Those of sent files, by their ids on the server. @type {Map<string, string>} */
  #sent = new Map();
  #urls;

  /** @param {Urls} urls */
  constructor(urls) {
    this.#urls = urls;
  }

  /** The address of a file; null without its bytes. @param {string} id @param {Blob | undefined} blob */
  of(id, blob) {
    if (!this.#own.has(id) && blob) this.#own.set(id, this.#urls.make(blob));
    return this.#own.get(id) ?? null;
  }

  /** The address of a sent file; null if it has none any more. @param {string} upload its id on the server */
  sent(upload) {
    return this.#sent.get(upload) ?? null;
  }

  /** The file was sent. The oldest one loses its address. @param {string} id @param {string} upload */
  keep(id, upload) {
    const url = this.#own.get(id);
    if (!url) return;
    this.#own.delete(id);
    this.#sent.set(upload, url);
    for (const [oldest, its] of this.#sent) {
      if (this.#sent.size <= KEPT) break;
      this.#sent.delete(oldest);
      this.#urls.end(its);
    }
  }

  /** The file is not shown any more. @param {string} id */
  end(id) {
    const url = this.#own.get(id);
    if (url) this.#urls.end(url);
    this.#own.delete(id);
  }
}
