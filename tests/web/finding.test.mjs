// The switcher: what is found by a few letters, in which order, and which answers of the server count.

import assert from "node:assert/strict";
import { test } from "node:test";

import { found, wantedOf } from "../../suhbat/web/js/models/finding.js";
import { Lookup } from "../../suhbat/web/js/models/lookup.js";
import { FakeClock } from "./parts.mjs";

const own = (name, at, rest = {}) => ({ kind: "own", id: name, names: [name], at: `2026-11-2${at}`, ...rest });
const person = (names, rest = {}) => ({ kind: "person", id: names.at(-1), names, at: "", ...rest });
const room = (name) => ({ kind: "room", id: name, names: [name], at: "" });
const ids = (goals, typed, limit = 20) => found(goals, typed, limit).map(({ id }) => id);

test("one's own come first, by their latest message; then others by how well they fit", () => {
  const goals = [
    room("Salom club"),
    person(["Salima", "salima"]),
    own("Salom", 1),
    own("Yangi salom", 3),
    own("Assalom", 9),
    own("Boshqa", 9),
    person(["Asal", "asal"]),
  ];
  assert.deepEqual(ids(goals, "sal"), ["Yangi salom", "Salom", "Assalom", "salima", "Salom club", "asal"]);
  assert.deepEqual(ids(goals, "sal", 2), ["Yangi salom", "Salom"]);
});

test("by the shown name, by the user_id, by words in any order, in any alphabet", () => {
  const goals = [own("Чойхона", 1), person(["Алишер Навоий", "navoiy"]), person(["Gʻani", "gani"]), room("Ёлка 2027")];
  for (const [typed, id] of [
    ["choyx", "Чойхона"],
    ["alisher", "navoiy"],
    ["@nav", "navoiy"],
    ["navoiy ali", "navoiy"],
    ["навоий", "navoiy"],
    ["g'ani", "gani"],
    ["G‘A", "gani"],
    ["елка", "Ёлка 2027"],
    ["#ёлка", "Ёлка 2027"],
    ["2027", "Ёлка 2027"],
  ])
    assert.deepEqual(ids(goals, typed), [id], typed);
  assert.deepEqual(ids(goals, "yoq narsa"), []);
  assert.equal(wantedOf("  @ ali "), "ali");
});

test("who the server found is shown, also if it found them by a name that is not known here", () => {
  const goals = [person(["Vali", "vali"], { told: true }), person(["Soli", "soli"])];
  assert.deepEqual(ids(goals, "karim"), ["vali"]);
});

test("without letters: the unread ones, then the latest; the open one last; nobody else", () => {
  const goals = [own("open", 9, { open: true, unread: true }), own("old", 1), own("unread", 0, { unread: true })];
  assert.deepEqual(ids([...goals, own("latest", 5), room("x"), person(["y"])], " "), [
    "unread",
    "latest",
    "old",
    "open",
  ]);
});

test("the server is asked after a pause, and a late answer never replaces a newer one", async () => {
  const clock = new FakeClock();
  const asked = new Map();
  const told = [];
  const ask = (typed) =>
    new Promise((resolve, reject) => {
      asked.set(typed, { resolve, reject });
    });
  const lookup = new Lookup(ask, (typed, answer, error) => told.push([typed, answer, error?.message ?? null]), clock);
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  lookup.want("a");
  clock.pass(50);
  lookup.want("al");
  clock.pass(1000);
  assert.deepEqual([...asked.keys()], ["al"]);
  lookup.want("ali");
  clock.pass(1000);
  asked.get("ali").resolve("new");
  await settle();
  asked.get("al").resolve("old");
  await settle();
  assert.deepEqual(told, [["ali", "new", null]]);
  lookup.want("b");
  clock.pass(1000);
  asked.get("b").reject(new Error("busy"));
  await settle();
  assert.deepEqual(told[1], ["b", null, "busy"]);
  lookup.want("c");
  clock.pass(1000);
  lookup.want("");
  asked.get("c").resolve("too late");
  lookup.want("d");
  lookup.end();
  clock.pass(1000);
  await settle();
  assert.equal(told.length, 2);
  assert.equal(asked.has("d"), false);
});
