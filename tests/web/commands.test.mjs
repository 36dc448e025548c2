// Commands of bots in the page: what is completed, what a command becomes when its bot got it, and what only the user
// sees.

import assert from "node:assert/strict";
import { before, mock, test } from "node:test";

import { Asides } from "../../suhbat/web/js/models/asides.js";
import { BotCommands, matching } from "../../suhbat/web/js/models/bot-commands.js";
import { PendingMessages } from "../../suhbat/web/js/models/pending.js";
import { State } from "../../suhbat/web/js/sdk/state.js";
import { begunIn } from "../../suhbat/web/js/text/begun.js";
import { use } from "../../suhbat/web/js/text/languages.js";
import { said } from "../../suhbat/web/js/text/said.js";
import { rowsOf } from "../../suhbat/web/js/views/rows.js";

before(() => use("en"));

const command = (name, bot = "ob-havo") => ({ name, description: name, usage: "", bot, bot_uid: bot, native: true });

test("a / is completed at the beginning of a message, and nowhere else", () => {
  const found = (text) => {
    const { sign, begun } = begunIn(text) ?? {};
    return sign && sign + begun;
  };
  assert.deepEqual(["/", "/ob", " /Ob_havo", "/tea@ob", "/tea @ali", "(@ali", "osh :pla"].map(found), [
    "/",
    "/ob",
    "/Ob_havo",
    "/tea@ob",
    "@ali",
    "@ali",
    ":pla",
  ]);
  const ordinary = ["", "osh /ob", "//ob", "/ob ", "/etc/hosts", "/tea@a@b", "a@ali", ":p", "10:30"];
  assert.deepEqual(
    ordinary.map(found),
    ordinary.map(() => undefined),
  );
});

test("commands are found by their beginning, the whole one first, and two of one name by their bots", () => {
  const all = [command("teapot"), command("tea"), command("poll"), command("poll", "tug"), command("news", "tug")];
  const found = (begun) => matching(all, begun).map(({ insert }) => insert);
  assert.deepEqual(found("TEA"), ["/tea", "/teapot"]);
  assert.deepEqual(found("p"), ["/poll@ob-havo", "/poll@tug"]);
  assert.deepEqual(found("poll@t"), ["/poll@tug"]);
  assert.deepEqual(found("tea@"), ["/tea@ob-havo"]);
  assert.deepEqual(found("x"), []);
  assert.equal(found("").length, 5);
});

test("commands are asked for once, and again after a minute, a change of the members, and a failure", async () => {
  let now = 0;
  let fails = false;
  const asked = [];
  const commands = new BotCommands(
    async (conversation) => {
      asked.push(conversation);
      if (fails) throw new Error("no network");
      return [command("tea")];
    },
    () => now,
  );
  await Promise.all([commands.in("c1"), commands.in("c1"), commands.in("c2")]);
  assert.deepEqual(asked, ["c1", "c2"]);
  commands.forget("c1");
  await commands.in("c1");
  now = 59_999;
  await commands.in("c1");
  assert.deepEqual(asked.splice(0), ["c1", "c2", "c1"]);
  now = 60_000;
  fails = true;
  await assert.rejects(commands.in("c1"));
  fails = false;
  assert.equal((await commands.in("c1")).length, 1);
  assert.deepEqual(asked, ["c1", "c1"]);
});

test("a command that its bot got is no message, and is told", async () => {
  const given = [];
  const pending = new PendingMessages(
    async () => ({ seq: 0, command: true }),
    { put: () => {}, remove: () => {} },
    () => {},
    ({ text }) => given.push(text),
  );
  pending.add({ clientId: "k1", conversation: "c1", text: "/tea", replyTo: null, at: 1 });
  await new Promise(setImmediate);
  assert.deepEqual([pending.size, given], [0, ["/tea"]]);
});

test("what is refused as an unknown command can be taken back or sent as a text", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const pending = new PendingMessages(
    async () => Promise.reject(Object.assign(new Error("no /tee"), { code: "unknown_command" })),
    { put: () => {}, remove: () => {} },
    () => {},
  );
  pending.add({ clientId: "k1", conversation: "c1", text: "/tee", replyTo: 3, at: 1 });
  assert.equal(pending.refused("k1"), null);
  await new Promise(setImmediate);
  assert.equal(pending.refused("k1").text, "/tee");
  mock.timers.reset();
});

const BOT = { uid: "u9", user_id: "ob-havo" };
const aside = (fields) => ({ conversation: "c1", thread: null, after: 2, at: 0, text: "24°", by: BOT, ...fields });

test("what only the user sees is kept by place, closed, and gone with its conversation", () => {
  const told = [];
  const asides = new Asides((key, came) => told.push([key, came?.text ?? null]));
  asides.add(aside({ text: "/tea", by: null }));
  asides.add(aside({ thread: 7, text: "24°" }));
  const texts = (key) => asides.at(key).map(({ text }) => text);
  assert.deepEqual([texts("c1"), texts("c1/7"), texts("c2")], [["/tea"], ["24°"], []]);
  asides.close(asides.at("c1")[0].id);
  asides.close(99);
  assert.deepEqual(told, [["c1", "/tea"], ["c1/7", "24°"], ["c1", null]]); // prettier-ignore
  asides.forget("c1");
  assert.deepEqual([texts("c1"), texts("c1/7")], [[], []]);
  for (let n = 0; n < 60; n += 1) asides.add(aside({ text: String(n) }));
  assert.deepEqual([texts("c1").length, texts("c1")[0]], [50, "10"]);
});

test("it stands where it came, between the messages, and not above or below the window", () => {
  const message = (seq) => ({
    conversation: "c1",
    seq,
    ordinal: seq,
    sender: "ali",
    sender_uid: "u1",
    text: "",
    client_id: null,
    sent_at: new Date(2026, 10, 23, 10, 0, seq).toISOString(),
  });
  const kinds = (asides, window) => {
    const timeline = { messages: [message(2), message(3), message(5)], notes: [], root: null, ...window };
    const visit = { readOrdinal: null, me: "u1" };
    return rowsOf(timeline, [], visit, asides)
      .map(({ kind, key, follows }) => (kind === "day" ? "d" : follows ? `${key}…` : key))
      .join(" ");
  };
  const today = new Date(2026, 10, 23, 10).getTime();
  const all = [1, 3, 5, 9].map((after, at) => ({ ...aside({ after, at: today }), id: at + 1, key: "c1" }));
  assert.equal(kinds([], {}), "d m2 m3… m5…");
  assert.equal(kinds(all, {}), "d a1 m2 m3… a2 m5 a3 a4", "the first one stands in the day, and begins it");
  const alone = { ...all[3], at: today + 24 * 3600_000 };
  assert.equal(kinds([alone], {}), "d m2 m3… m5… d a4", "a command of the next day");
  assert.equal(kinds(all, { hasBefore: true }), "d m2 m3… a2 m5 a3 a4");
  assert.equal(kinds(all, { hasAfter: true, hasBefore: true }), "d m2 m3… a2 m5");
});

test("a private answer is told by the SDK, and its sender is known", () => {
  const state = new State();
  const reply = { type: "reply", conversation: "c1", user_id: "ob-havo", uid: "u9", text: "24°" };
  assert.deepEqual(state.receive(reply, 0), [{ emit: ["reply", reply] }]);
  assert.equal(state.people.known.get("u9")?.user_id, "ob-havo");
});

test("a message that has only begun to grow, or was cut then, says so in one line", () => {
  assert.equal(said({ text: "", streaming: true }), "writing…");
  assert.equal(said({ text: "Osh", streaming: true }), "Osh");
  assert.equal(said({ text: "", cut: true }), "not complete");
  assert.equal(said({ text: "" }), "");
});
