// Tracks the logs whose cursor is below the head and decides when to request the missing events (`sync`). Pure.

/** A log below its head that gets no event for this long, in ms, is requested (again). */
export const BELOW_MS = 2_000;

/** The known heads of the logs whose cursor is below them. `now` is steady milliseconds. */
export class Gaps {
  /** @type {Map<string, { head: number, quietSince: number, asked: boolean }>} */
  #gaps = new Map();

  /**
   * The server has this log up to `head`, above the cursor. The missing events may be in transit.
   * @param {string} log @param {number} head @param {number} now
   */
  below(log, head, now) {
    const gap = this.#gaps.get(log);
    if (gap) gap.head = Math.max(gap.head, head);
    else this.#gaps.set(log, { head, quietSince: now, asked: false });
  }

  /**
   * The event `seq` arrived while earlier ones are missing. Returns true if they must be requested now.
   * @param {string} log @param {number} seq @param {number} now
   */
  skipped(log, seq, now) {
    this.below(log, seq, now);
    const gap = this.#gaps.get(log);
    if (!gap || gap.asked) return false;
    gap.asked = true;
    gap.quietSince = now;
    return true;
  }

  /** The cursor of a log moved. @param {string} log @param {number} cursor @param {number} now */
  moved(log, cursor, now) {
    const gap = this.#gaps.get(log);
    if (!gap) return;
    gap.quietSince = now;
    if (cursor >= gap.head) this.#gaps.delete(log);
  }

  /**
   * The logs to request now, the longest quiet first. They stay due until `asked`, because one frame may not hold all.
   * @param {number} now
   */
  due(now) {
    return [...this.#gaps]
      .filter(([, gap]) => now - gap.quietSince >= BELOW_MS)
      .sort(([, one], [, other]) => one.quietSince - other.quietSince)
      .map(([log]) => log);
  }

  /** The missing events of these logs were requested. @param {string[]} logs @param {number} now */
  asked(logs, now) {
    for (const log of logs) {
      const gap = this.#gaps.get(log);
      if (!gap) continue;
      gap.asked = true;
      gap.quietSince = now;
    }
  }

  /** Stop tracking the log. Returns the head that it was below, or 0 if it had no gap. @param {string} log */
  forget(log) {
    const head = this.#gaps.get(log)?.head ?? 0;
    this.#gaps.delete(log);
    return head;
  }

  clear() {
    this.#gaps.clear();
  }
}
