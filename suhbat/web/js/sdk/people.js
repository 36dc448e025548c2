// The people seen in snapshots, messages, members and presence, with their names, and whose display names are still
// needed. Pure.
//
// Messages and events carry a `user_id` and a `uid`. Only snapshots, the notice `users` and GET /users carry display
// names, so these are asked for when somebody is shown: in batches, and once for each connection.

/** @import { Frame, Message, Person } from "./types.js" */

/** People in memory; the one that was used the longest ago is forgotten. */
const KEPT = 5_000;
/** People in the saved state, the last used. */
const SAVED = 1_000;
/** People and names of one request: the server's limit. */
const AT_ONCE = 50;
/**
 * The people and names, the last wanted, that are asked for again at once when a change may have been missed: no more
 * than one request, because all clients of a server may reconnect together. Others are, when they are shown again.
 */
const AGAIN = 50;

/** @typedef {{ uids: string[], names: string[] }} Batch */

/**
 * The people of a state that is saved, and those that only another tab has saved, as far as there is room. A name that
 * only the other tab has asked for is kept, too.
 * @param {Person[]} people @param {Person[]} others @returns {Person[]}
 */
export function withOthers(people, others) {
  const theirs = new Map(others.map((one) => [one.uid, one]));
  const ours = people.map((one) => {
    const same = theirs.get(one.uid);
    theirs.delete(one.uid);
    if (same?.user_id !== one.user_id) return one;
    const kind = one.kind ?? same.kind;
    if (one.display_name || !same.display_name) return { ...one, kind };
    return { ...one, kind, display_name: same.display_name, ...(same.picture ? { picture: same.picture } : {}) };
  });
  return [...theirs.values(), ...ours].slice(-SAVED);
}

/** The names of webhooks begin so, and no others. A webhook is nobody: it has no profile and cannot be mentioned. */
export const HOOK = "webhook:";

export class People {
  /** In order of use, the last used at the end. @type {Map<string, Person>} */
  known = new Map();
  /** Counts the changes of `known`. */
  version = 0;
  /** The uids of everybody who was seen under a name. @type {Map<string, Set<string>>} */
  #named = new Map();
  /** By uid, or by name after an @, the last wish at the end: whether it was asked for. @type {Map<string, boolean>} */
  #wishes = new Map();

  /**
   * Returns whether anything is new.
   * @param {{ uid: string, user_id: string, kind?: Person["kind"], display_name?: string | null,
   *   picture?: string | null }} person  with the display name always comes the picture, unless there is none
   */
  add({ uid, user_id, kind, display_name, picture }) {
    if (user_id.startsWith(HOOK)) return false;
    const before = this.known.get(uid);
    // Under another name it is an erased account. What was known of it is no longer true.
    const same = before?.user_id === user_id ? before : null;
    /** @type {Person} */
    const person = {
      uid,
      user_id,
      kind: kind ?? same?.kind ?? null,
      display_name: display_name ?? same?.display_name ?? null,
    };
    const pictured = display_name ? picture : same?.picture;
    if (pictured) person.picture = pictured;
    const fields = /** @type {const} */ (["kind", "display_name", "picture"]);
    if (same && fields.every((field) => same[field] === person[field])) return false;
    this.version += 1;
    if (before && !same) this.#unname(before);
    this.known.set(uid, person);
    this.#named.set(user_id, (this.#named.get(user_id) ?? new Set()).add(uid));
    if (this.known.size > KEPT) this.#forget(/** @type {Person} */ (this.known.values().next().value));
    return true;
  }

  /** Everybody who was seen under this name, which had several owners if it was a guest's. @param {string} user_id */
  holders(user_id) {
    return [...(this.#named.get(user_id) ?? [])].map((uid) => /** @type {Person} */ (this.known.get(uid)));
  }

  /** @param {Message | null | undefined} message */
  wrote(message) {
    if (message) this.add({ uid: message.sender_uid, user_id: message.sender });
  }

  /** Add all accounts that a frame of any kind contains. @param {Frame} frame */
  seen(frame) {
    if (frame.user_id && frame.uid) this.add(/** @type {any} */ (frame));
    if (frame.actor && frame.actor_uid) this.add({ uid: frame.actor_uid, user_id: frame.actor });
    if (frame.user?.uid) this.add(frame.user);
    for (const person of frame.users ?? []) this.add(person);
    // In a `mentioned` event this field is a number.
    if (frame.message?.sender_uid) this.wrote(frame.message);
    this.wrote(frame.last_message);
    this.wrote(frame.state?.last_message);
    for (const message of frame.messages ?? []) this.wrote(message);
    for (const { last_message } of frame.conversations ?? []) this.wrote(last_message);
  }

  /** Apply changed profiles, of the people who are known. Returns their uids. @param {Person[]} people */
  changed(people) {
    return people.filter((person) => this.known.has(person.uid) && this.add(person)).map(({ uid }) => uid);
  }

  /** The state belongs to another account now. */
  clear() {
    this.known.clear();
    this.#named.clear();
    this.#wishes.clear();
    this.version += 1;
  }

  /** @returns {Person[]} */
  save() {
    return [...this.known.values()].slice(-SAVED);
  }

  // Display names

  /** This person is shown. Returns whether the display name must be asked for. @param {string} uid */
  want(uid) {
    const person = this.known.get(uid);
    if (person) this.known.delete(uid) && this.known.set(uid, person); // the last used
    return this.#wish(uid);
  }

  /** The same for a name in a text, which has no uid. @param {string} user_id */
  wantName(user_id) {
    return this.#wish(`@${user_id}`);
  }

  /** Whether anybody is to be asked for. */
  get waiting() {
    return [...this.#wishes.values()].includes(false);
  }

  /** The next people to ask for, or null. @returns {Batch | null} */
  take() {
    const wanted = [...this.#wishes].filter(([, asked]) => !asked).map(([wish]) => wish);
    const some = wanted.slice(-AT_ONCE); // the last ones are in view now
    for (const wish of some) this.#wishes.set(wish, true);
    if (!some.length) return null;
    return {
      uids: some.filter((wish) => !wish.startsWith("@")),
      names: some.filter((wish) => wish.startsWith("@")).map((wish) => wish.slice(1)),
    };
  }

  /** There was no answer, so they are asked for again. @param {Batch} batch */
  failed({ uids, names }) {
    for (const wish of [...uids, ...names.map((name) => `@${name}`)]) this.#wishes.set(wish, false);
  }

  /** Apply an answer. Returns the uids of those who are new or changed. @param {Person[]} people */
  answered(people) {
    for (const { uid } of people) this.#wishes.set(uid, true);
    return people.filter((person) => this.add(person)).map(({ uid }) => uid);
  }

  /** Changes may have been missed: everything that is known may be outdated. */
  doubt() {
    const last = [...this.#wishes.keys()].slice(-AGAIN);
    this.#wishes = new Map(last.map((wish) => [wish, false]));
  }

  /** @param {string} wish */
  #wish(wish) {
    const asked = this.#wishes.get(wish);
    this.#wishes.delete(wish);
    this.#wishes.set(wish, asked ?? false);
    if (this.#wishes.size > KEPT) this.#wishes.delete(/** @type {string} */ (this.#wishes.keys().next().value));
    return asked === undefined;
  }

  /** @param {Person} person */
  #forget(person) {
    this.known.delete(person.uid);
    this.#wishes.delete(person.uid);
    this.#unname(person);
  }

  /** @param {Person} person */
  #unname({ uid, user_id }) {
    const uids = this.#named.get(user_id);
    uids?.delete(uid);
    if (!uids?.size) this.#named.delete(user_id);
  }
}
