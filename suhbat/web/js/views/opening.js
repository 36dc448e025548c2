// Where a conversation or a thread opens, and jumps: what this device has is shown at once, the rest when the server
// has sent it.

import { ordinalOf } from "../models/threads.js";

/** @import { App } from "../app.js" */
/** @import { Timeline } from "../models/timeline.js" */
/** @import { Message } from "../sdk/types.js" */
/** @import { ReadState } from "../sources.js" */

/**
 * @typedef {{timeline: Timeline, reading: ReadState, kept: () => Promise<Message[]>}} Opened what is opened; `kept`:
 *   what this device has stored of it
 */

const FEW = 40; // up to this many unread messages are loaded together with the newest ones
const READ = 20; // the messages before them
const AGAIN_MS = 3000; // the wait after a request that failed

/** A message, or with null the first unread one or else the end. @typedef {number | null} Place */

export class Opening {
  /** The read position above the divider; null without one. @type {number | null} */
  divider = null;
  /** Whether the server did not answer. */
  failed = false;
  /**
   * The place that the server has not sent yet. `moved`: the user scrolled since, so the view stays where it is.
   * @type {{place: Place, moved: boolean, shown: boolean, asked: boolean} | null}
   */
  #wanted = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;

  /**
   * @param {App} app
   * @param {Opened} source
   * @param {{arrive: (place: Place, gone: boolean) => void, draw: () => void, tell: (error: unknown) => void,
   *   none: (() => void) | null}} view `arrive` shows a place, or of a message that is not loaded its neighbour, with
   *   `gone` if the server no longer has the message; `tell` says that a place cannot be loaded, with null for want
   *   of a connection; `none`: there is no such thread
   */
  constructor(app, source, view) {
    this.app = app;
    this.source = source;
    this.timeline = source.timeline;
    this.view = view;
    this.end = app.on("status", () => void this.#fetch());
  }

  /** Show the conversation. Without a connection the rest follows when there is one. @param {Place} place */
  async open(place) {
    const wanted = (this.#wanted = { place, moved: false, shown: false, asked: false });
    if (!this.timeline.loaded) this.timeline.restore(await this.source.kept());
    if (wanted !== this.#wanted) return;
    this.divide();
    if (this.#has(place) || !this.#online) this.#arrive(wanted);
    else this.timeline.clear(); // another place would be shown for a moment
    await this.#fetch();
  }

  /** Show a message. It is loaded if needed. @param {number} seq */
  async jump(seq) {
    const there = this.#has(seq);
    if (!there && !this.#online) return this.view.tell(null);
    const wanted = (this.#wanted = { place: seq, moved: false, shown: false, asked: false });
    if (there) this.#arrive(wanted);
    return this.#fetch();
  }

  /** Load the end of the conversation. Returns whether it is loaded. */
  async toEnd() {
    this.#wanted = null;
    try {
      if (this.timeline.hasAfter) await this.timeline.open();
      return true;
    } catch (error) {
      this.view.tell(error);
      return false;
    }
  }

  /** Try again at once, after the server did not answer. */
  again() {
    this.failed = false;
    this.app.chat.retryNow();
    this.view.draw();
    clearTimeout(this.#retry);
    void this.#fetch();
  }

  /** The user scrolled. */
  moved() {
    if (this.#wanted?.place === null) this.#wanted.moved = true;
  }

  /** Put the divider before the first unread message, if there is one. */
  divide() {
    const { unread, read_ordinal } = this.source.reading;
    this.divider = unread ? read_ordinal : null;
  }

  /**
   * What to load if the window has to be loaded anew.
   * @param {number | undefined} seq the message in view; undefined at the end
   */
  query(seq) {
    if (seq !== undefined) return { around: seq };
    const { unread, read_ordinal } = this.source.reading;
    return unread > FEW ? { around_ordinal: read_ordinal + 1 } : {};
  }

  get #online() {
    return this.app.chat.status.state === "online";
  }

  /** Whether the place is among the loaded messages. @param {Place} place */
  #has(place) {
    const { messages, hasBefore, hasAfter } = this.timeline;
    if (place !== null) return this.timeline.find(place) !== null;
    if (this.divider === null) return messages.length > 0 && !hasAfter;
    const last = messages.at(-1);
    if (!last || (hasAfter && ordinalOf(last) <= this.divider)) return false;
    return !hasBefore || ordinalOf(messages[0]) <= this.divider + 1;
  }

  /** @param {{place: Place, shown: boolean}} wanted @param {boolean} [answered] by the server */
  #arrive(wanted, answered = false) {
    wanted.shown = this.#has(wanted.place);
    this.view.arrive(wanted.place, answered && !wanted.shown);
  }

  /** Ask the server for the wanted place. This waits for the connection: only then the unread count is known. */
  async #fetch() {
    const wanted = this.#wanted;
    if (!wanted || wanted.asked || !this.#online) return;
    wanted.asked = true;
    const { timeline } = this;
    const { place, moved } = wanted;
    if (place === null && !moved) this.divide();
    const there = timeline.hasFresh && this.#has(place);
    try {
      if (moved) await timeline.reload();
      else if (!there) await this.#load(place);
    } catch (error) {
      return wanted === this.#wanted ? this.#missed(error) : undefined;
    }
    if (wanted !== this.#wanted) return;
    this.#wanted = null;
    this.failed = false;
    if (wanted.moved) this.view.draw();
    else if (!there || !wanted.shown) this.#arrive(wanted, true);
  }

  /** @param {Place} place */
  async #load(place) {
    if (place !== null) return this.timeline.open(place);
    if (this.divider === null || this.source.reading.unread <= FEW) {
      await this.timeline.open(null, FEW + READ);
      // The user's own messages are not unread, so even a few unread ones may lie far above.
      if (this.divider === null || this.#has(null)) return undefined;
    }
    return this.timeline.openOrdinal(this.divider + 1);
  }

  /** The wanted place did not come: try again, unless messages are shown anyway. @param {unknown} error */
  #missed(error) {
    const { code } = /** @type {{code?: string}} */ (error);
    if (this.view.none && (code === "not_found" || code === "bad_request")) {
      this.#wanted = null;
      return this.view.none();
    }
    if (this.timeline.hasFresh) {
      this.#wanted = null;
      return this.view.tell(error);
    }
    this.failed = true;
    if (this.#wanted) this.#wanted.asked = false;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#fetch(), AGAIN_MS);
    return this.view.draw();
  }

  close() {
    this.#wanted = null;
    clearTimeout(this.#retry);
    this.end();
  }
}
