// Marks messages as read, and knows whether anybody is looking. Messages that arrive while nobody looks stay unread.

import { looksHere } from "./looking.js";

/** @import { App } from "../app.js" */
/** @import { ReadState } from "../sources.js" */

const READ_AFTER = 300; // ms without scrolling after which the visible messages are marked as read

export class ReadMarks {
  /** Whether messages arrived that nobody has looked at yet. */
  missed = false;
  /** The read position when it was last looked at. */
  #before;
  /** The user marked messages as unread, here or on another device: they stay so until this is opened anew. */
  #paused = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {App} app
   * @param {{reading: ReadState, read: (ordinal: number) => Promise<unknown>}} source
   * @param {{lastSeen: () => number, covered: () => boolean}} view `lastSeen`: the ordinal of the last message in view,
   *   0 if there is none; `covered`: whether something lies over the messages
   */
  constructor(app, source, view) {
    this.app = app;
    this.source = source;
    this.view = view;
    this.#before = source.reading.read_ordinal;
    this.look = () => this.soon();
    addEventListener("focus", this.look);
    document.addEventListener("visibilitychange", this.look);
    this.end = app.on("status", this.look);
  }

  /** Whether somebody looks at the messages as they arrive: not at those that were missed without a connection. */
  get looking() {
    return this.app.chat.status.state === "online" && looksHere() && !this.view.covered();
  }

  /** Whether the messages were just marked as unread, so that the read position went back. */
  wentBack() {
    const { read_ordinal, unread } = this.source.reading;
    const back = unread > 0 && read_ordinal < this.#before; // a thread that is no longer followed has no mark
    this.#before = read_ordinal;
    this.#paused ||= back;
    return back;
  }

  /** Mark the messages in view as read after a moment. */
  soon() {
    clearTimeout(this.#timer);
    this.#timer = this.looking ? setTimeout(() => this.#read(), READ_AFTER) : undefined;
  }

  /** The messages were drawn, while one grows many times a second: that does not put off the mark. */
  drawn() {
    if (this.#timer === undefined) this.soon();
  }

  /** More is unread, maybe in view: a reply counts when the server tells that the user follows its thread. */
  counted() {
    if (this.source.reading.unread && this.#timer === undefined) this.soon();
  }

  #read() {
    this.#timer = undefined;
    if (!this.looking || this.wentBack() || this.#paused) return;
    this.missed = false;
    const { unread, read_ordinal } = this.source.reading;
    const ordinal = this.view.lastSeen();
    if (unread && ordinal > read_ordinal) void this.source.read(ordinal).catch(() => {});
  }

  close() {
    clearTimeout(this.#timer);
    removeEventListener("focus", this.look);
    document.removeEventListener("visibilitychange", this.look);
    this.end();
  }
}
