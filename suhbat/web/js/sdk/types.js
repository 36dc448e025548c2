// The shapes that the modules of the SDK share. Nothing here runs.

/** @typedef {"guest" | "account"} UserKind */

/**
 * @typedef {{ uid: string, user_id: string, kind: UserKind | null }} Person  `kind` is null where only the
 *   name was told.
 */

/**
 * @typedef {{ uid: string, user_id: string, state: "online" | "offline", last_seen?: string | null }}
 *   Presence
 */

/**
 * @typedef {{ emoji: string, count: number, mine?: boolean, users: string[], uids: string[] }} Reaction
 *   `users` and `uids` are the first people in the order of time; events have no `mine`.
 */

/**
 * @typedef {object} Message
 * @property {string} conversation
 * @property {number} seq
 * @property {number} ordinal
 * @property {string} sender
 * @property {string} sender_uid
 * @property {string} text
 * @property {string | null} [client_id]
 * @property {number | null} [reply_to]
 * @property {string} sent_at
 * @property {string | null} [edited_at]
 * @property {boolean} deleted
 * @property {Reaction[]} reactions
 * @property {number | null} [reactions_at]  Up to which `seq` they are counted already; in events.
 * @property {boolean} [mentions_all]  It names everybody there, and its sender may do that.
 */

/**
 * @typedef {object} ConversationState
 * @property {string} conversation
 * @property {"lobby" | "direct" | "room"} kind
 * @property {string} title
 * @property {string} topic
 * @property {"public" | "private"} visibility
 * @property {"joined" | "all"} history
 * @property {boolean} archived
 * @property {number} slow_mode
 * @property {number} retention
 * @property {number} head
 * @property {number} since
 * @property {number} last_ordinal
 * @property {number} read_ordinal
 * @property {number} unread
 * @property {number} mentions
 * @property {Message | null} last_message
 * @property {number} member_count
 * @property {"owner" | "moderator" | "member" | null} role
 * @property {string} draft
 */

/**
 * A membership that somebody offers: `join` accepts, `leave` declines.
 * @typedef {{ conversation: string, title: string, inviter: string, inviter_uid: string, invited_at: string }}
 *   Invitation
 */

/** @typedef {{ type: string, [field: string]: any }} Frame  One JSON object of the wire, either way. */

/**
 * What `send` comes to: the message is durable and numbered.
 * @typedef {{ conversation: string, seq: number, ordinal: number, sent_at: string, duplicate: boolean }} Sent
 */

/** @typedef {Frame & { conversation: string, seq: number }} Event  A durable one. */

/**
 * What `Chat.save` gives and `restored` takes; JSON.
 * @typedef {object} Saved
 * @property {string} epoch
 * @property {string} uid
 * @property {Person} me
 * @property {Record<string, number>} cursors
 * @property {ConversationState[]} conversations
 * @property {Person[]} people
 * @property {Record<string, SavedTally>} tallies
 * @property {Invitation[]} [invitations]
 */

/**
 * @typedef {object} SavedTally
 * @property {number} counted
 * @property {number} [head]
 * @property {number[]} above
 * @property {[seq: number, ordinal: number][]} [deleted]
 * @property {SavedNamed} [named]
 */

/** @typedef {{ began: number, counted: number, above: [seq: number, ordinal: number, by: number][] }} SavedNamed */

/**
 * What a frame, or the passing of time, leads to: `state` decides, `lifeline` carries out.
 * @typedef {{ emit: [name: string, ...args: any[]] } | { say: Frame } | { live: true } | { dead: true }}
 *   Effect
 */

/**
 * @typedef {object} Status
 * @property {"connecting" | "online" | "offline" | "closed"} state
 * @property {number} since  Milliseconds since 1970; "connecting" and "offline" are one time of not being
 *   online.
 * @property {number | null} retryAt  The same.
 * @property {number | null} code  How the last connection closed.
 * @property {string} message
 */

/**
 * What a link calls. After `onclose`, and after its `close`, it calls nothing any more until it is opened
 * again.
 * @typedef {object} Ear
 * @property {() => Frame} hello  The first thing to say; asked for when it can be said at once.
 * @property {() => void} onopen  The server was reached.
 * @property {(frame: any) => void} onframe  A frame; undefined for something that is not JSON.
 * @property {(code: number, reason: string) => void} onclose
 * @property {(hello: Frame) => { frames: Frame[], sync: Frame | null }} answer  What another tab that comes
 *   is told.
 * @property {() => void} hurry  Somebody wants the connection back now.
 */

/**
 * What carries frames.
 * @typedef {object} Link
 * @property {(ear: Ear) => void} open
 * @property {(frame: Frame) => boolean} send  False where there is no connection.
 * @property {(code: number) => void} close  1000: for good.
 * @property {() => void} [hurry]
 */

/**
 * @typedef {object} Clock
 * @property {() => number} steady  Milliseconds that never go back.
 * @property {() => number} wall  Milliseconds since 1970.
 * @property {(milliseconds: number, action: () => void) => () => void} after  Gives what calls it off.
 */

export {};
