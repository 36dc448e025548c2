// A message of the user that grows, for example the answer of a language model: `chat.stream`.

import { Refused } from "./errors.js";
import { grown, lengthOf } from "./growing.js";

/** The errors after which the message does not grow any more. */
const OVER = new Set(["finished", "not_found", "forbidden"]);
/** Characters of a message, as the server counts them. */
const LONGEST = 4000;
const TOO_LONG = "The request is not valid: the text is longer than 4,000 characters. Correct it and send it again.";

export class GrowingMessage {
  /** Its conversation and its `seq`. */
  conversation;
  seq;
  /** Everything that was written, as far as it fits. */
  text;
  /** Whether somebody has stopped it, or it is gone. */
  stopped = false;
  #command;
  #full = false;
  #sent;
  /** @type {Promise<void> | null} */
  #sending = null;

  /**
   * @param {(type: string, fields: Record<string, unknown>) => Promise<any>} command
   * @param {{conversation: string, seq: number, text: string}} begun
   */
  constructor(command, { conversation, seq, text }) {
    this.#command = command;
    this.conversation = conversation;
    this.seq = seq;
    this.text = text;
    this.#sent = text;
  }

  /**
   * Add to the message. What comes faster than the server answers is sent together. False if it does not grow any more.
   * Throws Refused if it would be too long: what fits is sent, and at the end the message is marked as cut.
   * @param {string} text
   */
  write(text) {
    if (this.stopped) return false;
    this.text += text;
    if (lengthOf(this.text) > LONGEST) {
      this.text = [...this.text].slice(0, LONGEST).join("");
      this.#full = true;
    }
    this.#sending ??= this.#send();
    if (this.#full) throw new Refused({ code: "bad_request", message: TOO_LONG });
    return true;
  }

  /**
   * Finish the message. Resolves when its whole text is durable; rejects with Refused or Closed. Does nothing if it was
   * stopped.
   * @param {{cut?: boolean}} [options]  `cut`: the text is not complete, as when it did not fit
   */
  async finish({ cut = false } = {}) {
    await this.#sending;
    if (this.stopped) return;
    const { conversation, seq, text } = this;
    const isCut = cut || this.#full;
    try {
      await this.#command("finish", { conversation, seq, text, ...(isCut ? { cut: true } : {}) });
    } catch (error) {
      if (!this.#isOver(error)) throw error;
    }
  }

  async #send() {
    try {
      while (!this.stopped && this.#sent !== closed(this.text)) await this.#append();
    } catch (error) {
      this.#isOver(error); // after any other error, the next `write` tries again, and `finish` sends the whole text
    } finally {
      this.#sending = null;
    }
  }

  async #append() {
    const { conversation, seq } = this;
    const whole = closed(this.text);
    const added = whole.slice(this.#sent.length);
    try {
      await this.#command("append", { conversation, seq, offset: lengthOf(this.#sent), text: added });
      this.#sent = whole;
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "wrong_offset") throw error;
      // The server has less than was sent, because it was restarted, or more, because an answer was lost.
      this.#sent = grown(whole, error.offset ?? 0, "") ?? whole;
    }
  }

  /** @param {unknown} error */
  #isOver(error) {
    if (!(error instanceof Refused) || !OVER.has(error.code)) return false;
    this.stopped = true;
    return true;
  }
}

/** Without half of a surrogate pair at its end, of which the rest has not been written yet. @param {string} text */
function closed(text) {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}
