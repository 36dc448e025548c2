// The state of a client and the effect of each frame: frames in, effects out (docs/reference/v1.md). It uses no socket,
// timer or clock.

import { WAIT_AND_REPEAT } from "./errors.js";
import { fold, foldOwn } from "./fold.js";
import { grown } from "./growing.js";
import { Logs } from "./logs.js";
import { WAIT_MS } from "./outbox.js";
import { People } from "./people.js";
import { Pulse } from "./pulse.js";
import { ME, fitting } from "./resume.js";
import { Tallies } from "./tally.js";

/** @import { ConversationState, Effect, Event, Frame, Invitation, Person, Presence, Saved } from "./types.js" */

/** It lives as long as the chat, over all connections. `now` is always in monotonic milliseconds. */
export class State {
  /** @type {Person | null} */
  me = null;
  /** @type {Map<string, ConversationState>} */
  conversations = new Map();
  /** @type {Map<string, Presence>} */
  presence = new Map();
  #logs = new Logs();
  /** The user's invitations to rooms, by conversation. @type {Map<string, Invitation>} */
  invitations = new Map();
  people = new People();
  epoch = "";
  heartbeat = 25;
  /** @type {import("./types.js").ServerLimits} */
  limits = {};
  /** Whether commands may be sent over this connection. */
  welcomed = false;
  pulse = new Pulse();
  tallies = new Tallies();
  #opening = true;
  /** Whether the next snapshot frame continues the last one. */
  #more = false;
  /** @type {Map<string, ConversationState>} */
  #fresh = new Map();
  #pings = 0;

  /** @param {Saved | null} saved  the result of `save`; invalid data is ignored */
  constructor(saved = null) {
    if (!saved?.epoch || !saved.me || !saved.cursors || !Array.isArray(saved.conversations)) return;
    this.me = saved.me;
    this.epoch = saved.epoch;
    this.#logs = new Logs(saved.cursors);
    this.conversations = byId(saved.conversations);
    this.tallies = new Tallies(saved.tallies);
    this.limits = saved.limits ?? {};
    this.invitations = new Map((saved.invitations ?? []).map((one) => [one.conversation, one]));
    for (const person of saved.people ?? []) this.people.add(person);
  }

  /** The last applied `seq` of each log. */
  get cursors() {
    return this.#logs.cursors;
  }

  /** @returns {Saved | null}  null before the first snapshot */
  save() {
    if (!this.me || this.cursors.size === 0) return null;
    return {
      epoch: this.epoch,
      uid: this.me.uid,
      me: this.me,
      cursors: Object.fromEntries(this.cursors),
      conversations: [...this.conversations.values()],
      people: this.people.save(),
      invitations: [...this.invitations.values()],
      tallies: this.tallies.save(),
      limits: this.limits,
    };
  }

  /** Whether all missed events have arrived. */
  get live() {
    return this.welcomed && !this.#opening;
  }

  /**
   * The first frame on a new connection.
   * @param {string | null} token @param {number} now @returns {Frame}
   */
  hello(token, now) {
    this.cut();
    this.pulse.hello(now);
    /** @type {Frame} */
    const hello = { type: "hello", id: "hello" };
    if (token !== null) hello.token = token;
    if (this.me && this.cursors.size > 0) {
      hello.resume = { epoch: this.epoch, uid: this.me.uid, cursors: fitting(this.cursors) };
    }
    return hello;
  }

  /** The connection is lost. */
  cut() {
    this.welcomed = false;
    this.#opening = true;
    this.#more = false;
    this.#logs.cut();
    this.#fresh.clear();
  }

  /** @param {Frame} frame @param {number} now @returns {Effect[]} */
  receive(frame, now) {
    switch (frame.type) {
      case "welcome":
        return this.#welcome(frame, now);
      case "snapshot":
        return this.#snapshot(frame);
      case "reset":
        return this.#reset(frame, now);
      case "caught_up":
        return this.#caughtUp();
      case "pong":
        return this.#pong(frame, now);
      case "presence":
        return this.#presence(frame);
      case "typing":
      case "receipt":
      case "reply":
        this.people.seen(frame);
        return [{ emit: [frame.type, frame] }];
      case "message.append":
        return this.#append(frame);
      case "file":
        return [{ emit: ["file", frame.file] }];
      case "users": {
        const changed = this.people.changed(frame.users);
        return changed.length ? [{ emit: ["people", changed] }] : [];
      }
      case "ok":
        this.people.seen(frame);
        return [];
      case "error":
        // A number is the id of a command of the outbox.
        if (WAIT_AND_REPEAT.has(frame.code) && typeof frame.id !== "number") {
          this.pulse.refused(frame.retry_after ? frame.retry_after * 1000 : WAIT_MS, now);
        }
        return [];
    }
    if (Number.isSafeInteger(frame.seq) && typeof frame.conversation === "string") {
      return this.#event(/** @type {Event} */ (frame), now);
    }
    // Without a `seq`, `conversation.removed` is the reply to a cursor; in the user's own log it is an event. Unknown
    // types are ignored.
    return frame.type === "conversation.removed" ? this.#drop(frame.removed) : [];
  }

  /** Periodic work. Call it a few times a second. @param {number} now @returns {Effect[]} */
  tick(now) {
    /** @type {Effect[]} */
    const effects = [];
    const cursors = this.#logs.due(now);
    if (cursors) effects.push({ say: { type: "sync", cursors } });
    const beat = this.pulse.tick(now);
    if (beat === "ping") effects.push({ say: { type: "ping", id: `ping${++this.#pings}` } });
    if (beat === "silence") effects.push({ dead: true });
    return effects;
  }

  // Opening of a connection

  /** @param {Frame} frame @param {number} now @returns {Effect[]} */
  #welcome(frame, now) {
    if (this.me && this.me.uid !== frame.user.uid) {
      // The state belongs to another account. Clear it now, before the snapshot arrives.
      this.conversations.clear();
      this.presence.clear();
      this.invitations.clear();
      this.people.clear();
    }
    this.me = frame.user;
    this.epoch = frame.epoch;
    this.heartbeat = frame.heartbeat;
    this.limits = frame.limits ?? {};
    this.welcomed = true;
    this.people.seen(frame);
    this.pulse.welcome(frame.heartbeat, now);
    // Clear the cursors now, not with the snapshot: if the connection breaks in between, the next `hello` must not send
    // cursors of an old epoch as cursors of this one.
    if (!frame.resumed) this.cursors.clear();
    return [];
  }

  /** @param {Frame} frame @returns {Effect[]} */
  #snapshot(frame) {
    // A large snapshot arrives in several frames.
    const continued = this.#more;
    this.#more = frame.more === true;
    if (!continued) {
      this.conversations = new Map();
      this.cursors.clear();
      this.invitations = new Map();
      this.tallies = new Tallies(frame.tallies); // only another tab sends these
    }
    for (const [id, state] of byId(frame.conversations)) this.conversations.set(id, state);
    for (const [log, cursor] of Object.entries(frame.cursors)) this.cursors.set(log, cursor);
    for (const invitation of frame.invitations ?? []) this.invitations.set(invitation.conversation, invitation);
    this.people.seen(frame);
    return this.#more ? [] : [{ emit: ["snapshot"] }];
  }

  /** @param {Frame} frame @param {number} now @returns {Effect[]} */
  #reset(frame, now) {
    this.people.seen(frame);
    this.#start(frame.state, now);
    this.#fresh.set(frame.conversation, frame.state);
    return [{ emit: ["reset", frame.conversation, frame.reason] }, { emit: ["changed", frame.conversation] }];
  }

  /** @returns {Effect[]} */
  #caughtUp() {
    this.#fresh.clear();
    if (!this.#opening) return [];
    this.#opening = false;
    return [{ live: true }];
  }

  // Frames after the opening

  /** @param {Frame} frame @returns {Effect[]} */
  #presence(frame) {
    if (frame.whole) {
      this.presence.clear(); // an account that is not in it is offline
      this.people.doubt();
    }
    this.people.seen(frame);
    for (const person of frame.users) this.presence.set(person.uid, person);
    return [{ emit: ["presence", frame.whole ? null : frame.users.map((/** @type {Presence} */ { uid }) => uid)] }];
  }

  /** A growing message has grown. @param {Frame} frame @returns {Effect[]} */
  #append(frame) {
    const state = this.conversations.get(frame.conversation);
    const last = state?.last_message;
    if (state && last?.streaming && last.seq === frame.seq) {
      const text = grown(last.text, frame.offset, frame.text);
      if (text !== null) this.conversations.set(frame.conversation, { ...state, last_message: { ...last, text } });
    }
    return [{ emit: ["append", frame] }];
  }

  /** @param {Frame} frame @param {number} now @returns {Effect[]} */
  #pong(frame, now) {
    this.pulse.pong(now);
    this.#logs.below(frame.heads, now);
    return [];
  }

  /** @param {Event} event @param {number} now @returns {Effect[]} */
  #event(event, now) {
    const log = event.conversation;
    const came = this.#logs.receive(log, event.seq, now);
    if (came === "ask") return [{ say: { type: "sync", cursors: { [log]: this.cursors.get(log) } } }];
    if (came !== "next") return [];
    this.people.seen(event);
    if (log === ME) return [{ emit: ["event", event, null] }, ...this.#own(event, now)];
    const state = this.conversations.get(log);
    if (!state || !this.me) return [{ emit: ["event", event, null] }];
    const folded = fold(state, event, this.me.uid, this.tallies.of(state));
    this.conversations.set(log, folded);
    return [{ emit: ["event", event, folded] }, { emit: ["changed", log] }];
  }

  /** An event of the user's own log. @param {Event} event @param {number} now @returns {Effect[]} */
  #own(event, now) {
    switch (event.type) {
      case "conversation.added": {
        const log = event.state.conversation;
        /** @type {Effect[]} */
        const accepted = this.invitations.delete(log) ? [{ emit: ["invitations"] }] : [];
        // The conversation has a cursor if a reset of this opening delivered it, with a state newer than this event.
        if (this.cursors.has(log)) return accepted;
        this.#start(this.#fresh.get(log) ?? event.state, now);
        return [...accepted, { emit: ["changed", log] }];
      }
      case "conversation.invited":
        this.invitations = byTime([...this.invitations.values(), event.invitation]);
        return [{ emit: ["invitations"] }];
      case "conversation.removed":
        if (this.invitations.delete(event.removed)) {
          return [{ emit: ["invitations"] }, ...this.#drop(event.removed)];
        }
        return this.#drop(event.removed);
      case "read":
      case "mentioned":
      case "thread":
      case "notify":
      case "draft": {
        const state = this.conversations.get(event.target);
        if (!state || !this.me) return [];
        this.conversations.set(event.target, foldOwn(state, event, this.me.uid, this.tallies.of(state)));
        return [{ emit: ["changed", event.target] }];
      }
      case "user.updated":
        this.me = event.user;
    }
    return [];
  }

  /** Start to follow this conversation. @param {ConversationState} state @param {number} now */
  #start(state, now) {
    const log = state.conversation;
    this.conversations.set(log, state);
    this.tallies.forget(log);
    this.#logs.follow(log, state.head, now);
  }

  /** @param {string} log @returns {Effect[]} */
  #drop(log) {
    const known = this.conversations.delete(log);
    this.tallies.forget(log);
    this.#logs.forget(log);
    return known ? [{ emit: ["removed", log] }] : [];
  }
}

/**
 * Sort in the server's order. Several invitations of one batch have the same time, so the conversation decides.
 * @param {Invitation[]} invitations
 */
function byTime(invitations) {
  const key = (/** @type {Invitation} */ one) => `${one.invited_at} ${one.conversation}`;
  return new Map(invitations.sort((a, b) => (key(a) < key(b) ? -1 : 1)).map((one) => [one.conversation, one]));
}

/** @param {ConversationState[]} states */
function byId(states) {
  return new Map(states.map((state) => [state.conversation, state]));
}
