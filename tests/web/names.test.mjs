// The names of people: which are known, which are asked for, and how people are shown.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Refused, Unreachable } from "../../suhbat/web/js/sdk/errors.js";
import { Api } from "../../suhbat/web/js/sdk/http.js";
import { DisplayNames } from "../../suhbat/web/js/sdk/display-names.js";
import { People, withOthers } from "../../suhbat/web/js/sdk/people.js";
import { State } from "../../suhbat/web/js/sdk/state.js";
import { look } from "../../suhbat/web/js/text/looks.js";
import { authorOf, called, handlesOf, namesIn, personOf, titleOf } from "../../suhbat/web/js/views/names.js";
import { ANNA, CAUGHT_UP, FakeClock, emitted, message, snapshot, welcome } from "./parts.mjs";

const person = (n, more = {}) => ({
  uid: `u${n}`,
  user_id: `n${n}`,
  kind: "account",
  display_name: `Name ${n}`,
  ...more,
});
const settled = () => new Promise(setImmediate);

// What is known

test("a name stays known when a message or presence mentions the person without it", () => {
  const people = new People();
  people.add(person(1));
  people.seen(message(1, "lobby", { sender: "n1", sender_uid: "u1" }));
  people.add({ uid: "u1", user_id: "n1" });
  assert.deepEqual(people.known.get("u1"), person(1));
  people.add({ uid: "u1", user_id: "deleted account" });
  assert.deepEqual([people.known.get("u1").display_name, people.holders("n1")], [null, []]);
});

test("a snapshot and the notice bring names; the notice only for people who are known", () => {
  const state = new State();
  state.hello("t", 0);
  const first = { ...snapshot({ lobby: 1 }), users: [{ ...ANNA, display_name: "Anna" }] };
  for (const frame of [welcome(), first, CAUGHT_UP, message(2)]) state.receive(frame, 0);
  const told = (...users) => emitted(state.receive({ type: "users", users }, 0), "people");
  assert.deepEqual(told({ ...ANNA, display_name: "Anna B." }, person(9)), [[["ua"]]]);
  assert.deepEqual(told({ ...ANNA, display_name: "Anna B." }), []);
  assert.equal(state.people.known.get("ua").display_name, "Anna B.");
  assert.equal(state.people.known.has("u9"), false);
  const restored = new State(JSON.parse(JSON.stringify(state.save())));
  assert.equal(restored.people.known.get("ua").display_name, "Anna B.");
});

test("another account knows nobody yet, and asks for the people whom it sees", () => {
  const state = new State();
  state.hello("t", 0);
  for (const frame of [welcome(), snapshot(), CAUGHT_UP]) state.receive(frame, 0);
  const { people } = state;
  state.people.add(person(1));
  state.hello("t", 0);
  state.receive(welcome({ user: { uid: "ux", user_id: "xurshid", kind: "account" } }), 0);
  assert.equal(state.people, people); // which the one who asks for names holds
  assert.deepEqual([...people.known.keys()], ["ux"]);
  assert.deepEqual(people.holders("n1"), []);
});

test("people in memory and on the disk have a bound; those who are shown stay", () => {
  const people = new People();
  people.add(person("first"));
  for (let n = 0; n < 6000; n += 1) {
    people.add(person(n));
    people.want("ufirst");
  }
  assert.equal(people.known.size, 5000);
  assert.ok(people.known.has("ufirst") && !people.known.has("u0") && people.holders("n0").length === 0);
  const saved = people.save();
  assert.ok(saved.length === 1000 && saved.some(({ uid }) => uid === "ufirst"));
});

test("what is saved keeps the people and the names that only another tab has saved", () => {
  const [ours, theirs] = [new People(), new People()];
  theirs.add(person(1));
  theirs.add(person(2));
  theirs.add({ ...person(3), display_name: "Old" });
  theirs.add({ uid: "u4", user_id: "erased" });
  ours.add({ uid: "u2", user_id: "n2" });
  ours.add(person(3));
  ours.add({ uid: "u4", user_id: "n4" });
  const saved = withOthers(ours.save(), theirs.save());
  const again = new People();
  for (const one of saved) again.add(one);
  assert.deepEqual(
    [1, 2, 3].map((n) => again.known.get(`u${n}`)),
    [1, 2, 3].map(person),
  );
  assert.equal(again.known.get("u4").user_id, "n4");
  assert.equal(again.known.get("u4").display_name, null);
  for (let n = 0; n < 3000; n += 1) ours.add({ uid: `many${n}`, user_id: `many${n}` });
  assert.equal(withOthers(ours.save(), theirs.save()).length, 1000);
});

// What is asked

/** @param {(batch: {uid: string[], user_id: string[]}) => any} answer */
function asking(answer) {
  const people = new People();
  const clock = new FakeClock();
  const [asked, emitted] = [[], []];
  const api = { get: async (path, batch) => (asked.push(batch), { users: await answer(batch) }) };
  const names = new DisplayNames({ people, api, clock, emit: (uids) => emitted.push(uids) });
  const pass = async (ms = 20) => {
    clock.pass(ms);
    await settled();
  };
  return { people, names, clock, asked, emitted, pass };
}

test("names are asked for together, once, and only of those who are shown", async () => {
  const { people, names, asked, emitted, pass } = asking(({ uid }) => uid.map((one) => person(one.slice(1))));
  for (let n = 0; n < 5000; n += 1) people.add({ uid: `u${n}`, user_id: `n${n}` });
  names.online(true);
  for (const n of [1, 2, 1]) names.want({ uid: `u${n}`, user_id: `n${n}` });
  await pass();
  names.want({ uid: "u2" });
  await pass(60_000);
  assert.deepEqual(asked, [{ uid: ["u2", "u1"], user_id: [] }]);
  assert.deepEqual(emitted, [["u2", "u1"]]);
  assert.deepEqual(people.known.get("u1"), person(1));
});

test("many names are asked for in batches, one after the other, those wanted last first", async () => {
  const { names, asked, pass } = asking(({ uid }) => uid.map((one) => person(one.slice(1))));
  names.online(true);
  for (let n = 0; n < 120; n += 1) names.want({ uid: `u${n}` });
  for (let n = 0; n < 3; n += 1) await pass();
  const batches = asked.map(({ uid }) => `${uid.length} up to ${uid.at(-1)}`);
  assert.deepEqual(batches, ["50 up to u119", "50 up to u69", "20 up to u19"]);
});

test("a name that stands in a text is asked for by name, and nobody is asked for twice", async () => {
  const { people, names, asked, pass } = asking(({ user_id }) =>
    user_id.filter((one) => one === "n1").map(() => person(1)),
  );
  names.online(true);
  for (const user_id of ["n1", "nobody"]) names.want({ user_id });
  await pass();
  names.want({ uid: "u1" });
  names.want({ user_id: "nobody" });
  await pass(60_000);
  assert.deepEqual(asked, [{ uid: [], user_id: ["n1", "nobody"] }]);
  assert.deepEqual(people.holders("n1"), [person(1)]);
});

test("without a connection nothing is asked; what a connection may have missed is asked again", async () => {
  const { people, names, asked, pass } = asking(({ uid }) => uid.map((one) => person(one.slice(1))));
  names.want({ uid: "u1" });
  await pass(60_000);
  assert.equal(asked.length, 0);
  names.online(true);
  await pass();
  people.doubt();
  names.again();
  await pass();
  assert.deepEqual(asked.map(({ uid }) => uid), [["u1"], ["u1"]]); // prettier-ignore
});

test("a request that failed is repeated later; one that was refused is not", async () => {
  for (const [error, times] of [
    [new Unreachable("no network"), 2],
    [new Refused({ code: "rate_limited", message: "", status: 429, retryAfter: 9 }), 2],
    [new Refused({ code: "bad_request", message: "", status: 400 }), 1],
  ]) {
    const wrong = [error];
    const { names, asked, pass } = asking(() => (wrong.length ? Promise.reject(wrong.pop()) : [person(1)]));
    names.online(true);
    names.want({ uid: "u1" });
    await pass();
    await pass(4_000);
    assert.equal(asked.length, 1);
    await pass(5_000);
    assert.equal(asked.length, times, error.name);
  }
});

test("a list gives one parameter for each value", async () => {
  let asked;
  const fetch = async (url) => ((asked = url.search), new Response("{}"));
  await new Api({ base: "http://a.uz/", fetch }).get("/users", { uid: ["a", "b"], user_id: [], limit: null });
  assert.equal(asked, "?uid=a&uid=b");
});

// How people are shown

/** An application in which these people were seen. */
function app(...seen) {
  const people = new People();
  for (const one of seen) people.add(one);
  const wanted = [];
  const chat = {
    people: people.known,
    holders: (name) => people.holders(name),
    want: (one) => wanted.push(one),
    get peopleVersion() {
      return people.version;
    },
  };
  return { chat, me: { uid: "um", user_id: "me", kind: "account", display_name: "Men" }, wanted, people };
}

test("people are shown by their display names, and by their user_id until these are known", () => {
  const house = app(person(1), { uid: "u2", user_id: "n2", kind: "guest" });
  assert.deepEqual(personOf(house, "u1", "n1"), { name: "Name 1", handle: null, mark: null, face: null });
  assert.deepEqual(personOf(house, "u2", "n2"), { name: "n2", handle: null, mark: "guest", face: null });
  assert.deepEqual(personOf(house, "u3", "n3"), { name: "n3", handle: null, mark: null, face: null });
  assert.equal(called(house, "um", "me"), "Men");
  assert.equal(called(house, "u1", "deleted account"), "deleted account");
  assert.deepEqual(house.wanted.map(({ uid }) => uid).slice(0, 3), ["u1", "u2", "u3"]);
});

test("a webhook is shown as its message says, is marked, and is nobody who can be known or asked for", () => {
  const house = app();
  const hook = { sender: "webhook:CI", sender_uid: "uh" };
  const shown = { handle: null, mark: "hook", face: null };
  const posted = { ...hook, hook: { name: "Grafana", icon: "🔥" } };
  assert.deepEqual(authorOf(house, posted), { ...shown, name: "Grafana", sign: "🔥" });
  assert.deepEqual(authorOf(house, hook), { ...shown, name: "CI" }, "a deleted message has no more than the name");
  assert.deepEqual(authorOf(house, { sender: "n1", sender_uid: "u1" }), personOf(house, "u1", "n1"));
  const people = new People();
  people.wrote(posted);
  assert.deepEqual([people.known.size, people.holders("webhook:CI")], [0, []]);
});

test("of two people whose names look the same both are shown with their @names", () => {
  const house = app(person(1, { display_name: "Anna" }), person(2, { display_name: "Аnnа" }), person(3));
  assert.equal(called(house, "u1", "n1"), "Anna @n1");
  assert.equal(called(house, "u2", "n2"), "Аnnа @n2");
  assert.equal(called(house, "u3", "n3"), "Name 3");
  house.people.add(person(4, { display_name: "me" }));
  house.people.add(person(5, { display_name: "N3" }));
  house.people.add({ uid: "u6", user_id: "n3", kind: "guest" });
  assert.equal(called(house, "u4", "n4"), "me", "nobody is called so: I am Men");
  house.me.display_name = "";
  assert.equal(called(house, "u4", "n4"), "me @n4");
  assert.equal(called(house, "u5", "n5"), "N3 @n5");
  assert.equal(called(house, "u6", "n3"), "n3 @n3");
  house.people.add(person(2, { display_name: "Bobur" }));
  assert.equal(called(house, "u1", "n1"), "Anna");
});

test("names look the same without case, marks, blanks, signs and invisible characters, and in other scripts", () => {
  for (const other of ["anna", "ANNA", " An-na. ", "Ánná", "Аnnа", "An\u200dna", "Ａnna"])
    assert.equal(look(other), look("Anna"), other);
  for (const other of ["Ann", "Anna B", "Ганна", "🦊"]) assert.notEqual(look(other), look("Anna"), other);
  assert.equal(look("admin"), look("аdmіn"));
  assert.notEqual(look("🦊"), look("🐻"));
});

test("a name in a text is shown as the person's, unless nobody is known under it", () => {
  const house = app(person(1));
  const names = namesIn(house);
  assert.deepEqual([names.exists("n1"), names.called("n1"), names.called("me")], [true, "Name 1", "Men"]);
  assert.deepEqual([names.exists("n2"), names.called("n2")], [false, null]);
  assert.ok(house.wanted.some(({ user_id, uid }) => user_id === "n2" && !uid));
  house.people.add({ uid: "u0", user_id: "n1", kind: "guest" });
  assert.equal(names.called("n1"), "Name 1", "the account, not an earlier guest");
});

test("a direct has the display names of the others as its title", () => {
  const house = app(person(1), person(2));
  const direct = { kind: "direct", title: "n1", member_count: 2, last_message: null };
  assert.equal(titleOf(house, direct), "Name 1");
  assert.equal(handlesOf(direct), "@n1");
  const several = { ...direct, title: "n1, n2, n3", member_count: 4 };
  assert.equal(titleOf(house, several), "Name 1, Name 2, n3");
  assert.equal(handlesOf(several), "@n1, @n2, @n3");
  assert.equal(titleOf(house, { ...direct, kind: "room", title: "\u202eChoyxona" }), "Choyxona");
  assert.equal(handlesOf({ ...direct, kind: "room" }), "");
});
