// The places in the address: a conversation, a message in it, an invitation, the search, a section of the settings or
// of the moderation.

/**
 * @typedef {"settings" | "moderation"} Apart a place with sections, over the conversation
 * @typedef {object} Address at most one of `conversation`, `invite` and `apart` is not null
 * @property {string | null} conversation
 * @property {number | null} seq
 * @property {string | null} invite
 * @property {{name: Apart, section: string | null} | null} apart `section`: null for the list of the sections
 */

/** @type {Address} */
const NOWHERE = { conversation: null, seq: null, invite: null, apart: null };

/**
 * The place in the part of the address after the `#`. What cannot be read is no place.
 * @param {string} hash @returns {Address}
 */
export function placeOf(hash) {
  const [, apart, section = null] = /^#\/(settings|moderation)(?:\/([a-z]+))?$/.exec(hash) ?? [];
  if (apart) return { ...NOWHERE, apart: { name: /** @type {Apart} */ (apart), section } };
  const [, kind, name, seq] = /^#\/(c|invite)\/([^/]+)(?:\/(\d{1,15}))?$/.exec(hash) ?? [];
  const decoded = name && decode(name);
  if (!decoded) return NOWHERE;
  if (kind === "invite") return seq ? NOWHERE : { ...NOWHERE, invite: decoded };
  return { ...NOWHERE, conversation: decoded, seq: seq ? Number(seq) : null };
}

/** The address of the search. What is searched for is not in it. */
export const SEARCH = "#/search";

/** Whether an address can be read as no place at all. @param {string} hash */
export const isNowhere = (hash) => placeOf(hash) === NOWHERE && !["", "#/", SEARCH].includes(hash);

/** @param {string | null} conversation @param {number} [seq] */
export function addressOf(conversation, seq) {
  if (conversation === null) return "#/";
  return `#/c/${encodeURIComponent(conversation)}${seq ? `/${seq}` : ""}`;
}

/** @param {Apart} name @param {string | null} [section] */
export const apartAddress = (name, section = null) => `#/${name}${section ? `/${section}` : ""}`;

/** @param {string} code */
export const inviteAddress = (code) => `#/invite/${encodeURIComponent(code)}`;

/** @param {string} name */
function decode(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return null; // a % that begins no character
  }
}
