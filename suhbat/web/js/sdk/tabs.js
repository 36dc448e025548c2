// A link that all tabs of one account share over one socket. One tab leads: it owns the connection and passes every
// frame to the others.
//
// A web lock elects the leader; when its tab closes, the lock passes to the next. A new tab sends `join`. The leader
// sends `come` as soon as it is online, gets `hello`, and sends the frames of an opening from its own state. The others
// send their commands through the leader. The `id` of a command contains the tab that waits for the reply.

/** @import { Clock, Ear, Frame, Link } from "./types.js" */

import { systemClock } from "./clock.js";
import { CLOSE } from "./errors.js";
import { newId } from "./ids.js";

/**
 * A leader that is silent for this long, in ms, counts as suspended by the browser. Another tab takes its place.
 */
export const PATIENCE_MS = 5_000;
/**
 * The delay, in ms, between the last message of a leader that closes and the release of its lock. Without it the lock
 * could reach the next tab before the message does.
 */
const HANDOVER_MS = 100;

/** @typedef {Pick<BroadcastChannel, "postMessage" | "onmessage" | "close">} TabChannel */
/** @typedef {"idle" | "waiting" | "greeted" | "joined"} Phase  The phase of a tab that does not lead. */

export class TabsLink {
  #name;
  #link;
  #locks;
  #makeChannel;
  #tab;
  #clock;
  /** @type {Ear | null} */
  #ear = null;
  /** @type {TabChannel | null} */
  #channel = null;
  /** @type {AbortController | null} */
  #queued = null;
  /** @type {(() => void) | null} */
  #release = null;
  /** @type {Phase} */
  #phase = "idle";
  /** In the leader: whether its connection has caught up, so that it can answer for the server. */
  #online = false;
  #heard = false;
  #callOff = () => {};

  /**
   * @param {object} options
   * @param {string} options.name  unique for each server and account
   * @param {Link} options.link  the connection to the server, used while this tab leads
   * @param {Pick<LockManager, "request"> | null} [options.locks]  null (a page over plain HTTP from
   *   another machine has no locks): each tab has its own connection
   * @param {(name: string) => TabChannel} [options.channel]
   * @param {string} [options.tab]  a unique id of the tab @param {Clock} [options.clock]
   */
  constructor({
    name,
    link,
    locks = navigator.locks ?? null,
    channel = (name) => new BroadcastChannel(name),
    tab = newId(),
    clock = systemClock,
  }) {
    this.#name = name;
    this.#link = link;
    this.#locks = locks;
    this.#makeChannel = channel;
    this.#tab = tab;
    this.#clock = clock;
  }

  /** @param {Ear} ear */
  open(ear) {
    if (!this.#locks) return this.#link.open(ear);
    this.#ear = ear;
    if (!this.#channel) {
      this.#channel = this.#makeChannel(this.#name);
      this.#channel.onmessage = ({ data }) => (this.#release ? this.#lead(data) : this.#follow(data));
      this.#stand({});
    }
    if (this.#release) this.#connect();
    else this.#join();
  }

  /** @param {Frame} frame */
  send(frame) {
    if (!this.#locks) return this.#link.send(frame);
    if (frame.id !== undefined) frame = { ...frame, id: `${this.#tab}:${JSON.stringify(frame.id)}` };
    if (this.#release) return this.#link.send(frame);
    if (this.#phase !== "joined") return false;
    this.#tell({ kind: "say", frame });
    return true;
  }

  /** @param {number} code */
  close(code) {
    if (!this.#locks) return this.#link.close(code);
    this.#ear = null;
    this.#rest();
    if (this.#release) this.#disconnect(code, CLOSE.RESTART, "the tab that leads begins anew");
    if (code !== CLOSE.NORMAL) return;
    this.#queued?.abort();
    if (this.#release) this.#clock.after(HANDOVER_MS, this.#release);
    this.#release = null;
    this.#channel?.close();
    this.#channel = null;
  }

  /** Ask the leader to reconnect, because it may be waiting. */
  hurry() {
    if (!this.#release) this.#tell({ kind: "hurry" });
  }

  // Election

  /** Wait for the lock, or steal it from its holder. @param {LockOptions} options */
  #stand(options) {
    this.#queued?.abort();
    const queued = (this.#queued = new AbortController());
    /** @type {(() => void) | null} */
    let mine = null;
    const held = () =>
      new Promise((/** @type {(value?: any) => void} */ resolve) => {
        if (queued.signal.aborted) return resolve();
        mine = () => resolve();
        this.#elected(mine);
      });
    // A request for a lock either steals it or waits for it. A steal does not wait, so it takes no abort signal.
    const lock = this.#locks?.request(this.#name, options.steal ? options : { signal: queued.signal }, held);
    Promise.resolve(lock).catch(() => {
      if (mine && this.#release === mine) this.#deposed();
    });
  }

  /** @param {() => void} release */
  #elected(release) {
    const was = this.#phase;
    this.#rest();
    this.#release = release;
    this.#tell({ kind: "leader" });
    if (was === "waiting") this.#connect();
    // Commands sent through the old leader may be lost, so reconnect over this tab's own connection.
    else if (was !== "idle") this.#ear?.onclose(CLOSE.RESTART, "this tab leads now");
  }

  #deposed() {
    this.#release = null;
    this.#online = false;
    this.#link.close(CLOSE.DEAD);
    this.#stand({});
    this.#ear?.onclose(CLOSE.RESTART, "another tab leads now");
  }

  // As the leader

  #connect() {
    const ear = this.#ear;
    if (!ear) return;
    this.#online = false;
    this.#link.open({
      ...ear,
      onframe: (frame) => {
        this.#tell({ kind: "frame", frame });
        this.#take(ear, frame);
        if (frame?.type !== "caught_up" || this.#online || this.#ear !== ear) return;
        this.#online = true;
        this.#tell({ kind: "come", to: null });
      },
      onclose: (code, reason) => {
        this.#online = false;
        this.#tell({ kind: "closed", code, reason });
        ear.onclose(code, reason);
      },
    });
  }

  /** @param {number} code @param {number} told @param {string} reason */
  #disconnect(code, told, reason) {
    this.#online = false;
    this.#link.close(code);
    this.#tell({ kind: "closed", code: told, reason });
  }

  /** A message from another tab. @param {any} message */
  #lead({ kind, from, frame }) {
    if (kind === "join") this.#tell({ kind: this.#online ? "come" : "wait", to: from });
    else if (kind === "say") this.#link.send(frame);
    else if (kind === "hurry") this.#ear?.hurry();
    else if (kind === "hello" && this.#online && this.#ear) {
      const { frames, sync } = this.#ear.answer(frame);
      this.#tell({ kind: "opening", to: from, frames });
      if (sync) this.#link.send(sync);
    }
  }

  // As a follower

  #join() {
    this.#rest();
    this.#phase = "waiting";
    this.#heard = false;
    this.#ask();
  }

  #ask() {
    this.#tell({ kind: "join" });
    this.#callOff = this.#clock.after(PATIENCE_MS, () => {
      if (!this.#heard) return this.#stand({ steal: true });
      this.#heard = false;
      this.#ask();
    });
  }

  /** A message from the leader or from another follower. @param {any} message */
  #follow({ kind, to, frame, frames, code, reason }) {
    const ear = this.#ear;
    if (!ear || this.#phase === "idle" || (to && to !== this.#tab)) return;
    const waiting = this.#phase === "waiting";
    if (kind === "wait") this.#heard = true;
    else if (kind === "come" && waiting) {
      this.#rest();
      this.#phase = "greeted";
      ear.onopen();
      const { token, ...hello } = ear.hello(); // the leader uses its own token
      this.#tell({ kind: "hello", frame: hello });
    } else if (kind === "opening" && this.#phase === "greeted") {
      this.#phase = "joined";
      for (const one of frames) if (this.#ear === ear) ear.onframe(one);
    } else if (kind === "frame" && this.#phase === "joined") this.#take(ear, frame);
    else if (kind === "leader" && waiting) {
      this.#heard = true;
      this.#tell({ kind: "join" });
    } else if (kind === "closed" || kind === "leader") {
      this.#rest();
      // Without `onopen` this tab would ask the server why the connection never opened. That is the leader's task.
      ear.onopen();
      if (kind === "leader") ear.onclose(CLOSE.RESTART, "another tab leads now");
      else ear.onclose(code, reason);
    }
  }

  #rest() {
    this.#callOff();
    this.#phase = "idle";
  }

  // In both roles

  /**
   * A frame of the server. A reply goes to the tab that asked; a `pong` goes to all tabs, because it has the heads.
   * @param {Ear} ear @param {any} frame
   */
  #take(ear, frame) {
    const mine = `${this.#tab}:`;
    if (typeof frame?.id !== "string" || !frame.id.includes(":")) return ear.onframe(frame);
    if (frame.id.startsWith(mine)) return ear.onframe({ ...frame, id: JSON.parse(frame.id.slice(mine.length)) });
    if (frame.type === "pong") return ear.onframe({ ...frame, id: undefined });
  }

  /** @param {object} message */
  #tell(message) {
    this.#channel?.postMessage({ ...message, from: this.#tab });
  }
}
