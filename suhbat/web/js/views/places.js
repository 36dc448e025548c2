// The places in the address: a conversation, a message in it, an invitation, the search.

/**
 * @typedef {{conversation: string, seq: number | null, invite: null}
 *   | {conversation: null, seq: null, invite: string}
 *   | {conversation: null, seq: null, invite: null}} Address
 */

/** @type {Address} */
const NOWHERE = { conversation: null, seq: null, invite: null };

/**
 * The place in the part of the address after the `#`. What cannot be read is no place.
 * @param {string} hash @returns {Address}
 */
export function placeOf(hash) {
  const [, kind, name, seq] = /^#\/(c|invite)\/([^/]+)(?:\/(\d{1,15}))?$/.exec(hash) ?? [];
  const decoded = name && decode(name);
  if (!decoded) return NOWHERE;
  if (kind === "invite") return seq ? NOWHERE : { conversation: null, seq: null, invite: decoded };
  return { conversation: decoded, seq: seq ? Number(seq) : null, invite: null };
}

/** The address of the search. What is searched for is not in it. */
export const SEARCH = "#/search";

/** @param {string | null} conversation @param {number} [seq] */
export function addressOf(conversation, seq) {
  if (conversation === null) return "#/";
  return `#/c/${encodeURIComponent(conversation)}${seq ? `/${seq}` : ""}`;
}

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
