// The types that the modules of the SDK share. This file contains no code.

/** @typedef {"guest" | "account" | "bot" | "hook"} UserKind */

/**
 * @typedef {{ uid: string, user_id: string, kind: UserKind | null, display_name?: string | null,
 *   picture?: string | null }} Person
 *   `kind` and `display_name` are null until they are known. `picture` is the version of the picture, if there is one.
 */

/**
 * @typedef {{ uid: string, user_id: string, state: "online" | "offline", last_seen?: string | null }}
 *   Presence
 */

/**
 * @typedef {{ emoji: string, count: number, mine?: boolean, users: string[], uids: string[] }} Reaction
 *   `users` and `uids` list the first accounts in the order of time; events have no `mine`.
 */

/**
 * @typedef {object} Message
 * @property {string} conversation
 * @property {number} seq
 * @property {number} ordinal  A reply in a thread has null instead.
 * @property {string} sender
 * @property {string} sender_uid
 * @property {string} text
 * @property {string | null} [client_id]
 * @property {number | null} [reply_to]
 * @property {string} sent_at
 * @property {string | null} [edited_at]
 * @property {boolean} deleted
 * @property {Reaction[]} reactions
 * @property {number | null} [reactions_at]  In events: the `seq` up to which reactions are counted.
 * @property {boolean} [mentions_all]  The message mentions everybody, and its sender has the permission.
 * @property {number} [thread]  The message is a reply in the thread of the message with this `seq`.
 * @property {number} [thread_ordinal]  Counts the replies of the thread.
 * @property {number} [from_thread]  Its sender wrote it in the thread of this `seq` and in the conversation at once.
 * @property {Replies} [replies]  The thread below this message.
 * @property {MessageFile[]} [files]  Beside them `text` may be empty.
 * @property {Button[][]} [actions]  Rows of buttons, in a message of a bot.
 * @property {{ name: string, icon?: string }} [hook]  A webhook sent the message; its name there, and an emoji.
 * @property {boolean} [streaming]  The message is still growing.
 * @property {boolean} [cut]  It stopped growing before its end.
 */

/**
 * A button below a message. One with an `id` can be pressed; one with a `url` is a link.
 * @typedef {{ label: string, id?: string, url?: string }} Button
 */

/**
 * A file of a message. `type` is what its content shows, `size` is in bytes, `width` and `height` are in pixels, as
 * displayed, `duration` in seconds. `thumbhash` is a blurred preview (https://evanw.github.io/thumbhash/); `waveform`
 * is that of a voice note, a byte for each bar; both are in base64. What a file does not have is null or left out.
 * `url` is a path below the address of the server: `chat.files.url(file)` makes an address of it.
 * @typedef {{ id: string, name: string, type: string, size: number, kind: FileKind,
 *   state: "uploading" | "processing" | "ready", url: string, width?: number | null, height?: number | null,
 *   duration?: number | null, thumbhash?: string | null, waveform?: string }} MessageFile
 */

/** @typedef {"image" | "video" | "audio" | "file"} FileKind */

/**
 * A command of a bot. `usage`: what may follow its name. A conversation's commands also name the bot that gets them;
 * one that is not `native` is an ordinary message, which the bot reads.
 * @typedef {{ name: string, description: string, usage: string }} BotCommand
 * @typedef {BotCommand & { bot: string, bot_uid: string, native: boolean }} OfferedCommand
 */

/**
 * What the server allows: characters of a text, bytes of a frame and of a file, files of a message. Without `file_size`
 * this user cannot upload files.
 * @typedef {{ text?: number, frame?: number, file_size?: number, files?: number }} ServerLimits
 */

/**
 * @typedef {{ count: number, last_seq: number, last_at: string, people: { uid: string, user_id: string }[] }} Replies
 *   A thread without deleted replies. `people` lists the last three who wrote, the latest first.
 */

/**
 * A thread that the user follows. `root` is the `seq` of its root.
 * @typedef {{ root: number, count: number, thread_ordinal: number, read_ordinal: number, unread: number,
 *   mentions: number }} Thread
 */

/**
 * Of which messages the user is notified. After `until` the level of the kind holds: `all` in directs, `mentions`
 * elsewhere.
 * @typedef {{ level: Level, until: string | null }} Notify
 */

/** @typedef {"all" | "mentions" | "none"} Level */

/**
 * Quiet hours, in which the user is not notified. On these `days` (1 for Monday to 7 for Sunday) they begin at `from`,
 * as in "22:00", and they end when the clock shows `to` next, in the time zone `zone`. Equal times: 24 hours.
 * @typedef {{ from: string, to: string, days: number[], zone: string }} Quiet
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
 * @property {"everyone" | "accounts" | "moderators" | "owners"} [files]  who may send files
 * @property {number} retention
 * @property {string} [picture]  The version of the picture of a room.
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
 * @property {Thread[]} [threads]  The threads that the user follows there, in the order of their roots.
 * @property {Notify} [notify]  Absent if the user is not a member, or from an older server.
 */

/**
 * An offered membership: `join` accepts it, `leave` declines it.
 * `bot`: the user's bot that is invited; accepting makes both members.
 * @typedef {{ conversation: string, title: string, inviter: string, inviter_uid: string, invited_at: string,
 *   bot?: Person }} Invitation
 */

/** @typedef {{ type: string, [field: string]: any }} Frame  One JSON object on the wire, in either direction. */

/**
 * The result of `send`: the message is durable and has a number.
 * @typedef {{ conversation: string, seq: number, ordinal: number | null,
 *   sent_at: string, duplicate: boolean, thread_ordinal?: number }} Sent
 */

/** @typedef {Frame & { conversation: string, seq: number }} Event  A durable event. */

/**
 * The result of `Chat.save`, which `restored` accepts, as JSON.
 * @typedef {object} Saved
 * @property {string} epoch
 * @property {string} uid
 * @property {Person} me
 * @property {Record<string, number>} cursors
 * @property {ConversationState[]} conversations
 * @property {Person[]} people
 * @property {Record<string, SavedTally>} tallies
 * @property {Invitation[]} [invitations]
 * @property {ServerLimits} [limits]
 */

/**
 * @typedef {object} SavedTally
 * @property {number} counted
 * @property {number} [head]
 * @property {number[]} above
 * @property {[seq: number, ordinal: number][]} [deleted]
 * @property {SavedNamed} [named]
 * @property {SavedThreads} [threads]
 */

/**
 * @typedef {{ began: number, counted: [root: number, seq: number][], recent: { root: number, seq: number, by: string,
 *   ordinal: number, left: number | null }[] }} SavedThreads
 */

/** @typedef {{ began: number, counted: number, above: [seq: number, ordinal: number, by: number][] }} SavedNamed */

/**
 * The effect of a frame or of a tick: `state` decides on it and `lifeline` executes it.
 * @typedef {{ emit: [name: string, ...args: any[]] } | { say: Frame } | { live: true } | { dead: true }}
 *   Effect
 */

/**
 * @typedef {object} Status
 * @property {"connecting" | "online" | "offline" | "closed"} state
 * @property {number} since  Milliseconds since 1970. A change between "connecting" and "offline" does not
 *   reset it.
 * @property {number | null} retryAt  The time of the next attempt, in milliseconds since 1970.
 * @property {number | null} code  The close code of the last connection.
 * @property {string} message
 */

/**
 * The callbacks of a link. After `onclose`, and after its `close`, a link calls none of them until it is opened again.
 * @typedef {object} Ear
 * @property {() => Frame} hello  Returns the first frame. It is called when the frame can be sent at once.
 * @property {() => void} onopen  The server was reached.
 * @property {(frame: any) => void} onframe  A frame; undefined for something that is not JSON.
 * @property {(code: number, reason: string) => void} onclose
 * @property {(hello: Frame) => { frames: Frame[], sync: Frame | null }} answer  Returns the frames
 *   for a tab that joins.
 * @property {() => void} hurry  Reconnect now, on request of a tab.
 */

/**
 * A carrier of frames.
 * @typedef {object} Link
 * @property {(ear: Ear) => void} open
 * @property {(frame: Frame) => boolean} send  Returns false if there is no connection.
 * @property {(code: number) => void} close  The code 1000 closes for good.
 * @property {() => void} [hurry]
 */

/**
 * @typedef {object} Clock
 * @property {() => number} steady  Milliseconds that never go back.
 * @property {() => number} wall  Milliseconds since 1970.
 * @property {(milliseconds: number, action: () => void) => () => void} after  Returns a function that cancels it.
 */

export {};
