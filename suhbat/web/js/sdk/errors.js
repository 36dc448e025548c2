// The errors of the SDK, and the close codes (docs/reference/close-codes.md).

/** Error codes after which the SDK retries by itself. `name_in_use` is retryable too, but a person should choose. */
export const WAIT_AND_REPEAT = new Set(["busy", "storage_unavailable", "rate_limited"]);

/**
 * One command or request was refused, by the server or by a limit of the SDK (`too_large`, `outbox_full`). The chat
 * goes on. `code` is for programs, `message` for people.
 */
export class Refused extends Error {
  /**
   * @param {{ code: string, message: string, status?: number | null, retryAfter?: number | null,
   *   offset?: number | null }} why  `status`: the HTTP status, null for an error that did not come over HTTP;
   *   `retryAfter`: in seconds; `offset`: of `wrong_offset`, where to continue
   */
  constructor({ code, message, status = null, retryAfter = null, offset = null }) {
    super(message);
    this.name = "Refused";
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
    this.offset = offset;
  }
}

/**
 * It is unknown whether the server got the request: no network, an answer from a proxy, or no answer in time.
 */
export class Unreachable extends Error {
  /** @param {string} message @param {number | null} status  the HTTP status from a proxy */
  constructor(message, status = null) {
    super(message);
    this.name = "Unreachable";
    this.status = status;
  }
}

/**
 * The chat is closed and does not reconnect by itself. `code` is the close code; it is 1000 if the program closed it.
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
  BUSY: 1013,
  DEAD: 4000, // sent by this client to a server that does not answer
  AGAIN: 4001, // of a link that must be opened again, without a known fault; never sent
  RATE_LIMITED: 4029,
  UNAUTHENTICATED: 4501,
  FORBIDDEN: 4503,
});

const OF_STATUS = new Map([
  [401, CLOSE.UNAUTHENTICATED],
  [403, CLOSE.FORBIDDEN],
  [429, CLOSE.RATE_LIMITED],
  [500, CLOSE.INTERNAL],
  [503, CLOSE.BUSY],
]);

/** The close of a WebSocket that means the same as a refusal over HTTP. @param {number} status @returns {number} */
export function closeOfStatus(status) {
  return OF_STATUS.get(status) ?? CLOSE.ABNORMAL;
}

const COME_BACK = new Set([1001, 1005, 1006, 1011, 1012, 1013]);

/** Whether to reconnect after this close. An unknown private code follows its range. @param {number} code */
export function mayReconnect(code) {
  return COME_BACK.has(code) || (code >= 4000 && code < 4500);
}
