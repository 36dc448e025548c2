// The server's HTTP API (docs/reference/http.md): JSON in, JSON out, and two kinds of errors.

import { Refused, Unreachable } from "./errors.js";

const TIMEOUT_MS = 20_000;

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
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {Record<string, unknown>} [query]
   * @returns {Promise<any>}
   */
  async #ask(method, path, body, query = {}) {
    const url = new URL(path.replace(/^\//, ""), this.#base);
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one != null) url.searchParams.append(name, String(one));
      }
    }
    if (this.language) url.searchParams.set("lang", this.language);
    /** @type {Record<string, string>} */
    const headers = { accept: "application/json" };
    // Set this even with an empty body. A request that writes with a cookie must declare JSON, which an HTML form
    // cannot do (protection against CSRF).
    if (body !== undefined) headers["content-type"] = "application/json";
    if (this.#token !== null) headers.authorization = `Bearer ${this.#token}`;
    let response, text;
    try {
      response = await this.#fetch(url, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      text = await response.text();
    } catch (error) {
      throw new Unreachable(error instanceof Error ? error.message : String(error));
    }
    return read(response, text);
  }
}

/** @param {Response} response @param {string} text */
function read(response, text) {
  if (response.status === 204) return null;
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
