// Drafts. A change is stored locally at once and on the server after a delay, so that every device has it.

const AFTER = 800; // ms without a change before the draft is sent to the server

export class Drafts {
  /** @type {Map<string, {text: string, replyTo: number | null, editing: number | null}>} */
  #here = new Map();
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #timers = new Map();
  #keep;
  #tell;

  /**
   * @param {Record<string, {text: string, replyTo: number | null, editing: number | null}>} kept stored drafts
   * @param {(all: Record<string, object>) => void} keep stores them on this device
   * @param {(conversation: string, text: string) => void} tell sends one to the server
   */
  constructor(kept, keep, tell) {
    for (const [conversation, draft] of Object.entries(kept)) this.#here.set(conversation, draft);
    this.#keep = keep;
    this.#tell = tell;
  }

  /** @param {string} conversation */
  of(conversation) {
    return this.#here.get(conversation) ?? { text: "", replyTo: null, editing: null };
  }

  /** @param {string} conversation @param {{text?: string, replyTo?: number | null, editing?: number | null}} change */
  change(conversation, change) {
    const draft = { ...this.of(conversation), ...change };
    const told = this.of(conversation).text !== draft.text && draft.editing === null;
    if (draft.text || draft.replyTo !== null || draft.editing !== null) this.#here.set(conversation, draft);
    else this.#here.delete(conversation);
    this.#keep(Object.fromEntries(this.#here));
    if (!told) return;
    clearTimeout(this.#timers.get(conversation));
    const tell = () => {
      this.#timers.delete(conversation);
      this.#tell(conversation, this.of(conversation).text);
    };
    this.#timers.set(conversation, setTimeout(tell, AFTER));
  }

  /** The message was sent: delete its draft here and, without a delay, on the server. @param {string} conversation */
  clear(conversation) {
    const had = this.of(conversation);
    clearTimeout(this.#timers.get(conversation));
    this.#timers.delete(conversation);
    this.#here.delete(conversation);
    this.#keep(Object.fromEntries(this.#here));
    if (had.text && had.editing === null) this.#tell(conversation, "");
  }

  /**
   * Another device changed the draft. A local change that is not sent yet, or an edit of a message, wins. Returns
   * whether the change was applied.
   * @param {string} conversation @param {string} text
   */
  received(conversation, text) {
    const mine = this.of(conversation);
    if (this.#timers.has(conversation) || mine.editing !== null || mine.text === text) return false;
    if (text || mine.replyTo !== null) this.#here.set(conversation, { ...mine, text });
    else this.#here.delete(conversation);
    this.#keep(Object.fromEntries(this.#here));
    return true;
  }
}
