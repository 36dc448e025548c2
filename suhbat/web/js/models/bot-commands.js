// The commands of the bots in each conversation. No event tells that a bot has changed its commands.

/** @import { OfferedCommand } from "../sdk/types.js" */

const FRESH = 60_000; // ms, after which they are asked for again

export class BotCommands {
  /** @type {Map<string, {at: number, found: Promise<OfferedCommand[]>}>} by conversation */
  #asked = new Map();
  #load;
  #now;

  /**
   * @param {(conversation: string) => Promise<OfferedCommand[]>} load
   * @param {() => number} [now] ms
   */
  constructor(load, now = () => performance.now()) {
    this.#load = load;
    this.#now = now;
  }

  /** Rejects if they could not be loaded; the next call tries again. @param {string} conversation */
  in(conversation) {
    const known = this.#asked.get(conversation);
    if (known && this.#now() - known.at < FRESH) return known.found;
    const asked = { at: this.#now(), found: this.#load(conversation) };
    this.#asked.set(conversation, asked);
    asked.found.catch(() => this.#asked.get(conversation) === asked && this.#asked.delete(conversation));
    return asked.found;
  }

  /** Its members changed. @param {string} conversation */
  forget(conversation) {
    this.#asked.delete(conversation);
  }

  clear() {
    this.#asked.clear();
  }
}

/**
 * What is written for each command that begins so, the one that is there in full first. Where several bots have a
 * command of the same name, the name of the bot follows it.
 * @param {OfferedCommand[]} commands @param {string} begun the text after the /
 * @returns {{command: OfferedCommand, insert: string}[]}
 */
export function matching(commands, begun) {
  const wanted = `/${begun.toLowerCase()}`;
  /** @type {Map<string, number>} */
  const count = new Map();
  for (const { name } of commands) count.set(name, (count.get(name) ?? 0) + 1);
  const found = commands.map((command) => {
    const { name, bot } = command;
    return { command, insert: begun.includes("@") || (count.get(name) ?? 0) > 1 ? `/${name}@${bot}` : `/${name}` };
  });
  const whole = (/** @type {{insert: string}} */ { insert }) => Number(insert === wanted);
  return found.filter(({ insert }) => insert.startsWith(wanted)).sort((one, other) => whole(other) - whole(one));
}
