// Which logs are behind their heads, and when to ask for what is missing (`sync`). Pure.

/** A log that stays below its head for this long, without an event of it coming in, is asked for (again). */
export const BELOW_MS = 2_000;

/** The known heads of the logs whose cursor is below them. `now` is steady milliseconds. */
export class Gaps {
  /** @type {Map<string, { head: number, quietSince: number, asked: boolean }>} */
  #gaps = new Map();

  /**
   * The server has this log up to `head`, above the cursor; what is missing may be on its way.
   * @param {string} log @param {number} head @param {number} now
   */
  below(log, head, now) {
    const gap = this.#gaps.get(log);
    if (gap) gap.head = Math.max(gap.head, head);
    else this.#gaps.set(log, { head, quietSince: now, asked: false });
  }

  /**
   * `seq` came while events before it are missing. True: ask for them now (it was not done yet).
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
   * The logs to ask for now, first those that were quiet for the longest. They stay due until they are `asked`
   * for: perhaps one frame does not take all.
   * @param {number} now
   */
  due(now) {
    return [...this.#gaps]
      .filter(([, gap]) => now - gap.quietSince >= BELOW_MS)
      .sort(([, one], [, other]) => one.quietSince - other.quietSince)
      .map(([log]) => log);
  }

  /** What is missing of these was asked for. @param {string[]} logs @param {number} now */
  asked(logs, now) {
    for (const log of logs) {
      const gap = this.#gaps.get(log);
      if (!gap) continue;
      gap.asked = true;
      gap.quietSince = now;
    }
  }

  /** The log is followed no more. Gives the head that it was below, 0 if it was not. @param {string} log */
  forget(log) {
    const head = this.#gaps.get(log)?.head ?? 0;
    this.#gaps.delete(log);
    return head;
  }

  clear() {
    this.#gaps.clear();
  }
}
