// Resuming: the cursors that a client sends, and the frames that the leading tab sends to a tab that joins. Pure.

/** @import { Frame } from "./types.js" */
/** @import { State } from "./state.js" */

/** A user's own log. */
export const ME = "@me";
/** Bytes for cursors in a frame of 64 KiB. A log whose cursor does not fit into `hello` is `reset`. */
export const CURSOR_BYTES = 65_536 - 8_192;
/** The bytes that a cursor takes in JSON besides the name of its log, with the largest number. */
const AROUND = 20;

/**
 * As many cursors as fit into a frame, the user's own log first.
 * @param {Map<string, number>} cursors @returns {Record<string, number>}
 */
export function fitting(cursors) {
  /** @type {[string, number][]} */
  const taken = [];
  let room = CURSOR_BYTES;
  for (const entry of [...cursors].sort(([a], [b]) => Number(b === ME) - Number(a === ME))) {
    room -= new TextEncoder().encode(JSON.stringify(entry[0])).length + AROUND;
    if (room < 0) break;
    taken.push(entry);
  }
  return Object.fromEntries(taken);
}

/**
 * The frames for a tab that joins this one, as the server would send them. If it knows the same conversations, it
 * resumes from its cursors. If it missed events, the leader sends `sync` for it; the answer goes to all tabs and ends
 * with `caught_up`.
 * @param {State} state  that of an open connection @param {Frame} hello
 * @returns {{ frames: Frame[], sync: Frame | null }}
 */
export function answer(state, hello) {
  const resumed = resumable(state, hello.resume);
  /** @type {Frame[]} */
  const frames = [
    {
      type: "welcome",
      user: state.me,
      epoch: state.epoch,
      connection: "",
      resumed,
      heartbeat: state.heartbeat,
      limits: state.limits,
    },
  ];
  if (!resumed) {
    frames.push({
      type: "snapshot",
      conversations: [...state.conversations.values()],
      users: [...state.people.known.values()],
      cursors: Object.fromEntries(state.cursors),
      invitations: [...state.invitations.values()],
      tallies: state.tallies.save(),
    });
  }
  frames.push({ type: "presence", users: [...state.presence.values()], whole: true });
  const behind = resumed ? [...state.cursors].filter(([log, cursor]) => hello.resume.cursors[log] < cursor) : [];
  if (behind.length > 0) {
    const cursors = fitting(new Map(behind.map(([log]) => [log, hello.resume.cursors[log]])));
    return { frames, sync: { type: "sync", cursors } };
  }
  frames.push({ type: "caught_up" });
  return { frames, sync: null };
}

/** @param {State} state @param {any} resume */
function resumable(state, resume) {
  if (!resume || resume.epoch !== state.epoch || resume.uid !== state.me?.uid) return false;
  const cursors = Object.entries(resume.cursors);
  return cursors.length === state.cursors.size && cursors.every(([log, at]) => at <= (state.cursors.get(log) ?? -1));
}
