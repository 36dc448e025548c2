// The names shown for people and conversations.

import { HOOK } from "../sdk/people.js";
import { isolated, untwisted } from "../text/bidi.js";
import { t } from "../text/languages.js";
import { look } from "../text/looks.js";
import { fold } from "../text/mentions.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState, Message, Person, UserKind } from "../sdk/types.js" */
/** @import { Pictured } from "../sdk/pictures.js" */
/** @import { TextNames } from "../text/markdown.js" */

/**
 * A person as shown. `handle`: the @name, if somebody else's name looks the same; it is shown too then. `mark`: what
 * A person as shown. `handle`: the @name, if somebody else's name looks the same; it is shown too then. `mark`: what
 * in place of a picture, of a webhook.
 * @typedef {{name: string, handle: string | null, mark: NameMark, face: string | null,
 *   sign?: string}} ShownPerson
 * @typedef {"guest" | "bot" | "hook" | null} NameMark
 */

/** @param {UserKind | null | undefined} kind @returns {NameMark} */
export const markOf = (kind) => (kind === "account" ? null : (kind ?? null));

/**
 * The author of a message, as shown. A webhook is shown as it asks for in each message.
 * @param {App} app @param {Pick<Message, "sender" | "sender_uid" | "hook">} message @returns {ShownPerson}
 */
export function authorOf(app, { sender, sender_uid, hook }) {
  return hook ? shownHook(hook.name, hook.icon) : personOf(app, sender_uid, sender);
}

/** The same as one text. @param {App} app @param {Pick<Message, "sender" | "sender_uid" | "hook">} message */
export const writtenBy = (app, message) => labelOf(authorOf(app, message));

/** @param {string} name @param {string} [sign] @returns {ShownPerson} */
function shownHook(name, sign) {
  return { name: untwisted(name), handle: null, mark: "hook", face: null, ...(sign ? { sign } : {}) };
}

/**
 * How a person is shown who is named by a uid and a `user_id`. A display name that is not known yet is asked for.
 * @param {App} app @param {string} uid @param {string} user_id @returns {ShownPerson}
 */
export function personOf(app, uid, user_id) {
  if (user_id.startsWith(HOOK)) return shownHook(user_id.slice(HOOK.length));
  app.chat.want({ uid, user_id });
  const known = uid === app.me.uid ? app.me : app.chat.people.get(uid);
  if (known?.user_id !== user_id) return shown(app, { uid, user_id });
  return shown(app, known);
}

/** @param {App} app @param {Partial<Person> & {uid: string, user_id: string}} person @returns {ShownPerson} */
function shown(app, person) {
  const { user_id, display_name, kind } = person;
  const called = untwisted(display_name || user_id);
  const handle = isTwin(app, called) ? `@${user_id}` : null;
  return { name: called, handle, mark: markOf(kind), face: faceOf(app, person) };
}

/**
 * The address of the picture of a person or a room; null if there is none.
 * @param {App} app @param {Pictured} of @param {boolean} [large] for an avatar that is larger than those in lists
 */
export function faceOf(app, of, large = false) {
  return of.picture ? app.chat.pictures.url(of, large || globalThis.devicePixelRatio > 1.5 ? 256 : 64) : null;
}

/**
 * The same for a conversation: a room has its own, a direct shows that of the other person.
 * @param {App} app @param {ConversationState} state @param {boolean} [large]
 */
export function faceIn(app, state, large = false) {
  const of = state.kind === "direct" ? otherOf(app, state) : state;
  return of && faceOf(app, of, large);
}

/** The same as one text. @param {App} app @param {string} uid @param {string} user_id */
export const called = (app, uid, user_id) => labelOf(personOf(app, uid, user_id));

/** @param {ShownPerson} person */
export const labelOf = ({ name, handle }) => (handle === null ? name : `${name} ${handle}`);

/**
 * By look: the `user_id`s of those who look so.
 * @type {WeakMap<App, {version: string, names: Map<string, Set<string>>}>}
 */
const looks = new WeakMap();

/**
 * Whether several people look as if they had this name, as far as this client knows them.
 * @param {App} app @param {string} name
 */
function isTwin(app, name) {
  const { me, chat } = app;
  const version = `${chat.peopleVersion} ${me.user_id} ${me.display_name}`;
  let found = looks.get(app);
  if (found?.version !== version) {
    /** @type {Map<string, Set<string>>} */
    const names = new Map();
    for (const { display_name, user_id } of [me, ...chat.people.values()]) {
      const same = look(display_name || user_id);
      names.set(same, (names.get(same) ?? new Set()).add(user_id));
    }
    looks.set(app, (found = { version, names }));
  }
  return (found.names.get(look(name))?.size ?? 0) > 1;
}

/**
 * The people that a text names, by what follows the @: whether somebody has the name, and what is shown for it.
 * @param {App} app @returns {TextNames}
 */
export function namesIn(app) {
  return {
    exists: (folded) => folded === app.me.user_id || app.chat.holders(folded).length > 0,
    called: (folded) => {
      if (folded === app.me.user_id) return called(app, app.me.uid, folded);
      const holders = app.chat.holders(folded);
      const one = holders.length > 1 ? holders.find(({ kind }) => kind === "account" || kind === "bot") : holders[0];
      if (!holders.length) app.chat.want({ user_id: folded });
      return one ? called(app, one.uid, folded) : null;
    },
  };
}

/** @param {App} app @param {ConversationState} state */
export function titleOf(app, state) {
  if (state.kind === "lobby") return t("lobby");
  if (state.kind !== "direct") return untwisted(state.title) || t("untitled");
  const other = otherOf(app, state);
  if (other) return called(app, other.uid, other.user_id);
  const names = namesIn(app);
  const all = namesOfTitle(state).map((name) => isolated(names.called(name) ?? name));
  return all.join(", ") || t("untitled");
}

/** What tells the people of a direct apart: their @names. Empty for a room. @param {ConversationState} state */
export const handlesOf = (state) =>
  state.kind !== "direct"
    ? ""
    : namesOfTitle(state)
        .map((name) => `@${name}`)
        .join(", ");

/** The title of a direct has the names of the others. @param {ConversationState} state */
const namesOfTitle = ({ title }) => title.split(", ").filter(Boolean);

/**
 * The other person in a direct, if known: the person with that name. If several people had the name, it is the sender
 * of the last message there. If the user sent that message, the result is null.
 * @param {App} app @param {ConversationState} state @returns {Person | null}
 */
export function otherOf(app, state) {
  if (state.kind !== "direct" || state.member_count > 2) return null;
  const named = app.chat.holders(state.title);
  if (named.length <= 1) return named[0] ?? null;
  return named.find((person) => person.uid === state.last_message?.sender_uid) ?? null;
}

/**
 * The uid of the person that a name in a text means, if only one person was seen under it; undefined if none was. A
 * text carries no uid. If a name has had several owners, no card is shown, because it could be the wrong one.
 * @param {Iterable<{uid: string, user_id: string}>} people @param {string} name
 */
export function uidOf(people, name) {
  const wanted = fold(name);
  const uids = new Set([...people].filter((one) => one.user_id === wanted).map((one) => one.uid));
  return uids.size > 1 ? NOBODY : [...uids][0];
}

const NOBODY = "nobody"; // not a valid uid

/** @param {App} app @param {string | undefined} uid */
export const isHere = (app, uid) => Boolean(uid) && app.chat.presence.get(uid ?? "")?.state === "online";

/**
 * Sort by last message, the newest first. The lobby has no special place.
 * @param {ConversationState[]} states
 */
export function sorted(states) {
  const at = (/** @type {ConversationState} */ state) => state.last_message?.sent_at ?? "";
  return [...states].sort((one, other) =>
    at(one) < at(other) ? 1 : at(one) > at(other) ? -1 : one.conversation < other.conversation ? -1 : 1,
  );
}
