// Fakes and short frames for the tests of the JavaScript SDK.

/** A clock that the test moves. */
export class FakeClock {
  #now = 0;
  #timers = [];

  steady = () => this.#now;
  wall = () => 1_000_000 + this.#now;
  after = (milliseconds, action) => {
    const timer = { at: this.#now + milliseconds, action };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  };

  /** Move the clock and run the timers that are due, in order. */
  pass(milliseconds) {
    const until = this.#now + milliseconds;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.at);
      next.action();
    }
    this.#now = until;
  }

  /** The machine sleeps: the clock moves first, then all due timers run. */
  sleep(milliseconds) {
    this.#now += milliseconds;
    this.pass(0);
  }

  get pending() {
    return this.#timers.length;
  }
}

/** A link whose other end is the test. */
export class FakeLink {
  said = [];
  opened = 0;
  closed = [];
  ear = null;
  open_ = false;

  open(ear) {
    this.opened++;
    this.ear = ear;
  }

  /** The server accepts the connection. Returns the `hello`. */
  accept() {
    this.ear.onopen();
    this.open_ = true;
    return this.ear.hello();
  }

  hear(...frames) {
    for (const frame of frames) this.ear.onframe(frame);
  }

  /** The server ends the connection. */
  end(code, reason = "") {
    this.open_ = false;
    this.ear.onclose(code, reason);
  }

  send(frame) {
    if (this.open_) this.said.push(frame);
    return this.open_;
  }

  close(code) {
    this.open_ = false;
    this.closed.push(code);
  }

  /** The frames sent since the last call. */
  heard() {
    return this.said.splice(0);
  }
}

export const ANNA = { uid: "ua", user_id: "anna", kind: "account" };
export const BOBUR = { uid: "ub", user_id: "bobur", kind: "guest" };
export const CAUGHT_UP = { type: "caught_up" };

export const conversation = (id, head = 0, more = {}) => ({
  conversation: id,
  kind: id === "lobby" ? "lobby" : "direct",
  title: id,
  topic: "",
  visibility: "private",
  history: "all",
  archived: false,
  slow_mode: 0,
  retention: 0,
  head,
  since: 0,
  last_ordinal: 0,
  read_ordinal: 0,
  unread: 0,
  mentions: 0,
  last_message: null,
  member_count: 2,
  role: "member",
  draft: "",
  ...more,
});

export const event = (type, seq, log = "lobby", more = {}) => ({
  type,
  conversation: log,
  seq,
  at: "2026-11-23T09:30:00.125Z",
  actor: BOBUR.user_id,
  actor_uid: BOBUR.uid,
  ...more,
});

export const message = (seq, log = "lobby", more = {}) =>
  event("message.created", seq, log, {
    message: {
      conversation: log,
      seq,
      ordinal: seq,
      sender: BOBUR.user_id,
      sender_uid: BOBUR.uid,
      text: `m${seq}`,
      client_id: null,
      reply_to: null,
      sent_at: "2026-11-23T09:30:00.125Z",
      edited_at: null,
      deleted: false,
      reactions: [],
      ...more,
    },
  });

export const added = (seq, id, head = 0) => event("conversation.added", seq, "@me", { state: conversation(id, head) });

export const removed = (seq, id) => event("conversation.removed", seq, "@me", { removed: id });

export const reset = (id, head) => ({
  type: "reset",
  conversation: id,
  state: conversation(id, head),
  reason: "too_far",
});

export const welcome = (more = {}) => ({
  type: "welcome",
  id: "hello",
  user: ANNA,
  connection: "n1",
  epoch: "e1",
  resumed: false,
  heartbeat: 25,
  ...more,
});

/** Heads by log. `@me` and the lobby are at 0 if not given. */
export const snapshot = (heads = {}) => {
  const cursors = { "@me": 0, lobby: 0, ...heads };
  const states = Object.entries(cursors).filter(([log]) => log !== "@me");
  return {
    type: "snapshot",
    conversations: states.map(([log, head]) => conversation(log, head)),
    users: [ANNA],
    cursors,
  };
};

/** The arguments that the effects emit under a name, without the name. */
export const emitted = (effects, name) =>
  effects.filter((effect) => effect.emit?.[0] === name).map((effect) => effect.emit.slice(1));
export const seqs = (effects) => emitted(effects, "event").map(([{ seq }]) => seq);
export const synced = (effects) => effects.filter(({ say }) => say?.type === "sync").map(({ say }) => say.cursors);
