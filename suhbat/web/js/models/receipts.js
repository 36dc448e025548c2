// Read receipts: the read position of each member. The server sends them in small conversations only.

export class Receipts {
  /** @type {Map<string, Map<string, {user_id: string, ordinal: number}>>} conversation → uid → read position */
  #read = new Map();

  /**
   * @param {string} conversation
   * @param {{user: {uid: string, user_id: string}, read_ordinal?: number | null}[]} members
   */
  load(conversation, members) {
    for (const { user, read_ordinal } of members) {
      if (typeof read_ordinal === "number") {
        this.seen({ conversation, uid: user.uid, user_id: user.user_id, ordinal: read_ordinal });
      }
    }
  }

  /**
   * Apply a receipt. A read position never moves back.
   * @param {{conversation: string, uid: string, user_id: string, ordinal: number}} notice
   */
  seen({ conversation, uid, user_id, ordinal }) {
    const here = this.#read.get(conversation) ?? new Map();
    if ((here.get(uid)?.ordinal ?? -1) < ordinal) here.set(uid, { user_id, ordinal });
    this.#read.set(conversation, here);
  }

  /**
   * The members who have read up to this ordinal, without the author (`but`, a uid).
   * @param {string} conversation @param {number} ordinal @param {string} but
   */
  of(conversation, ordinal, but) {
    const here = this.#read.get(conversation) ?? new Map();
    return [...here]
      .filter(([uid, one]) => uid !== but && one.ordinal >= ordinal)
      .map(([uid, { user_id }]) => ({ uid, user_id }));
  }
}
