// What nobody needs at first: loaded when it is asked for, or in a quiet moment before. What is loaded here asks for
// nothing here itself: it is given what it opens.

const LATER = {
  browse: () => import("./rooms.js"),
  details: () => import("./details.js"),
  emoji: () => import("./emoji-picker.js"),
  gate: () => import("./gate.js"),
  invites: () => import("./invites.js"),
  keys: () => import("./keys.js"),
  moderation: () => import("./moderation.js"),
  person: () => import("./person.js"),
  reacted: () => import("./reacted.js"),
  search: () => import("./search.js"),
  settings: () => import("./settings.js"),
  switcher: () => import("./switcher.js"),
};

/** The module of a view. @template {keyof typeof LATER} N @param {N} name */
export const later = (name) => /** @type {ReturnType<typeof LATER[N]>} */ (LATER[name]());

/** Load the rest, so that it is there without a wait, and without a network. */
export const loadAll = () => Promise.allSettled(Object.values(LATER).map((load) => load()));
