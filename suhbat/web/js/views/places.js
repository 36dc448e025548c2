// The places in the address: a conversation, a message in it, a thread in it, an invitation, the search, the list of
// threads, a section of the settings or of the moderation; and the links in mails.

/**
 * @typedef {"settings" | "moderation"} Apart a place with sections, over the conversation
 * @typedef {object} Address at most one of `conversation`, `invite`, `reset`, `confirm` and `apart` is not null
 * @property {string | null} conversation
 * @property {number | null} thread the `seq` of its root
 * @property {number | null} seq of a message, or with `thread` of a reply in it
 * @property {string | null} invite
 * @property {string | null} reset the code for a new password
 * @property {string | null} confirm the code that confirms an e-mail address
 * @property {{name: Apart, section: string | null} | null} apart `section`: null for the list of the sections
 */

/**
 * Shows a conversation, a message in it, or a thread.
 * @callback Go
 * @param {string} conversation
 * @param {number | null} [seq] of a message, or with `thread` of a reply
 * @param {number | null} [thread] the `seq` of its root
 * @returns {void}
 */

/** @type {Address} */
const NOWHERE = { conversation: null, thread: null, seq: null, invite: null, reset: null, confirm: null, apart: null };

/**
 * The place in the part of the address after the `#`. What cannot be read is no place.
 * @param {string} hash @returns {Address}
 */
export function placeOf(hash) {
  const [, apart, section = null] = /^#\/(settings|moderation)(?:\/([a-z]+))?$/.exec(hash) ?? [];
  if (apart) return { ...NOWHERE, apart: { name: /** @type {Apart} */ (apart), section } };
  const [, use, code] = /^#\/(invite|reset|confirm)\/([^/]+)$/.exec(hash) ?? [];
  if (use) return code && decode(code) ? { ...NOWHERE, [use]: decode(code) } : NOWHERE;
  const [, name, thread, seq] = /^#\/c\/([^/]+)(?:\/t\/(\d{1,15}))?(?:\/(\d{1,15}))?$/.exec(hash) ?? [];
  const decoded = name && decode(name);
  if (!decoded) return NOWHERE;
  const number = (/** @type {string | undefined} */ digits) => (digits ? Number(digits) : null);
  return { ...NOWHERE, conversation: decoded, thread: number(thread), seq: number(seq) };
}

/** The address of the search. What is searched for is not in it. */
export const SEARCH = "#/search";

/** The address of the list of the threads that the user follows. */
export const THREADS = "#/threads";

/** The address of the inbox, and of the saved messages in it. */
export const INBOX = "#/inbox";
export const SAVED = "#/inbox/saved";

/** Whether an address can be read as no place at all. @param {string} hash */
export const isNowhere = (hash) =>
  placeOf(hash) === NOWHERE && !["", "#/", SEARCH, THREADS, INBOX, SAVED].includes(hash);

/**
 * @param {string | null} conversation @param {number | null} [seq] @param {number | null} [thread] see `Address`; `seq`
 *   may be that of the root
 */
export function addressOf(conversation, seq, thread) {
  if (conversation === null) return "#/";
  const parts = [conversation, ...(thread ? ["t", thread] : []), ...(seq && seq !== thread ? [seq] : [])];
  return `#/c/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
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
