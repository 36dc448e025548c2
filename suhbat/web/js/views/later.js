// Views that the start does not need. Each runs at its first use. These views do not import this file. They import
// another view directly, or receive a function that opens it.

const LATER = {
  browse: () => import("./rooms.js"),
  day: () => import("./day-jump.js"),
  details: () => import("./details.js"),
  emoji: () => import("./emoji-picker.js"),
  forward: () => import("./forward.js"),
  gate: () => import("./gate.js"),
  inbox: () => import("./inbox.js"),
  invites: () => import("./invites.js"),
  keys: () => import("./keys.js"),
  lightbox: () => import("./lightbox.js"),
  members: () => import("./members.js"),
  moderation: () => import("./moderation.js"),
  person: () => import("./person.js"),
  reacted: () => import("./reacted.js"),
  roomSettings: () => import("./room-settings.js"),
  search: () => import("./search.js"),
  sheet: () => import("./message-sheet.js"),
  settings: () => import("./settings.js"),
  switcher: () => import("./switcher.js"),
  threads: () => import("./threads.js"),
  visit: () => import("./visit.js"),
};

/** The module of a view. @template {keyof typeof LATER} N @param {N} name */
export const later = (name) => /** @type {ReturnType<typeof LATER[N]>} */ (LATER[name]());
