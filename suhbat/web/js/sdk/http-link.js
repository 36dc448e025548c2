// A link over plain HTTP, for networks that block WebSockets: frames come as an event stream or as long polls, and
// commands go in requests of their own (docs/reference/event-stream.md).

/** @import { Clock, Ear, Frame } from "./types.js" */

import { systemClock } from "./clock.js";
import { CLOSE, closeOfStatus } from "./errors.js";

/** The longest silence of a stream that works: the server says something every 15 s. In ms. */
const SILENCE_MS = 40_000;
/** How long a poll waits at the server, in seconds. */
const WAIT_S = 25;
/** The time limit for the answer to a poll after that, and to commands, in ms. */
const ANSWER_MS = 20_000;
/** The pause before a poll is repeated that was one too many, if the server does not say how long, in seconds. */
const PAUSE_S = 1;
/** The limits of one request with commands. */
const COMMANDS = 64;
const COMMAND_BYTES = 60_000;

export class HttpLink {
  #base;
  #token;
  #language;
  #fetch;
  #clock;
  #polls;
  /** @type {AbortController | null} */
  #life = null;
  /** @type {Ear | null} */
  #ear = null;
  #heard = 0;
  /** @type {Frame[]} */
  #queue = [];
  #sending = false;

  /**
   * @param {object} options
   * @param {string | URL} options.base  the root URL of the server
   * @param {string | null} [options.token]  null: the browser's cookie authenticates
   * @param {string | null} [options.language] @param {boolean} [options.polls]  long polls instead of a stream
   * @param {typeof globalThis.fetch} [options.fetch] @param {Clock} [options.clock]
   */
  constructor({ base, token = null, language = null, polls = false, fetch = globalThis.fetch, clock = systemClock }) {
    this.#base = new URL("api/v1/", base);
    this.#token = token;
    this.#language = language;
    this.#polls = polls;
    this.#fetch = fetch.bind(globalThis);
    this.#clock = clock;
  }

  /** Whether commands are on their way. */
  get busy() {
    return this.#sending;
  }

  /** @param {Ear} ear */
  open(ear) {
    this.close(CLOSE.NORMAL);
    const life = (this.#life = new AbortController());
    this.#ear = ear;
    this.#heard = this.#clock.steady();
    const { resume } = ear.hello(); // the token travels in a header
    const opening = { resume: resume ?? null };
    void (this.#polls ? this.#poll(opening, life) : this.#stream(opening, life)).catch((error) =>
      this.#end(life, CLOSE.ABNORMAL, error instanceof Error ? error.message : String(error)),
    );
  }

  /** @param {Frame} frame */
  send(frame) {
    const life = this.#life;
    if (!life) return false;
    if (frame.type === "ping") queueMicrotask(() => this.#pong(life, frame));
    // Opening again with the cursors does the same.
    else if (frame.type === "sync") queueMicrotask(() => this.#end(life, CLOSE.AGAIN, "behind"));
    else {
      this.#queue.push(frame);
      if (!this.#sending) {
        this.#sending = true;
        queueMicrotask(() => void this.#flush(life));
      }
    }
    return true;
  }

  /** @param {number} _code */
  close(_code) {
    this.#life?.abort();
    this.#life = this.#ear = null;
    this.#queue = [];
    this.#sending = false;
  }

  // Frames

  /** @param {object} opening @param {AbortController} life */
  async #stream(opening, life) {
    const response = await this.#ask("POST", "events", opening, life.signal);
    if (!(await this.#accepted(response, life)) || !response.body) return;
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (life.signal.aborted) return;
      if (done) return this.#end(life, CLOSE.ABNORMAL, "the stream ended");
      this.#heard = this.#clock.steady();
      const events = (text + decoder.decode(value, { stream: true })).split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) if (this.#life === life) this.#event(life, event);
    }
  }

  /** @param {AbortController} life @param {string} event */
  #event(life, event) {
    const lines = event.split("\n");
    const data = lines.find((line) => line.startsWith("data: "))?.slice(6);
    if (data === undefined) return; // a comment, or `retry`
    if (!lines.includes("event: close")) return this.#ear?.onframe(parsed(data));
    const { code = CLOSE.ABNORMAL, reason = "" } = parsed(data) ?? {};
    this.#end(life, code, reason);
  }

  /** @param {object} opening @param {AbortController} life */
  async #poll(opening, life) {
    /** @type {string | null} */
    let cursor = null;
    while (this.#life === life) {
      const path = `events?wait=${cursor === null ? 1 : WAIT_S}`;
      const late = this.#clock.after(WAIT_S * 1000 + ANSWER_MS, () => life.abort());
      let response, text;
      try {
        response =
          cursor === null
            ? await this.#ask("POST", path, opening, life.signal)
            : await this.#ask("GET", path, undefined, life.signal, { cursor });
        if (!tooMany(response, cursor) && !(await this.#accepted(response, life, cursor === null))) return;
        text = await response.text();
      } finally {
        late();
      }
      if (this.#life !== life) return;
      /** @type {any} */
      const answer = parsed(text) ?? {};
      if (tooMany(response, cursor)) {
        this.#heard = this.#clock.steady();
        await new Promise((resolve) => this.#clock.after((answer.retry_after || PAUSE_S) * 1000, () => resolve(null)));
        continue;
      }
      const { frames, close } = answer;
      if (!Array.isArray(frames)) return this.#end(life, CLOSE.ABNORMAL, "not understood");
      // The server had to open another connection. Its frames fit to the cursor, but not to commands on their way.
      if (cursor !== null && frames[0]?.type === "welcome") return this.#end(life, CLOSE.AGAIN, "another connection");
      cursor = answer.cursor;
      this.#heard = this.#clock.steady();
      for (const frame of frames) if (this.#life === life) this.#ear?.onframe(frame);
      if (close) this.#end(life, close.code, close.reason);
    }
  }

  /**
   * Whether the server accepts. If not, the connection ends as a WebSocket would.
   * @param {Response} response @param {AbortController} life @param {boolean} [first]
   */
  async #accepted(response, life, first = true) {
    if (this.#life !== life) return false;
    if (response.ok) {
      if (first) this.#ear?.onopen();
      return true;
    }
    const problem = parsed(await response.text());
    if (this.#life !== life) return false;
    const message = problem?.detail ?? `HTTP ${response.status}`;
    if (problem?.code) {
      const { code, retry_after } = problem;
      this.#ear?.onframe({ type: "error", id: "hello", code, message, ...(retry_after && { retry_after }) });
    }
    this.#end(life, problem?.code ? closeOfStatus(response.status) : CLOSE.ABNORMAL, message);
    return false;
  }

  // Commands

  /** @param {AbortController} life */
  async #flush(life) {
    try {
      while (this.#life === life && this.#queue.length > 0) {
        const batch = this.#batch();
        const response = await this.#ask("POST", "commands", batch.length === 1 ? batch[0] : batch, life.signal, {
          soon: true,
        });
        const answer = parsed(await response.text());
        if (this.#life !== life) return;
        this.#answered(life, batch, response, answer);
      }
    } catch (error) {
      this.#end(life, CLOSE.ABNORMAL, error instanceof Error ? error.message : String(error));
    } finally {
      if (this.#life === life) this.#sending = false;
    }
  }

  /** The commands for the next request, in their order. */
  #batch() {
    let [count, bytes] = [0, 0];
    for (const frame of this.#queue.slice(0, COMMANDS)) {
      bytes += new TextEncoder().encode(JSON.stringify(frame)).length + 1;
      if (count > 0 && bytes > COMMAND_BYTES) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  /** @param {AbortController} life @param {Frame[]} batch @param {Response} response @param {any} answer */
  #answered(life, batch, response, answer) {
    if (response.ok && Array.isArray(answer?.replies)) {
      this.#queue.unshift(...batch.slice(answer.done));
      for (const reply of answer.replies) if (this.#life === life) this.#ear?.onframe(reply);
      if (answer.close) this.#end(life, answer.close.code, answer.close.reason);
    } else if (answer?.code && response.status !== 401 && response.status !== 403) {
      const { code, detail: message, retry_after } = answer;
      for (const { id } of batch) {
        if (id !== undefined && this.#life === life)
          this.#ear?.onframe({ type: "error", id, code, message, retry_after });
      }
    } else this.#end(life, closeOfStatus(response.status), answer?.detail ?? `HTTP ${response.status}`);
  }

  // Both

  /**
   * The stream answers for the server: what it said last shows whether the connection is alive.
   * @param {AbortController} life @param {Frame} ping
   */
  #pong(life, ping) {
    if (this.#life !== life || this.#clock.steady() - this.#heard > SILENCE_MS) return;
    this.#ear?.onframe({ type: "pong", id: ping.id, heads: {} });
  }

  /** @param {AbortController} life @param {number} code @param {string} reason */
  #end(life, code, reason) {
    if (this.#life !== life) return;
    const ear = this.#ear;
    this.close(code);
    ear?.onclose(code, reason);
  }

  /**
   * @param {string} method @param {string} path @param {unknown} body @param {AbortSignal} signal
   * @param {{ soon?: boolean, cursor?: string | null }} [options]  `soon`: with a time limit; `cursor`: of the event
   *   stream, in a header, since URLs end up in the logs of proxies
   */
  #ask(method, path, body, signal, { soon = false, cursor = null } = {}) {
    const url = new URL(path, this.#base);
    if (this.#language) url.searchParams.set("lang", this.#language);
    /** @type {Record<string, string>} */
    const headers = this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
    if (cursor !== null) headers["last-event-id"] = cursor;
    if (body !== undefined) headers["content-type"] = "application/json";
    return this.#fetch(url, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      cache: "no-store",
      redirect: "error",
      signal: soon ? AbortSignal.timeout(ANSWER_MS) : signal,
    });
  }
}

/** Whether a poll must be repeated with its cursor. @param {Response} response @param {string | null} cursor */
function tooMany(response, cursor) {
  return response.status === 429 && cursor !== null;
}

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
