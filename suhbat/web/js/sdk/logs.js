// Which event of each log is the next one. Pure.
//
// This turns at-least-once delivery into exactly-once: cursor + 1 is the next event, one that is not above the cursor
// came before, and for a higher one the missing events are requested.

import { Gaps } from "./gaps.js";
import { fitting } from "./resume.js";

/** The logs that are followed. `now` is steady milliseconds. */
export class Logs {
  /** The `seq` of the last event, by log. @type {Map<string, number>} */
  cursors;
  #gaps = new Gaps();
  /** The highest `seq` that arrived of logs that are not followed yet. @type {Map<string, number>} */
  #early = new Map();

  /** @param {Record<string, number>} [cursors] */
  constructor(cursors = {}) {
    this.cursors = new Map(Object.entries(cursors));
  }

  /**
   * An event arrived. "next": it is to be applied; "ask": the events after the cursor are missing and must be requested
   * now; null: neither.
   * @param {string} log @param {number} seq @param {number} now
   */
  receive(log, seq, now) {
    const cursor = this.cursors.get(log);
    if (cursor === undefined) {
      this.#early.set(log, Math.max(seq, this.#early.get(log) ?? 0));
      return null;
    }
    if (seq <= cursor) return null;
    if (seq > cursor + 1) return this.#gaps.skipped(log, seq, now) ? "ask" : null;
    this.cursors.set(log, seq);
    this.#gaps.moved(log, seq, now);
    return "next";
  }

  /** Follow a log from its head on. @param {string} log @param {number} head @param {number} now */
  follow(log, head, now) {
    this.cursors.set(log, head);
    this.#gaps.moved(log, head, now);
    const early = this.#early.get(log) ?? 0;
    this.#early.delete(log);
    // Its first events arrived before the event that added it.
    if (early > head) this.#gaps.below(log, early, now);
  }

  /** Follow a log no longer. @param {string} log */
  forget(log) {
    const above = Math.max(this.#gaps.forget(log), this.cursors.get(log) ?? 0);
    this.cursors.delete(log);
    // Logs come in any order. If an event adds it again with a head below what came, those events went with the old
    // state.
    if (above) this.#early.set(log, Math.max(above, this.#early.get(log) ?? 0));
  }

  /** The server has the logs up to these heads. @param {Record<string, number>} heads @param {number} now */
  below(heads, now) {
    for (const [log, head] of Object.entries(heads)) {
      const cursor = this.cursors.get(log);
      if (cursor !== undefined && cursor < head) this.#gaps.below(log, head, now);
    }
  }

  /**
   * The cursors to request missing events with now, as many as fit into a frame; null if none are due. The others stay
   * due.
   * @param {number} now
   */
  due(now) {
    const due = new Map();
    for (const log of this.#gaps.due(now)) {
      if (this.cursors.has(log)) due.set(log, this.cursors.get(log));
    }
    if (due.size === 0) return null;
    const cursors = fitting(due);
    this.#gaps.asked(Object.keys(cursors), now);
    return cursors;
  }

  /** The connection is lost. The next one brings everything above the cursors. */
  cut() {
    this.#gaps.clear();
    this.#early.clear();
  }
}
