// The outbox sends commands in order, repeats them until answered, and limits those in flight. Also: reconnect delays.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff } from "../../suhbat/web/js/sdk/backoff.js";
import { mayReconnect } from "../../suhbat/web/js/sdk/errors.js";
import { LIMIT, Outbox, WINDOW } from "../../suhbat/web/js/sdk/outbox.js";
import { Pulse } from "../../suhbat/web/js/sdk/pulse.js";

function filled(count, type = "send") {
  const outbox = new Outbox();
  const outcomes = [];
  for (let id = 1; id <= count; id++) {
    outbox.add({ type, id }, (ok) => outcomes.push(ok), (error) => outcomes.push(error.name)); // prettier-ignore
  }
  return { outbox, outcomes };
}

const sent = (outbox, now = 0) => {
  const ids = [];
  for (let command; (command = outbox.next(now));) ids.push(command.id);
  return ids;
};
const haste = (id, retry_after) => ({
  type: "error",
  id,
  code: "rate_limited",
  message: "slow down",
  retry_after,
});

test("commands go in order, and again in that order after a cut, until each is answered once", () => {
  const { outbox, outcomes } = filled(3);
  assert.deepEqual(sent(outbox), [1, 2, 3]);
  outbox.answered({ type: "ok", id: 2, seq: 5 });
  outbox.cut();
  assert.deepEqual(sent(outbox), [1, 3]);
  for (const id of [1, 2, 3]) outbox.answered({ type: "ok", id, seq: 6 });
  assert.deepEqual(outcomes, [{ seq: 5 }, { seq: 6 }, { seq: 6 }]);
  assert.equal(outbox.size, 0);
});

test("so many may be on their way at once", () => {
  const { outbox } = filled(WINDOW + 5);
  assert.equal(sent(outbox).length, WINDOW);
  outbox.answered({ type: "ok", id: 1 });
  assert.deepEqual(sent(outbox), [WINDOW + 1]);
});

test("a refusal for haste waits, closes the window and repeats; one without an id repeats all", () => {
  const { outbox, outcomes } = filled(4);
  sent(outbox);
  outbox.answered({ type: "ok", id: 4 });
  outbox.refused(haste(2, 1.5), 1_000);
  assert.deepEqual([sent(outbox, 2_499), sent(outbox, 2_500)], [[], []]); // 1 and 3 are still in flight
  outbox.refused(haste(undefined), 2_500);
  assert.deepEqual([sent(outbox, 3_499), sent(outbox, 3_500)], [[], [1]]);
  assert.deepEqual(outcomes, [{}]);
});

/** Four messages: 1, 2 and 4 to `r1`, 3 to `r2`; all are sent. */
function rooms() {
  const outbox = new Outbox();
  const outcomes = {};
  const add = (id, conversation) =>
    outbox.add(
      { type: "send", id, conversation, client_id: `k${id}` },
      () => (outcomes[id] = "ok"),
      (error) => (outcomes[id] = error.code),
    );
  ["r1", "r1", "r2", "r1"].forEach((conversation, index) => add(index + 1, conversation));
  const told = sent(outbox);
  const slow = (id, retry_after, now, scope = "conversation") =>
    outbox.refused({ type: "error", id, code: "rate_limited", message: "", retry_after, scope }, now);
  const ok = (...ids) => ids.forEach((id) => outbox.answered({ type: "ok", id }));
  return { outbox, outcomes, add, told, slow, ok };
}

test("slow mode holds back its own conversation only, in order, one at a time, however long", () => {
  const { outbox, add, slow, ok, told } = rooms();
  for (const [index, id] of [1, 2, 4].entries()) slow(id, 3_600 - index, 0);
  add(5, "r2");
  outbox.add({ type: "react", id: 6, conversation: "r1" }, () => {}, () => {}); // prettier-ignore
  assert.deepEqual(
    [told, sent(outbox, 1)],
    [
      [1, 2, 3, 4],
      [5, 6],
    ],
  );
  assert.deepEqual([outbox.held("r1", 600_000), outbox.held("r2", 600_000)], [3_000_000, 0]);
  assert.deepEqual([sent(outbox, 3_599_999), sent(outbox, 3_600_000), sent(outbox, 3_600_000)], [[], [1], []]);
  ok(1);
  assert.deepEqual(sent(outbox, 3_600_000), [2]);
  slow(2, 10, 3_600_000);
  assert.deepEqual([sent(outbox, 3_609_999), sent(outbox, 3_610_000)], [[], [2]]);
  ok(2, 4);
  add(7, "r1");
  add(8, "r1");
  assert.deepEqual(sent(outbox, 3_610_000), [7, 8]);
});

test("a held conversation is tried again when its settings changed, and over a new connection", () => {
  const { outbox, slow, ok } = rooms();
  ok(3, 4);
  for (const id of [1, 2]) slow(id, 3_600, 0);
  outbox.release("r2");
  assert.deepEqual(sent(outbox, 1), []);
  outbox.release("r1");
  assert.deepEqual(sent(outbox, 1), [1]);
  slow(1, 3_600, 1);
  outbox.cut();
  assert.deepEqual([outbox.held("r1", 2), sent(outbox, 2)], [0, [1]]);
});

test("a limit of one command holds back what stands behind it; a daily limit is a refusal", () => {
  const { outbox, outcomes, slow, add, ok } = rooms();
  slow(1, 25, 0, "command");
  slow(3, 80_000, 0, "command");
  add(5, "r1");
  assert.deepEqual(outcomes, { 3: "rate_limited" });
  assert.deepEqual([sent(outbox, 1), sent(outbox, 25_000)], [[], [1]]);
  ok(1, 2, 4);
  assert.deepEqual(sent(outbox, 25_000), [5]);
});

test("thousands of conversations that are held back cost the others nothing", (t) => {
  const outbox = new Outbox();
  const nothing = () => {};
  const add = (id, conversation) => outbox.add({ type: "send", id, conversation }, nothing, nothing);
  const looks = t.mock.method(Set.prototype, "has"); // one for each command that is considered
  const count = 1_000;
  for (let id = 1; id <= count; id++) add(id, `r${id}`);
  for (let ids; (ids = sent(outbox)).length > 0;) {
    for (const id of ids) outbox.refused({ ...haste(id, 3_600), scope: "conversation" }, 0);
  }
  for (let id = count + 1; id <= 2 * count; id++) {
    add(id, "lobby");
    assert.deepEqual(sent(outbox, 1), [id]);
    outbox.answered({ type: "ok", id });
  }
  assert.ok(looks.mock.callCount() < 2 * count * WINDOW, `${looks.mock.callCount()}`);
});

test("a message that waits is taken back, but not one that the server may have stored", () => {
  const { outbox, outcomes, slow } = rooms();
  assert.ok(!outbox.waits("k1") && !outbox.withdraw("k1") && !outbox.waits("k9") && !outbox.withdraw("k9"));
  for (const id of [1, 2, 4]) slow(id, 3_600, 0);
  assert.ok(outbox.waits("k1") && outbox.withdraw("k1") && !outbox.waits("k1"));
  outbox.cut();
  assert.ok(!outbox.waits("k3") && !outbox.withdraw("k3"), "its answer was lost");
  assert.deepEqual([outcomes, sent(outbox, 1)], [{ 1: "withdrawn" }, [2, 3]]);
});

test("after an error that may concern any message, none of those in flight is taken back before it is refused", () => {
  const { outbox, outcomes } = rooms();
  outbox.refused({ type: "error", code: "busy", message: "…", retry_after: 1 }, 0);
  assert.ok(!outbox.withdraw("k1"), "it may be stored");
  assert.deepEqual(sent(outbox, 1_000), [1]);
  outbox.refused(haste(1, 1), 1_000);
  assert.ok(outbox.withdraw("k1"), "the server has refused it");
  assert.deepEqual(outcomes, { 1: "withdrawn" });
});

test("so many may wait; one more is refused to the one who asks, and each answer makes room", () => {
  const { outbox, outcomes } = filled(LIMIT);
  const add = (id) => outbox.add({ type: "send", id }, () => {}, () => {}); // prettier-ignore
  assert.throws(() => add(LIMIT + 1), { name: "Refused", code: "outbox_full", message: /10,000/ });
  assert.deepEqual([outbox.size, outcomes, sent(outbox).length], [LIMIT, [], WINDOW]);
  outbox.answered({ type: "ok", id: 1 });
  add(LIMIT + 2);
  assert.throws(() => add(LIMIT + 3), { code: "outbox_full" });
  const ids = [];
  for (let next; (next = sent(outbox)).length > 0;) {
    ids.push(...next);
    for (let id = 2; id <= ids.at(-1); id++) outbox.answered({ type: "ok", id });
  }
  assert.deepEqual([ids.length, ids[0], ids.at(-1), outbox.size], [LIMIT - WINDOW + 1, WINDOW + 1, LIMIT + 2, 0]);
});

test("any other refusal is the answer", () => {
  const { outbox, outcomes } = filled(1);
  sent(outbox);
  outbox.refused({ type: "error", id: 1, code: "forbidden", message: "no" }, 0);
  assert.deepEqual([outcomes, outbox.size], [["Refused"], 0]);
  outbox.refused({ type: "error", id: "ping3", code: "internal", message: "?" }, 0); // no command has this id
});

test("create is not repeated when it may have happened; before it was sent a cut is nothing to it", () => {
  const { outbox, outcomes } = filled(1, "create");
  outbox.cut();
  assert.deepEqual(sent(outbox), [1]);
  outbox.cut();
  assert.deepEqual([outcomes, sent(outbox)], [["Unreachable"], []]);
});

test("the end refuses everything", () => {
  const { outbox, outcomes } = filled(2);
  sent(outbox);
  outbox.close(new Error("over"));
  assert.deepEqual([outcomes, outbox.size, sent(outbox)], [["Error", "Error"], 0, []]);
});

test("coming back: full jitter from 0.5 s doubling to 20 s", () => {
  const backoff = new Backoff(() => 0.5);
  const waits = Array.from({ length: 8 }, () => backoff.next());
  assert.deepEqual(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  backoff.reset();
  assert.equal(backoff.next(), 250);
});

test("which close codes one comes back after", () => {
  for (const code of [1001, 1005, 1006, 1011, 1012, 1013, 4008, 4029, 4499]) assert.ok(mayReconnect(code), code);
  for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 4501, 4503, 4505, 4509, 4510, 4999]) {
    assert.ok(!mayReconnect(code), code);
  }
});

test("the pulse: a ping each heartbeat, silence after 10 s, and a long sleep excuses one ping once", () => {
  const pulse = new Pulse();
  assert.equal(pulse.tick(1e9), "rest"); // nothing was sent yet
  pulse.hello(0);
  pulse.welcome(25, 1_000);
  assert.deepEqual([pulse.tick(25_999), pulse.tick(26_000), pulse.tick(35_999)], ["rest", "ping", "rest"]);
  pulse.excuse(36_000);
  assert.equal(pulse.tick(45_999), "rest");
  pulse.excuse(46_000);
  assert.equal(pulse.tick(46_000), "silence");
  pulse.pong(50_000);
  pulse.soon();
  assert.deepEqual([pulse.tick(50_001), pulse.tick(50_002)], ["ping", "rest"]);
  pulse.refused(1_000, 51_000);
  assert.deepEqual([pulse.tick(51_999), pulse.tick(52_000)], ["rest", "ping"]);
});
