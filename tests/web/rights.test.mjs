// Which buttons are shown to whom.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  filesRefusal,
  makesBots,
  makesHooks,
  moderatesIn,
  seesHooks,
  sendsFiles,
  stops,
} from "../../suhbat/web/js/views/rights.js";
import { conversation } from "./parts.mjs";

const app = (kind, role = "member") => ({ me: { kind, role } });
const room = (files, more = {}) => conversation("r1", 0, { kind: "room", files, ...more });

test("the paper clip is for those who may send files there", () => {
  const guest = app("guest");
  const account = app("account");
  const told = (files) => [
    sendsFiles(guest, room(files)),
    sendsFiles(account, room(files)),
    sendsFiles(account, room(files, { role: "moderator" })),
    sendsFiles(account, room(files, { role: "owner" })),
  ];
  assert.deepEqual(told(undefined), [true, true, true, true], "a server of before");
  assert.deepEqual(told("everyone"), [true, true, true, true]);
  assert.deepEqual(told("accounts"), [false, true, true, true]);
  assert.deepEqual(told("moderators"), [false, false, true, true]);
  assert.deepEqual(told("owners"), [false, false, false, true]);
});

test("who can send no files is told why, as soon as that is known", () => {
  const told = (kind, limits, files = "everyone") => filesRefusal({ ...app(kind), chat: { limits } }, room(files));
  const [unknown, none, some] = [{}, { text: 4000 }, { text: 4000, file_size: 100 }];
  assert.deepEqual(
    [unknown, none, some].map((limits) => told("guest", limits)),
    ["", "file.guests", null],
  );
  assert.deepEqual(
    [unknown, none, some].map((limits) => told("account", limits)),
    ["", "", null],
  );
  assert.equal(told("account", some, "owners"), "file.some");
});

test("a role on the server counts in the lobby and in public rooms, not in private ones", () => {
  const owner = app("account", "owner");
  assert.equal(sendsFiles(owner, conversation("lobby", 0, { files: "owners" })), true);
  assert.equal(sendsFiles(owner, room("owners", { visibility: "public" })), true);
  assert.equal(sendsFiles(owner, room("owners")), false);
});

test("webhooks are made by moderators, and by the people of a direct, if they have an account", () => {
  const direct = conversation("d1");
  const lobby = conversation("lobby");
  const moderated = room("everyone", { role: "moderator" });
  const told = (one) => [direct, room("everyone"), moderated, lobby].map((state) => makesHooks(one, state));
  assert.deepEqual(told(app("account")), [true, false, true, false]);
  assert.deepEqual(told(app("account", "moderator")), [true, false, true, true]);
  assert.deepEqual(told(app("guest")), [false, false, false, false]);
  const archived = { ...moderated, archived: true };
  assert.deepEqual(
    [makesHooks, seesHooks].map((may) => may(app("account"), archived)),
    [false, true],
  );
});

test("bots are made by those whom the setting names, and by nobody without an account", () => {
  const people = [app("account", "owner"), app("account", "moderator"), app("account"), app("guest")];
  const told = (makers) => people.map((one) => makesBots(one, makers));
  assert.deepEqual(told("owner"), [true, false, false, false]);
  assert.deepEqual(told("moderators"), [true, true, false, false]);
  assert.deepEqual(told("everyone"), [true, true, true, false]);
});

test("an answer is stopped by the one who asked, by moderators, and in a direct by the other", () => {
  const me = (role) => ({ me: { kind: "account", role, uid: "u1" } });
  const [direct, lobby] = [conversation("d1"), conversation("lobby")];
  const [plain, moderated] = [room("everyone"), room("everyone", { role: "moderator" })];
  const told = (one, asked, sender_uid = "bot") =>
    [direct, plain, moderated, lobby].map((state) => stops(one, state, { sender_uid }, asked));
  assert.deepEqual(told(me("member"), "u2"), [true, false, true, false]);
  assert.deepEqual(told(me("member"), undefined), [true, false, true, false]);
  assert.deepEqual(told(me("member"), "u1"), [true, true, true, true]);
  assert.deepEqual(told(me("moderator"), "u2"), [true, false, true, true]);
  assert.deepEqual(told(me("owner"), "u1", "u1"), [false, false, false, false], "their own");
});

test("messages are moderated with a role there, and in the lobby and public rooms with one on the server", () => {
  const states = [
    conversation("d1"),
    conversation("lobby"),
    room("everyone"),
    room("everyone", { visibility: "public" }),
    room("everyone", { role: "owner" }),
    undefined,
  ];
  const told = (role) => states.map((state) => moderatesIn(app("account", role), state));
  assert.deepEqual(told("member"), [false, false, false, false, true, false]);
  assert.deepEqual(told("moderator"), [false, true, false, true, true, false]);
});
