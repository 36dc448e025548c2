// Messages that grow: what a client makes of the notices, and the message that a program lets grow.

import assert from "node:assert/strict";
import test from "node:test";

import { Timeline } from "../../suhbat/web/js/models/timeline.js";
import { WholeMessages } from "../../suhbat/web/js/models/whole.js";
import { Refused } from "../../suhbat/web/js/sdk/errors.js";
import { fold } from "../../suhbat/web/js/sdk/fold.js";
import { grown, lengthOf } from "../../suhbat/web/js/sdk/growing.js";
import { GrowingMessage } from "../../suhbat/web/js/sdk/growing-message.js";

const message = (fields) => ({
  conversation: "c",
  seq: 3,
  ordinal: 3,
  sender: "bot",
  sender_uid: "u2",
  text: "",
  reply_to: null,
  sent_at: "",
  edited_at: null,
  deleted: false,
  reactions: [],
  ...fields,
});
const created = { type: "message.created", conversation: "c", seq: 3, message: message({ streaming: true }) };
const finished = { type: "message.finished", conversation: "c", seq: 4, message: message({ text: "Osh 🍚!" }) };

test("offsets count code points", () => {
  assert.equal(grown("Osh 🍚", 5, "!"), "Osh 🍚!");
  assert.equal(grown("Osh 🍚", 4, "!"), "Osh !");
  assert.equal(grown("whatever", 0, "Osh"), "Osh");
  assert.equal(grown("Osh", 4, "!"), null);
  assert.equal(lengthOf("👩‍🍳"), 3);
});

/** A timeline with an empty window, which is loaded again with `text` when it asks. */
async function timelineWith(text) {
  const asked = [];
  const load = async (query) => {
    asked.push(query);
    const messages = asked.length > 1 ? [message({ streaming: true, text })] : [];
    return { messages, has_before: false, has_after: false, head: 2 };
  };
  const changed = [];
  const timeline = new Timeline(
    load,
    ({ at }) => changed.push(at),
    () => "u1",
  );
  await timeline.open();
  timeline.apply(created);
  return { timeline, asked, changed };
}

test("a timeline shows it growing, and then the finished one", async () => {
  const { timeline, changed } = await timelineWith("");
  timeline.grow({ seq: 3, offset: 0, text: "Osh " });
  timeline.grow({ seq: 3, offset: 4, text: "🍚" });
  assert.equal(timeline.last.text, "Osh 🍚");
  assert.equal(changed.at(-1), 3);
  timeline.apply(finished);
  assert.deepEqual([timeline.last.text, timeline.last.streaming], ["Osh 🍚!", undefined]);
  timeline.grow({ seq: 3, offset: 0, text: "late" });
  assert.equal(timeline.last.text, "Osh 🍚!");
});

test("who missed something reads the message again, once", async () => {
  const { timeline, asked } = await timelineWith("Osh damlash");
  timeline.grow({ seq: 3, offset: 9, text: "sh" });
  timeline.grow({ seq: 3, offset: 9, text: "sh" });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(timeline.last.text, "Osh damlash");
  assert.deepEqual(asked.slice(1), [{ around: 3, limit: 1 }]);
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A timeline whose requests wait in `waiting` until they are answered with the text that the message had then. */
function timelineThatWaits() {
  const waiting = [];
  const timeline = new Timeline(
    () => new Promise((resolve) => waiting.push((page) => resolve({ has_before: false, has_after: false, ...page }))),
    () => {},
    () => "u1",
  );
  const page = (text) => ({ messages: [message({ streaming: true, text })], head: 3 });
  return { timeline, answer: (text) => (waiting.shift()(page(text)), settled()), waiting };
}

test("what arrives while the window is loaded is not lost, and nothing is shown twice or taken back", async () => {
  const { timeline, answer } = timelineThatWaits();
  timeline.restore([message({ streaming: true, text: "Osh" })]);
  timeline.open();
  timeline.grow({ seq: 3, offset: 3, text: " dam" });
  timeline.grow({ seq: 3, offset: 7, text: "lash" });
  assert.equal(timeline.last.text, "Osh damlash", "it also grows meanwhile");
  await answer("Osh");
  assert.equal(timeline.last.text, "Osh damlash", "the answer was older");
  timeline.reload();
  timeline.grow({ seq: 3, offset: 11, text: "," });
  await answer("Osh damlash, choy");
  assert.equal(timeline.last.text, "Osh damlash, choy", "the answer was newer");
});

test("a message that began while the window was loaded has all of its text", async () => {
  const { timeline, waiting } = timelineThatWaits();
  timeline.open();
  timeline.apply(created);
  timeline.grow({ seq: 3, offset: 0, text: "Osh" });
  waiting.shift()({ messages: [], head: 2 });
  await settled();
  assert.equal(timeline.last.text, "Osh");
});

test("what arrives while older messages are loaded is not lost", async () => {
  const { timeline, answer, waiting } = timelineThatWaits();
  timeline.open();
  waiting.shift()({ messages: [message({ seq: 5, ordinal: 5 })], head: 5, has_before: true });
  await settled();
  timeline.more("start");
  timeline.grow({ seq: 3, offset: 3, text: " damlash" });
  await answer("Osh");
  assert.equal(timeline.find(3).text, "Osh damlash");
});

test("what arrives while a message is read again is not lost", async () => {
  const { timeline, answer, waiting } = timelineThatWaits();
  timeline.open();
  await answer("");
  timeline.grow({ seq: 3, offset: 3, text: " dam" });
  timeline.grow({ seq: 3, offset: 7, text: "lash" });
  await answer("Osh dam");
  assert.equal(timeline.last.text, "Osh damlash");
  assert.equal(waiting.length, 0, "it is asked for once");
});

test("people are told once, when it is whole", () => {
  const whole = new WholeMessages();
  assert.deepEqual(
    [created, finished, finished].map((event) => whole.isNew(event)),
    [false, true, false],
  );
  const nothing = { ...finished, seq: 7, message: message({ seq: 7, cut: true }) };
  assert.equal(whole.isNew(nothing), false, "it was cut before it had a text");
  const replayed = { ...created, seq: 9, message: message({ seq: 9, text: "Osh" }) };
  assert.deepEqual([whole.isNew(replayed), whole.isNew({ ...finished, message: message({ seq: 9 }) })], [true, false]);
});

test("the last message of a conversation is finished", () => {
  const state = {
    conversation: "c",
    head: 3,
    last_ordinal: 3,
    unread: 1,
    read_ordinal: 0,
    last_message: created.message,
  };
  const folded = fold(state, finished, "u1", /** @type {any} */ ({ named: {} }));
  assert.deepEqual([folded.last_message.text, folded.last_message.streaming, folded.unread], ["Osh 🍚!", undefined, 1]);
});

/** A server that takes appends; `answers` replaces the next ones. */
function server(answers = []) {
  const said = [];
  let text = "";
  const command = async (type, fields) => {
    said.push([type, fields]);
    await null;
    const answer = answers.shift();
    if (answer) throw answer;
    if (type === "finish") return (text = fields.text);
    assert.equal(fields.offset, lengthOf(text));
    text += fields.text;
  };
  const growing = new GrowingMessage(command, { conversation: "c", seq: 3, text: "" });
  return { said, growing, text: () => text };
}

test("what comes faster than the answers is sent together", async () => {
  const { said, growing, text } = server();
  for (const piece of ["O", "s", "h ", "\ud83c", "\udf5a"]) assert.ok(growing.write(piece));
  await growing.finish();
  assert.equal(text(), "Osh 🍚");
  assert.deepEqual(
    said.map(([type, { text: sent }]) => [type, sent]),
    [
      ["append", "O"],
      ["append", "sh 🍚"],
      ["finish", "Osh 🍚"],
    ],
  );
});

test("it goes on where the server is after a restart", async () => {
  const wrong = new Refused({ code: "wrong_offset", message: "", offset: 0 });
  const { said, growing } = server([wrong]);
  growing.write("Osh");
  await growing.finish();
  assert.deepEqual(
    said.map(([type, { text }]) => [type, text]),
    [
      ["append", "Osh"],
      ["append", "Osh"],
      ["finish", "Osh"],
    ],
  );
});

test("a write beyond the limit is refused at once; what fits is sent, and marked as cut", async () => {
  const { said, growing, text } = server();
  assert.ok(growing.write("🍚".repeat(3_990)));
  for (const piece of ["o".repeat(11), "sh"]) {
    assert.throws(() => growing.write(piece), { name: "Refused", code: "bad_request" });
  }
  await growing.finish();
  assert.equal(text(), "🍚".repeat(3_990) + "o".repeat(10));
  assert.equal(said.at(-1)[1].cut, true);
});

test("somebody stops it", async () => {
  const { said, growing } = server([new Refused({ code: "finished", message: "" })]);
  growing.write("Osh");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(growing.write(" damlash"), false);
  assert.equal(growing.stopped, true);
  await growing.finish();
  assert.equal(said.length, 1);
});
