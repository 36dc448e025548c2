// The addresses of the page, the tabs of the settings, the owner's first steps, and what is said in words.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { Refused, Unreachable } from "../../suhbat/web/js/sdk/errors.js";
import { t, use } from "../../suhbat/web/js/text/languages.js";
import { othersOf, stepsOf } from "../../suhbat/web/js/views/first-steps.js";
import { sentence } from "../../suhbat/web/js/views/form.js";
import { introOf } from "../../suhbat/web/js/views/intro.js";
import { done } from "../../suhbat/web/js/views/moderation.js";
import { addressOf, apartAddress, placeOf } from "../../suhbat/web/js/views/places.js";
import { tabAfter } from "../../suhbat/web/js/views/sections.js";
import { device } from "../../suhbat/web/js/views/security.js";
import { ANNA, conversation } from "./parts.mjs";

before(() => use("en"));

test("an address is a conversation, an invite, a link in a mail or a section; what cannot be read is nowhere", () => {
  const nowhere = {
    conversation: null,
    thread: null,
    seq: null,
    invite: null,
    reset: null,
    confirm: null,
    apart: null,
  };
  for (const [hash, expected] of [
    ["#/settings", { apart: { name: "settings", section: null } }],
    ["#/settings/devices", { apart: { name: "settings", section: "devices" } }],
    ["#/moderation/words", { apart: { name: "moderation", section: "words" } }],
    ["#/c/lobby", { conversation: "lobby" }],
    ["#/c/a%2Fb/7", { conversation: "a/b", seq: 7 }],
    ["#/c/lobby/t/7", { conversation: "lobby", thread: 7 }],
    ["#/c/lobby/t/7/9", { conversation: "lobby", thread: 7, seq: 9 }],
    ["#/invite/code", { invite: "code" }],
    ["#/reset/a-b_c", { reset: "a-b_c" }],
    ["#/confirm/code", { confirm: "code" }],
  ])
    assert.deepEqual(placeOf(hash), { ...nowhere, ...expected }, hash);
  for (const hash of [
    "",
    "#/",
    "#/settings/",
    "#/settings/A/b",
    "#/settingsx",
    "#/c/%",
    "#/invite/code/7",
    "#/reset/",
    "#/reset/a/b",
    "#/confirm/%",
    "#/c/",
    "#/c/a/t",
    "#/invite/a/t/1",
  ])
    assert.deepEqual(placeOf(hash), nowhere, hash);
  assert.equal(apartAddress("settings"), "#/settings");
  assert.deepEqual(placeOf(apartAddress("moderation", "log")).apart, { name: "moderation", section: "log" });
  assert.deepEqual(placeOf(addressOf("a/b", 7)), { ...nowhere, conversation: "a/b", seq: 7 });
  assert.deepEqual(placeOf(addressOf("lobby", 9, 7)), { ...nowhere, conversation: "lobby", thread: 7, seq: 9 });
  assert.equal(addressOf("lobby", 7, 7), "#/c/lobby/t/7", "the root has no place in its own thread");
});

test("the arrow keys go through the tabs and round, Home and End to the first and the last", () => {
  const keys = ["ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "Home", "End", "Tab", "a"];
  assert.deepEqual(
    keys.map((key) => tabAfter(key, 1, 4)),
    [2, 2, 0, 0, 0, 3, null, null],
  );
  assert.equal(tabAfter("ArrowDown", 3, 4), 0);
  assert.equal(tabAfter("ArrowUp", 0, 4), 3);
});

test("the owner of a new server sees what is left to do, and nobody else sees it", () => {
  const owner = { role: "owner", user_id: "anna", display_name: "anna" };
  const steps = (me, there) => stepsOf(me, there)?.map(({ name, done: is }) => `${name} ${is}`);
  assert.deepEqual(steps(owner, { rooms: 0, others: 0 }), ["name false", "room false", "people false"]);
  assert.deepEqual(steps({ ...owner, display_name: "Anna" }, { rooms: 1, others: 0 }), [
    "name true",
    "room true",
    "people false",
  ]);
  assert.equal(stepsOf({ ...owner, display_name: "Anna" }, { rooms: 1, others: 3 }), null);
  assert.equal(stepsOf({ ...owner, role: "member" }, { rooms: 0, others: 0 }), null);
  assert.equal(stepsOf({ user_id: "guest" }, { rooms: 0, others: 0 }), null);
  const people = ["account", "bot", "hook"].map((kind, at) => ({ uid: `u${at}`, user_id: `n${at}`, kind }));
  assert.equal(othersOf("u0", people), 0, "a bot of the owner is nobody who was invited");
  assert.equal(othersOf("u9", people), 1);
});

/** The introduction of a conversation for a user with this role on the server. */
function intro(more, role = "member", people = []) {
  const state = conversation("c1", 0, { title: "Choyxona", ...more });
  const app = {
    me: { ...ANNA, role, display_name: "Anna" },
    chat: {
      conversations: new Map([["c1", state]]),
      people: new Map(people.map((one) => [one.uid, one])),
      holders: (name) => people.filter(({ user_id: known }) => known === name),
      peopleVersion: 0,
      want: () => {},
    },
  };
  return introOf(app, state);
}

test("a room without messages offers what the user may do there", () => {
  const offers = ({ setsTopic, adds, invites }) => [setsTopic, adds, invites];
  assert.deepEqual(offers(intro({ kind: "room", role: "member" })), [false, false, false]);
  assert.deepEqual(offers(intro({ kind: "room", role: "owner" })), [true, true, false]);
  assert.deepEqual(offers(intro({ kind: "room", role: "owner", topic: "Ish" }, "owner")), [false, true, true]);
  assert.deepEqual(offers(intro({ kind: "room", role: "owner", archived: true })), [false, false, false]);
  assert.deepEqual(offers(intro({ kind: "lobby", role: "owner" }, "owner")), [true, false, true]);
  assert.deepEqual(offers(intro({ kind: "direct", role: "owner" }, "owner")), [false, false, false]);
});

test("a direct without messages says who that is", () => {
  const bobur = { uid: "ub", user_id: "bobur", kind: "guest", display_name: "Bobur Aliyev" };
  const shown = intro({ kind: "direct", title: "bobur" }, "member", [bobur]);
  assert.deepEqual([shown.title, shown.colour, shown.about], ["Bobur Aliyev", "bobur", "@bobur · guest"]);
  const group = intro({ kind: "direct", title: "bobur, vali", member_count: 3 });
  assert.equal(group.about, "Group conversation of 3 people");
});

test("a device is named by its browser and system", () => {
  const mozilla = "Mozilla/5.0";
  for (const [label, expected] of [
    [`${mozilla} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0`, "Firefox, Linux"],
    [`${mozilla} (Windows NT 10.0) AppleWebKit/537.36 (KHTML) Chrome/126.0 Safari/537.36 Edg/126.0`, "Edge, Windows"],
    [`${mozilla} (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36`, "Chrome, Android"],
    [`${mozilla} (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1`, "Safari, iPhone"],
    [`${mozilla} (Macintosh; Intel Mac OS X 10_15_7) Version/17.5 Safari/605.1.15`, "Safari, macOS"],
    ["curl/8.5", "curl/8.5"],
    ["", "Unknown device"],
  ])
    assert.equal(device(label), expected);
});

test("the audit log is in words, and an unknown action stays as it is called", () => {
  assert.equal(done("ban.lift", "vali", ""), "Lifted the ban on vali");
  assert.equal(done("member.role", "vali", "moderator"), "Changed the role of vali: moderator");
  assert.equal(done("new.thing", "vali", "x"), "new.thing x");
});

test("an error is a sentence, never a code", () => {
  assert.equal(sentence(new Refused({ code: "name_taken", message: "The name is taken." })), "The name is taken.");
  assert.equal(sentence(new Refused({ code: "name_taken", message: "name_taken" })), t("error.unexpected"));
  assert.equal(sentence(new Unreachable("HTTP 502, not JSON", 502)), t("error.unreachable"));
});
