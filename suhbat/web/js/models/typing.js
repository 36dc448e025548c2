// Typing members of each conversation. An entry expires, or ends when the member's message arrives.

const SHOWN = 6000; // ms after the last notice
const REPEATED = 3000; // ms between two typing notices of this client

export class TypingPeople {
  /** @type {Map<string, Map<string, {user_id: string, until: number}>>} conversation → uid → name and expiry */
  #writing = new Map();
  #now;
  /** @type {Map<string, number>} */
  #told = new Map();

  /** @param {() => number} now the clock, in milliseconds */
  constructor(now = Date.now) {
    this.#now = now;
  }

  /** @param {{conversation: string, uid: string, user_id: string}} notice */
  seen(notice) {
    const here = this.#writing.get(notice.conversation) ?? new Map();
    here.set(notice.uid, { user_id: notice.user_id, until: this.#now() + SHOWN });
    this.#writing.set(notice.conversation, here);
  }

  /** @param {string} conversation @param {string} uid */
  done(conversation, uid) {
    this.#writing.get(conversation)?.delete(uid);
  }

  /** The typing members, and the delay until the next expiry (ms; null: none). @param {string} conversation */
  in(conversation) {
    const here = this.#writing.get(conversation);
    const now = this.#now();
    if (here) for (const [uid, who] of here) if (who.until <= now) here.delete(uid);
    const all = [...(here ?? [])];
    const people = all.map(([uid, { user_id }]) => ({ uid, user_id }));
    return { people, again: all.length ? Math.min(...all.map(([, who]) => who.until)) - now : null };
  }

  /** Whether a typing notice is due. If it is, it counts as sent. @param {string} conversation */
  tell(conversation) {
    const now = this.#now();
    if (now - (this.#told.get(conversation) ?? -Infinity) < REPEATED) return false;
    this.#told.set(conversation, now);
    return true;
  }

  /** The message was sent: the next typing notice may follow at once. @param {string} conversation */
  sent(conversation) {
    this.#told.delete(conversation);
  }
}
