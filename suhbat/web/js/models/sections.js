// The sections of the list of conversations: the unread ones, rooms, people. Each has the latest first. Pure.

export const SECTIONS = /** @type {const} */ (["unread", "rooms", "people"]);

/** @typedef {typeof SECTIONS[number]} Section */
/** @typedef {{name: Section, ids: string[]}[]} Layout  the conversations of each section that is not empty */

/**
 * The facts that decide on the place of a conversation.
 * @typedef {object} Listed
 * @property {string} conversation
 * @property {boolean} direct
 * @property {boolean} silent  its level is "none"
 * @property {number} unread
 * @property {number} mentions
 * @property {string} at  the time of the latest message; "" without one
 */

/**
 * How many messages of a conversation ask for attention. In a muted one only mentions do.
 * @param {Pick<Listed, "silent" | "unread" | "mentions">} one
 */
export const asking = ({ silent, unread, mentions }) => (silent ? mentions : unread);

/** @param {Pick<Listed, "silent" | "unread" | "mentions">} one */
export const isUnread = (one) => asking(one) > 0;

/**
 * The latest first. Without a message, and at the same time, the order is that of the ids.
 * @param {Listed[]} listed
 */
export function latestFirst(listed) {
  return [...listed].sort((one, other) =>
    one.at < other.at ? 1 : one.at > other.at ? -1 : one.conversation < other.conversation ? -1 : 1,
  );
}

/**
 * @param {Listed[]} listed
 * @param {object} [seen]
 * @param {{conversation: string, unread: boolean} | null} [seen.open]  the open conversation, and whether it was unread
 *   when it was opened: it stays in its section until the user leaves it
 * @param {boolean} [seen.unreadOnly]  only the unread ones, and the open one
 * @returns {Layout}
 */
export function sections(listed, { open = null, unreadOnly = false } = {}) {
  /** @type {Record<Section, string[]>} */
  const found = { unread: [], rooms: [], people: [] };
  for (const one of latestFirst(listed)) {
    const isOpen = one.conversation === open?.conversation;
    if (isOpen ? open.unread : isUnread(one)) found.unread.push(one.conversation);
    else if (isOpen || !unreadOnly) found[one.direct ? "people" : "rooms"].push(one.conversation);
  }
  return SECTIONS.map((name) => ({ name, ids: found[name] })).filter(({ ids }) => ids.length > 0);
}

/**
 * What a section shows. Of a folded one only the open conversation is left.
 * @param {string[]} ids @param {boolean} folded @param {string | null} open
 */
export const unfolded = (ids, folded, open) => (folded ? ids.filter((id) => id === open) : ids);

/**
 * A layout in which everything stays at its place while the pointer is there: new conversations come last in their
 * section, those that are gone are left out.
 * @param {Layout} before @param {Layout} wanted @returns {Layout}
 */
export function steady(before, wanted) {
  const now = new Set(wanted.flatMap(({ ids }) => ids));
  const known = new Set(before.flatMap(({ ids }) => ids));
  const idsOf = (/** @type {Layout} */ layout, /** @type {Section} */ name) =>
    layout.find((section) => section.name === name)?.ids ?? [];
  return SECTIONS.map((name) => ({
    name,
    ids: [...idsOf(before, name).filter((id) => now.has(id)), ...idsOf(wanted, name).filter((id) => !known.has(id))],
  })).filter(({ ids }) => ids.length > 0);
}

/**
 * The conversation above or below the open one in a layout, or null.
 * @param {string[]} ids @param {string | null} open @param {1 | -1} step @param {(id: string) => boolean} wanted
 */
export function neighbour(ids, open, step, wanted) {
  const at = ids.indexOf(open ?? "");
  const from = at < 0 && step < 0 ? ids.length : at;
  for (let away = 1; away <= ids.length; away += 1) {
    const id = ids[(from + step * away + ids.length * 2) % ids.length];
    if (id !== open && wanted(id)) return id;
  }
  return null;
}
