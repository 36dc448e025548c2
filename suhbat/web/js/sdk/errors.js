// What can go wrong for a program that uses the SDK, and the close codes (docs/reference/close-codes.md).

/** Refusals that the SDK repeats by itself. `name_in_use` is retryable too, but a person should choose. */
export const WAIT_AND_REPEAT = new Set(["busy", "storage_unavailable", "rate_limited"]);

/** One thing that was asked was refused; the chat goes on. `code` is for programs, `message` for people. */
export class Refused extends Error {
  /**
   * @param {{ code: string, message: string, status?: number | null, retryAfter?: number | null }} why
   *   `status`: of HTTP, null where it came over the socket; `retryAfter`: seconds
   */
  constructor({ code, message, status = null, retryAfter = null }) {
    super(message);
    this.name = "Refused";
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/**
 * Nobody knows whether the server heard: no network, a proxy that answered in its place, no answer in time.
 */
export class Unreachable extends Error {
  /** @param {string} message @param {number | null} status  what a proxy said */
  constructor(message, status = null) {
    super(message);
    this.name = "Unreachable";
    this.status = status;
  }
}

/**
 * The chat is over and will not come back by itself. `code`: the close code, 1000 where the program itself
 * left.
 */
export class Closed extends Error {
  /** @param {number} code @param {string} reason */
  constructor(code, reason) {
    super(`${code} ${reason}`.trim());
    this.name = "Closed";
    this.code = code;
    this.reason = reason;
  }
}

export const CLOSE = Object.freeze({
  NORMAL: 1000,
  NO_CODE: 1005,
  ABNORMAL: 1006,
  INVALID_DATA: 1007,
  INTERNAL: 1011,
  RESTART: 1012,
  DEAD: 4000, // ours, to a server that does not answer
  UNAUTHENTICATED: 4501,
  FORBIDDEN: 4503,
});

const COME_BACK = new Set([1001, 1005, 1006, 1011, 1012, 1013]);

/** Whether to come back after this close; unknown private codes follow their range. @param {number} code */
export function mayReconnect(code) {
  return COME_BACK.has(code) || (code >= 4000 && code < 4500);
}
