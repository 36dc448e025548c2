// The client state applies every event exactly once and in order, whatever the connection does.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fitting } from "../../suhbat/web/js/sdk/resume.js";
import { State } from "../../suhbat/web/js/sdk/state.js";
import {
  ANNA, BOBUR, CAUGHT_UP, added, conversation, emitted, event, message, removed, reset, seqs, snapshot, synced, welcome,
} from "./parts.mjs"; // prettier-ignore

/** A state after its first opening, with all times 0. */
function opened(heads = {}, state = new State()) {
  state.hello("t", 0);
  for (const frame of [welcome(), snapshot(heads), CAUGHT_UP]) state.receive(frame, 0);
  return state;
}

test("the rule: cursor + 1 is applied, what is not above is dropped, what is higher is asked for, once", () => {
  const state = opened({ lobby: 5 });
  assert.deepEqual(seqs(state.receive(message(6), 0)), [6]);
  assert.deepEqual([...state.receive(message(6), 0), ...state.receive(message(2), 0)], []);
  assert.deepEqual(synced(state.receive(message(9), 0)), [{ lobby: 6 }]);
  assert.deepEqual(state.receive(message(10), 0), []);
  assert.deepEqual(
    [7, 8, 9, 10, 11].flatMap((seq) => seqs(state.receive(message(seq), 0))),
    [7, 8, 9, 10, 11],
  );
  assert.equal(state.cursors.get("lobby"), 11);
});

test("an event comes with the state that it led to, and is followed by the news that the state changed", () => {
  const state = opened();
  const effects = state.receive(message(1), 0);
  assert.deepEqual(
    effects.map(({ emit }) => emit[0]),
    ["event", "changed"],
  );
  assert.equal(effects[0].emit[2], state.conversations.get("lobby"));
  assert.equal(effects[0].emit[2].last_message.text, "m1");
});

test("the first hello has no past, the next resumes all that was applied", () => {
  const state = new State();
  assert.deepEqual(state.hello(null, 0), { type: "hello", id: "hello" });
  opened({ lobby: 5 }, state).receive(message(6), 0);
  assert.deepEqual(state.hello("t", 0), {
    type: "hello",
    id: "hello",
    token: "t",
    resume: { epoch: "e1", uid: "ua", cursors: { "@me": 0, lobby: 6 } },
  });
});

test("cursors of another epoch are never sent, even if the connection breaks before the snapshot", () => {
  const state = opened({ lobby: 5 });
  state.hello("t", 0);
  state.receive(welcome({ epoch: "e2" }), 0);
  assert.equal(state.hello("t", 0).resume, undefined);
  assert.equal(state.save(), null);
});

test("what was somebody else's is gone as soon as the server says who one is", () => {
  const state = opened({ d1: 3 });
  state.receive({ type: "presence", whole: true, users: [{ ...BOBUR, state: "online" }] }, 0);
  state.hello("t", 0);
  state.receive(welcome({ user: BOBUR }), 0);
  assert.deepEqual([state.conversations.size, state.presence.size, [...state.people.known.keys()]], [0, 0, ["ub"]]);
});

test("cursors fit into a frame, one's own log first", () => {
  const many = new Map(Array.from({ length: 3000 }, (_, n) => [`d${String(n).padStart(60, "0")}`, 2 ** 53 - 1]));
  const taken = fitting(many.set("@me", 7));
  assert.equal(Object.keys(taken)[0], "@me");
  assert.ok(Object.keys(taken).length > 500 && JSON.stringify(taken).length < 65_536 - 8_000);
});

test("what is missing everywhere is asked for in frames that fit, each in its turn", () => {
  const behind = Object.fromEntries(Array.from({ length: 6000 }, (_, n) => [`d${String(n).padStart(21, "0")}`, 1]));
  const state = opened(behind);
  const heads = Object.fromEntries(Object.keys(behind).map((log) => [log, 2]));
  state.receive({ type: "pong", id: "ping1", heads }, 0);
  const asked = new Set();
  for (let second = 2; second < 40; second += 2) {
    for (const cursors of synced(state.tick(second * 1_000))) {
      const { length } = JSON.stringify({ type: "sync", cursors });
      assert.ok(length <= 65_536 && Object.keys(cursors).length <= 5_000, `${length}`);
      for (const log of Object.keys(cursors)) asked.add(log);
    }
  }
  assert.equal(asked.size, 6000);
});

test("a new conversation begins at its head", () => {
  const state = opened();
  assert.deepEqual(emitted(state.receive(added(1, "d1", 3), 0), "changed"), [["d1"]]);
  assert.deepEqual(seqs(state.receive(message(4, "d1"), 0)), [4]);
});

test("events that overtake the news of their conversation are asked for", () => {
  const state = opened();
  assert.deepEqual(state.receive(message(1, "d1"), 0), []);
  state.receive(added(1, "d1"), 0);
  assert.deepEqual(synced(state.tick(2_000)), [{ d1: 0 }]);
  assert.deepEqual(seqs(state.receive(message(1, "d1"), 2_000)), [1]);
});

test("a removed conversation is forgotten, by the event and by the answer to a cursor, and told once", () => {
  for (const frame of [removed(1, "d1"), { type: "conversation.removed", conversation: "d1", removed: "d1" }]) {
    const state = opened({ d1: 3 });
    assert.deepEqual(emitted(state.receive(frame, 0), "removed"), [["d1"]]);
    assert.ok(!state.conversations.has("d1") && !state.cursors.has("d1"));
    assert.deepEqual(emitted(state.receive({ ...frame, seq: frame.seq && 2 }, 0), "removed"), []);
  }
});

test("a reset is newer than the replayed events that tell of the conversation", () => {
  for (const comesBack of [true, false]) {
    const state = opened({ d1: 3 });
    if (comesBack) {
      state.hello("t", 0);
      state.receive(welcome({ resumed: true }), 0);
    }
    for (const frame of [reset("d1", 12), removed(1, "d1"), added(2, "d1", 9), CAUGHT_UP]) state.receive(frame, 0);
    assert.equal(state.cursors.get("d1"), 12);
    assert.deepEqual(seqs(state.receive(message(13, "d1"), 0)), [13]);
  }
  const state = opened({ d1: 3 });
  for (const frame of [reset("d1", 12), CAUGHT_UP, removed(1, "d1"), added(2, "d1", 14)]) state.receive(frame, 0);
  assert.equal(state.cursors.get("d1"), 14, "what comes after caught_up is newer");
});

test("what came before a removal is asked for, if a late event adds the conversation again from below it", () => {
  const state = opened({ d1: 1 });
  for (const frame of [message(2, "d1"), removed(1, "d1"), added(2, "d1", 1)]) state.receive(frame, 0);
  assert.deepEqual(synced(state.tick(2_000)), [{ d1: 1 }]);
  assert.deepEqual(seqs(state.receive(message(2, "d1"), 2_000)), [2]);
});

test("a reset sets the cursor, also back, and ends the gap", () => {
  const state = opened({ lobby: 5 });
  state.receive(message(9), 0);
  assert.deepEqual(emitted(state.receive(reset("lobby", 9), 0), "reset"), [["lobby", "too_far"]]);
  assert.deepEqual(synced(state.tick(60_000)), []);
  state.receive(reset("lobby", 2), 0);
  assert.deepEqual(seqs(state.receive(message(3), 0)), [3]);
});

test("a conversation that stays below its head for 2 s is synced, not earlier; one that moves is not", () => {
  const state = opened({ lobby: 5, d1: 0 });
  state.receive({ type: "pong", id: "ping1", heads: { lobby: 7, d1: 1, unknown: 3 } }, 10_000);
  assert.deepEqual(synced(state.tick(11_900)), []);
  state.receive(message(1, "d1"), 11_000);
  assert.deepEqual(synced(state.tick(12_000)), [{ lobby: 5 }]);
  assert.deepEqual(synced(state.tick(13_000)), []);
  state.receive(message(6), 13_500);
  assert.deepEqual(synced(state.tick(15_000)), []);
  assert.deepEqual(synced(state.tick(15_500)), [{ lobby: 6 }]);
});

test("caught_up is live once in an opening; those of a later sync are nothing new", () => {
  const state = new State();
  state.hello("t", 0);
  state.receive(welcome(), 0);
  state.receive(snapshot(), 0);
  assert.deepEqual(state.receive(CAUGHT_UP, 0), [{ live: true }]);
  assert.deepEqual(state.receive(CAUGHT_UP, 0), []);
});

test("an event of a newer server keeps its place in the log; an unknown frame is ignored", () => {
  const state = opened();
  assert.deepEqual(seqs(state.receive(event("poll.opened", 1), 0)), [1]);
  assert.equal(state.conversations.get("lobby").head, 1);
  assert.deepEqual(state.receive({ type: "weather", sun: true }, 0), []);
});

test("people are whoever was seen, and what is told later is better known", () => {
  const state = opened();
  state.receive(message(1), 0);
  assert.deepEqual(state.people.known.get("ub"), { uid: "ub", user_id: "bobur", kind: null, display_name: null });
  state.receive(event("member.joined", 2, "lobby", { user: BOBUR, role: "member" }), 0);
  state.receive(message(3), 0);
  assert.deepEqual(state.people.known.get("ub"), { ...BOBUR, display_name: null });
  state.receive(
    event("user.updated", 1, "@me", { actor: "anora", actor_uid: "ua", user: { ...ANNA, user_id: "anora" } }),
    0,
  );
  assert.equal(state.me.user_id, "anora");
  assert.equal(state.people.known.get("ua").user_id, "anora");
});

test("presence that is whole forgets who is not in it", () => {
  const state = opened();
  const here = (...users) => users.map((user) => ({ ...user, state: "online" }));
  assert.deepEqual(emitted(state.receive({ type: "presence", users: here(ANNA, BOBUR) }, 0), "presence"), [
    [["ua", "ub"]],
  ]);
  assert.deepEqual(emitted(state.receive({ type: "presence", whole: true, users: here(ANNA) }, 0), "presence"), [
    [null],
  ]);
  assert.deepEqual([...state.presence.keys()], ["ua"]);
});

test("what was saved goes on as if it had never stopped, the counting of unread messages included", () => {
  const before = opened({ lobby: 0 });
  // The mark overtakes the messages it counted, so they must not be counted again, not even after a restart
  // between them.
  before.receive(event("read", 1, "@me", { target: "lobby", ordinal: 1, last_ordinal: 2, unread: 1, mentions: 0 }), 0);
  before.receive(message(1), 0);
  const state = new State(JSON.parse(JSON.stringify(before.save())));
  assert.deepEqual(state.hello("t", 0).resume, before.hello("t", 0).resume);
  state.receive(welcome({ resumed: true }), 0);
  for (const seq of [2, 3]) state.receive(message(seq), 0);
  assert.equal(state.conversations.get("lobby").unread, 2);
  assert.deepEqual(state.me, ANNA);
});

test("what was saved by something else is as good as nothing", () => {
  for (const saved of [{}, { epoch: "e1" }, { epoch: "e1", me: ANNA, cursors: {}, conversations: {} }]) {
    assert.equal(new State(saved).hello("t", 0).resume, undefined);
  }
  assert.deepEqual(
    new State({ epoch: "e", me: ANNA, cursors: { "@me": 1 }, conversations: [conversation("c")] }).save().people,
    [],
  );
});

test("reactions stand in the server's order, by code point", () => {
  const state = opened();
  state.receive(message(1), 0);
  const emoji = ["👍", "\u{ff5e}", "❤️"]; // U+1F44D, U+FF5E, U+2764: by UTF-16 the first would come before the second
  emoji.forEach((one, n) => state.receive(event("reaction.added", n + 2, "lobby", { target: 1, emoji: one }), 0));
  const shown = () => state.conversations.get("lobby").last_message.reactions;
  assert.deepEqual(
    shown().map((reaction) => reaction.emoji),
    ["❤️", "\u{ff5e}", "👍"],
  );
  assert.deepEqual(shown()[0], { emoji: "❤️", count: 1, mine: false, users: ["bobur"], uids: ["ub"] });
  state.receive(event("reaction.removed", 5, "lobby", { target: 1, emoji: "👍" }), 0);
  assert.equal(shown().length, 2);
});

test("of many people the first are known, how many there are, and whether one is among them", () => {
  const state = opened();
  const reaction = { emoji: "👍", count: 25, mine: true, users: [], uids: [] };
  for (let n = 0; n < 20; n++) reaction.users.push(`p${n}`) && reaction.uids.push(`u${n}`);
  const last = { ...message(1).message, reactions: [reaction] };
  state.receive(
    {
      type: "reset",
      conversation: "lobby",
      state: conversation("lobby", 9, { last_message: last }),
      reason: "too_far",
    },
    0,
  );
  const told = (type, seq, uid) =>
    state.receive({ ...event(type, seq, "lobby", { target: 1, emoji: "👍" }), actor: uid, actor_uid: uid }, 0);
  const shown = () => state.conversations.get("lobby").last_message.reactions[0];
  told("reaction.added", 10, "new");
  assert.deepEqual([shown().count, shown().uids.length], [26, 20]);
  told("reaction.removed", 11, "u3");
  told("reaction.added", 12, "u3");
  assert.deepEqual([shown().count, shown().uids.includes("u3"), shown().uids.length], [26, false, 19]);
  told("reaction.removed", 13, "hidden");
  told("reaction.removed", 14, state.me.uid);
  assert.deepEqual([shown().count, shown().mine], [24, false]);
});

test("a deletion is taken off what is unread once, whichever log tells of it first", () => {
  for (const order of ["deleted first", "mark first"]) {
    for (const [head, left] of [
      [4, 1],
      [5, 2],
    ]) {
      const state = opened();
      for (const seq of [1, 2, 3, 4]) state.receive(message(seq), 0);
      const gone = () =>
        state.receive(event("message.deleted", 5, "lobby", { target: 3, ordinal: 3, sender_uid: "ub" }), 0);
      // One message is read. Without the deletion three are unread; with it (head 5), two.
      const read = { target: "lobby", ordinal: 1, last_ordinal: 4, head, unread: head === 5 ? 2 : 2, mentions: 0 };
      const mark = () => state.receive(event("read", 1, "@me", read), 0);
      for (const step of order === "mark first" ? [mark, gone] : [gone, mark]) step();
      assert.equal(state.conversations.get("lobby").unread, left, `${order}, ${head}`);
    }
  }
});

test("a reset knows more than an old mark that comes after it", () => {
  const known = conversation("lobby", 9, { last_ordinal: 9, read_ordinal: 7, unread: 2, mentions: 1 });
  // A mark of an older server has no `head`.
  for (const [head, ordinal] of [
    [8, 5],
    [8, 8],
    [undefined, 5],
    [9, 7],
  ]) {
    const state = opened();
    state.receive({ type: "reset", conversation: "lobby", state: known, reason: "too_far" }, 0);
    const mark = { target: "lobby", ordinal, last_ordinal: 9, head, unread: 4, mentions: 1 };
    state.receive(event("read", 1, "@me", mark), 0);
    const { read_ordinal, unread, mentions } = state.conversations.get("lobby");
    assert.deepEqual([read_ordinal, unread, mentions], [7, 2, 1], `${head}, ${ordinal}`);
  }
});

test("messages that are marked as unread again are unread, whichever log tells first", () => {
  for (const order of ["message first", "mark first"]) {
    const state = opened();
    for (const seq of [1, 2, 3]) state.receive(message(seq), 0);
    const read = { target: "lobby", ordinal: 3, last_ordinal: 3, head: 3, unread: 0, mentions: 0 };
    state.receive(event("read", 1, "@me", read), 0);
    const back = { target: "lobby", ordinal: 1, last_ordinal: 4, head: 4, unread: 3, mentions: 2 };
    const steps = [() => state.receive(message(4), 0), () => state.receive(event("read", 2, "@me", back), 0)];
    for (const step of order === "mark first" ? steps.reverse() : steps) step();
    state.receive(message(5), 0);
    const { read_ordinal, unread, mentions } = state.conversations.get("lobby");
    assert.deepEqual([read_ordinal, unread, mentions], [1, 4, 2], order);
    const gone = { target: 2, ordinal: 2, sender_uid: "ub" };
    state.receive(event("message.deleted", 6, "lobby", gone), 0);
    assert.equal(state.conversations.get("lobby").unread, 3, order);
    const again = { target: "lobby", ordinal: 5, last_ordinal: 5, head: 6, unread: 0, mentions: 0 };
    state.receive(event("read", 3, "@me", again), 0);
    assert.equal(state.conversations.get("lobby").unread, 0, order);
  }
});

test("a saved message is told as an event", () => {
  const state = opened();
  const told = state.receive(event("saved", 1, "@me", { target: "lobby", message: 3, on: true }), 0);
  assert.deepEqual(emitted(told, "event")[0][0].message, 3);
});

test("invitations stand in the server's order: by time, and those of one batch by conversation", () => {
  const state = opened();
  const asked = (seq, conversation, second) =>
    event("conversation.invited", seq, "@me", {
      invitation: {
        conversation,
        title: "",
        inviter: "anna",
        inviter_uid: "u-anna",
        invited_at: `2026-11-23T09:30:0${second}.000Z`,
      },
    });
  state.receive(asked(1, "d9", 2), 0);
  state.receive(asked(2, "d8", 2), 0);
  state.receive(asked(3, "d7", 1), 0);
  assert.deepEqual([...state.invitations.keys()], ["d7", "d8", "d9"]);
});

/** A reply in the thread of message 1. */
function reply(seq, ordinal, uid = "ub") {
  const { message: made, ...rest } = message(seq);
  return { ...rest, message: { ...made, ordinal: null, thread: 1, thread_ordinal: ordinal, sender_uid: uid } };
}

test("a reply counts in its thread, not in the conversation; the root shows it", () => {
  const state = opened();
  for (const frame of [message(1), reply(2, 1), reply(3, 2)]) state.receive(frame, 0);
  const { last_ordinal, unread, last_message, threads } = state.conversations.get("lobby");
  assert.deepEqual([last_ordinal, unread, last_message.seq, threads], [1, 1, 1, undefined]);
  assert.deepEqual([last_message.replies.count, last_message.replies.last_seq], [2, 3]);
  const gone = { target: 3, sender_uid: "ub", thread: 1, thread_ordinal: 2 };
  state.receive(event("message.deleted", 4, "lobby", gone), 0);
  assert.equal(state.conversations.get("lobby").last_message.replies, undefined);
});

test("a thread event and the replies may come in any order, and after a save", () => {
  for (const order of ["replies first", "thread first", "saved between"]) {
    let state = opened();
    const thread = { root: 1, count: 2, thread_ordinal: 2, read_ordinal: 1, unread: 1, mentions: 0 };
    const told = event("thread", 1, "@me", { target: "lobby", head: 3, follow: true, thread });
    if (order === "thread first") state.receive(told, 0);
    for (const frame of [message(1), reply(2, 1), reply(3, 2), reply(4, 3)]) state.receive(frame, 0);
    if (order === "saved between") state = new State(JSON.parse(JSON.stringify(state.save())));
    if (order !== "thread first") state.receive(told, 0);
    const [found] = state.conversations.get("lobby").threads;
    assert.deepEqual([found.count, found.thread_ordinal, found.unread], [3, 3, 2], order);
    state.receive(reply(5, 4, "ua"), 0);
    assert.equal(state.conversations.get("lobby").threads[0].unread, 0);
    state.receive(event("thread", 2, "@me", { target: "lobby", head: 5, follow: false, thread }), 0);
    assert.equal(state.conversations.get("lobby").threads, undefined);
  }
});
