// The server's HTTP API (docs/reference/http.md): JSON in, JSON out, and two kinds of errors.

import { Refused, Unreachable } from "./errors.js";

const TIMEOUT_MS = 20_000;
/** The longest time for a piece of a file. On a slow line, 64 KB take that long at 5 kbit/s. */
const BYTES_TIMEOUT_MS = 100_000;

export class Api {
  #base;
  #token;
  language;
  #fetch;

  /**
   * @param {object} options
   * @param {string | URL} options.base  the root URL of the server, with a slash at its end; in a page `new URL(".",
   *   document.baseURI)`
   * @param {string | null} [options.token]  null: the browser's cookie authenticates
   * @param {string | null} [options.language]  of the server's messages: "en", "uz" …; null: the account's,
   *   or the browser's
   * @param {typeof globalThis.fetch} [options.fetch]
   */
  constructor({ base, token = null, language = null, fetch = globalThis.fetch }) {
    this.#base = new URL("api/v1/", base);
    this.#token = token;
    this.language = language;
    // A browser's fetch must be called with the window as `this`.
    this.#fetch = fetch.bind(globalThis);
  }

  /**
   * @param {string} path  like "/conversations"
   * @param {Record<string, unknown>} [query]  null and undefined are left out; a list gives one parameter for each
   */
  get(path, query = {}) {
    return this.#ask("GET", path, undefined, query);
  }

  /** @param {string} path @param {unknown} [body] */
  post(path, body = {}) {
    return this.#ask("POST", path, body);
  }

  /** @param {string} path @param {unknown} [body] */
  put(path, body = {}) {
    return this.#ask("PUT", path, body);
  }

  /** @param {string} path @param {unknown} [body] */
  patch(path, body = {}) {
    return this.#ask("PATCH", path, body);
  }

  /** @param {string} path @param {unknown} [body] */
  delete(path, body = {}) {
    return this.#ask("DELETE", path, body);
  }

  /**
   * The address of a resource that the browser loads itself, with the cookie. Lists ask for many, so it is only put
   * together. @param {string} path  with its query
   */
  address(path) {
    return this.#base.href + path.slice(1);
  }

  /**
   * The bytes of a resource. Errors are as everywhere.
   * @param {string} path  with its query
   * @returns {Promise<Blob>}
   */
  async blob(path) {
    /** @type {Record<string, string>} */
    const headers = this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
    let response, blob;
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      response = await this.#fetch(this.address(path), { redirect: "error", headers, signal });
      blob = await response.blob();
    } catch (error) {
      throw new Unreachable(error instanceof Error ? error.message : String(error));
    }
    if (!response.ok) read(response, await blob.text());
    return blob;
  }

  /**
   * A request whose body is not JSON, for uploads. Errors are as everywhere. Returns the answer, whose body is read.
   * @param {string} method @param {string} path
   * @param {{ headers: Record<string, string>, body?: ArrayBuffer | null, signal?: AbortSignal }} request
   * @returns {Promise<{ headers: Headers }>}
   */
  async raw(method, path, { headers, body = null, signal }) {
    const url = this.#url(path);
    const ended = new AbortController();
    const end = () => ended.abort();
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
    const timer = setTimeout(end, BYTES_TIMEOUT_MS);
    try {
      /** @type {Record<string, string>} */
      const all = { accept: "application/json", ...headers };
      if (this.#token !== null) all.authorization = `Bearer ${this.#token}`;
      const [response, text] = await this.#fetched(url, { method, headers: all, body, signal: ended.signal });
      if (!response.ok) read(response, text);
      return response;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {Record<string, unknown>} [query]
   * @returns {Promise<any>}
   */
  async #ask(method, path, body, query = {}) {
    const url = this.#url(path, query);
    /** @type {Record<string, string>} */
    const headers = { accept: "application/json" };
    // Set this even with an empty body. A request that writes with a cookie must declare JSON, which an HTML form
    // cannot do (protection against CSRF).
    if (body !== undefined) headers["content-type"] = "application/json";
    if (this.#token !== null) headers.authorization = `Bearer ${this.#token}`;
    const [response, text] = await this.#fetched(url, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return read(response, text);
  }

  /** @param {string} path @param {Record<string, unknown>} [query] */
  #url(path, query = {}) {
    const url = new URL(path.replace(/^\//, ""), this.#base);
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one != null) url.searchParams.append(name, String(one));
      }
    }
    if (this.language) url.searchParams.set("lang", this.language);
    return url;
  }

  /** @param {URL} url @param {RequestInit} init @returns {Promise<[Response, string]>} */
  async #fetched(url, init) {
    try {
      const response = await this.#fetch(url, { cache: "no-store", redirect: "error", ...init });
      return [response, await response.text()];
    } catch (error) {
      throw new Unreachable(error instanceof Error ? error.message : String(error));
    }
  }
}

/** @param {Response} response @param {string} text */
function read(response, text) {
  if (response.status === 204 || (response.status === 202 && text === "")) return null;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Unreachable(`HTTP ${response.status}, not JSON`, response.status);
  }
  if (response.ok) return value;
  if (typeof value?.code !== "string") throw new Unreachable(`HTTP ${response.status}`, response.status);
  const retryAfter = value.retry_after ?? null;
  throw new Refused({
    code: value.code,
    message: value.detail ?? value.code,
    status: response.status,
    retryAfter,
  });
}
