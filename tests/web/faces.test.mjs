// The pictures of people and rooms: what is known of them, their addresses, how they are changed, and which square of
// an image becomes one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Crop } from "../../suhbat/web/js/models/crop.js";
import { fold } from "../../suhbat/web/js/sdk/fold.js";
import { Api } from "../../suhbat/web/js/sdk/http.js";
import { People, withOthers } from "../../suhbat/web/js/sdk/people.js";
import { Pictures } from "../../suhbat/web/js/sdk/pictures.js";
import { faceIn, personOf } from "../../suhbat/web/js/views/names.js";
import { removesPicture } from "../../suhbat/web/js/views/rights.js";
import { conversation } from "./parts.mjs";

const ALI = { uid: "ua", user_id: "ali", kind: "account" };

test("a picture comes and goes with the display name, and stays where neither is told", () => {
  const people = new People();
  people.add({ ...ALI, display_name: "Ali", picture: "f1" });
  assert.equal(people.add(ALI), false);
  assert.equal(people.known.get("ua").picture, "f1");
  assert.equal(people.add({ ...ALI, display_name: "Ali", picture: "f2" }), true);
  assert.equal(people.known.get("ua").picture, "f2");
  assert.equal(people.add({ ...ALI, display_name: "Ali" }), true);
  assert.ok(!("picture" in people.known.get("ua")));
});

test("of two tabs that save the same person, the one that knows the name also knows the picture", () => {
  const known = { ...ALI, display_name: "Ali", picture: "f1" };
  const [one] = withOthers([{ ...ALI, display_name: null }], [known]);
  assert.deepEqual(one, known);
  const [other] = withOthers([{ ...ALI, display_name: "Ali" }], [known]);
  assert.deepEqual(other, { ...ALI, display_name: "Ali" });
});

test("changed settings with a picture set it, those without one remove it", () => {
  const settings = { title: "Choyxona", topic: "", visibility: "private", history: "all", archived: false };
  const event = { type: "conversation.updated", conversation: "r1", actor: "ali", actor_uid: "ua", ...settings };
  const first = fold(conversation("r1"), { ...event, seq: 1, picture: "f1" }, "ua");
  assert.equal(first.picture, "f1");
  const second = fold(first, { ...event, seq: 2 }, "ua");
  assert.ok(!("picture" in second));
});

test("addresses have the version, and no language; names and ids are quoted", () => {
  const api = new Api({ base: "https://h.example/chat/", language: "uz", fetch: () => {} });
  const pictures = new Pictures(api);
  assert.equal(pictures.url(ALI), null);
  assert.equal(
    pictures.url({ uid: "u/1", user_id: "a&b", picture: "f1" }, 64),
    "https://h.example/chat/api/v1/users/a%26b/picture?size=64&version=f1&uid=u%2F1",
  );
  assert.equal(
    pictures.url({ conversation: "r1", picture: "f2" }),
    "https://h.example/chat/api/v1/conversations/r1/picture?size=256&version=f2",
  );
});

test("bytes come with a token; a change names the file; a refusal is Refused", async () => {
  const asked = [];
  const answers = [
    new Response("bytes"),
    new Response('{"picture":"f3"}'),
    new Response(null, { status: 204 }),
    new Response(null, { status: 204 }),
    new Response('{"code":"not_found","detail":"x"}', { status: 404 }),
  ];
  const fetch = async (url, { method = "GET", headers, body }) => {
    asked.push([method, new URL(url).pathname, headers.authorization, body ?? ""]);
    return answers.shift();
  };
  const pictures = new Pictures(new Api({ base: "https://h.example/", token: "t", fetch }));
  assert.equal(await (await pictures.load({ conversation: "r1", picture: "f2" }, 64)).text(), "bytes");
  assert.equal(await pictures.load({ conversation: "r1" }), null);
  assert.equal((await pictures.set("f3")).picture, "f3");
  await pictures.remove("r1");
  await pictures.removeOf(ALI);
  await assert.rejects(pictures.load({ ...ALI, picture: "f1" }), { code: "not_found" });
  assert.deepEqual(asked, [
    ["GET", "/api/v1/conversations/r1/picture", "Bearer t", ""],
    ["PUT", "/api/v1/me/picture", "Bearer t", '{"file":"f3"}'],
    ["DELETE", "/api/v1/conversations/r1/picture", "Bearer t", "{}"],
    ["DELETE", "/api/v1/users/ali/picture", "Bearer t", "{}"],
    ["GET", "/api/v1/users/ali/picture", "Bearer t", ""],
  ]);
});

test("moderators remove pictures of people below them, owners those of everybody else", () => {
  const may = (mine, theirs, uid = "ua") => removesPicture({ me: { uid: "um", role: mine } }, { uid, role: theirs });
  assert.deepEqual(
    ["member", "moderator", "owner"].map((role) => may("moderator", role)),
    [true, false, false],
  );
  assert.deepEqual(
    ["member", "moderator", "owner"].map((role) => may("owner", role)),
    [true, true, true],
  );
  assert.ok(!may("member", "member") && !may(undefined, "member") && !may("owner", "owner", "um"));
});

test("the square begins in the middle, as large as the image allows, and never leaves the image", () => {
  const crop = new Crop(800, 600);
  assert.deepEqual([crop.left, crop.top, crop.side], [100, 0, 600]);
  crop.drag(1, 1);
  assert.deepEqual([crop.left, crop.top], [0, 0]);
  crop.drag(-1, -1);
  assert.deepEqual([crop.left, crop.top], [200, 0]);
  crop.zoomTo(2);
  assert.deepEqual([crop.left, crop.top, crop.side], [350, 150, 300]);
  crop.drag(-0.5, 0.25);
  assert.deepEqual([crop.left, crop.top], [500, 75]);
  crop.zoomTo(0.1);
  assert.deepEqual([crop.left, crop.top, crop.side], [200, 0, 600]);
});

test("what is under the pointer stays there while it is zoomed", () => {
  const crop = new Crop(1000, 1000);
  const under = (x, y) => [crop.left + x * crop.side, crop.top + y * crop.side];
  const before = under(0.25, 0.75);
  for (const zoom of [2, 5, 3]) {
    crop.zoomTo(zoom, 0.25, 0.75);
    assert.deepEqual(under(0.25, 0.75).map(Math.round), before);
  }
});

test("a small image is zoomed less, a tiny one not at all", () => {
  assert.equal(new Crop(4000, 3000).most, 8);
  assert.equal(new Crop(128, 300).most, 2);
  const tiny = new Crop(20, 30);
  tiny.zoomTo(4);
  assert.deepEqual([tiny.most, tiny.zoom, tiny.side], [1, 1, 20]);
});

test("a direct shows the picture of the other person, a room its own", () => {
  const people = new People();
  people.add({ ...ALI, display_name: "Ali", picture: "f1" });
  const chat = {
    people: people.known,
    peopleVersion: 0,
    holders: (name) => people.holders(name),
    want: () => {},
    pictures: { url: (of, size) => `${of.uid ?? of.conversation} ${of.picture} ${size}` },
  };
  const app = { me: { uid: "um", user_id: "me", display_name: "Me", picture: "f9" }, chat };
  assert.equal(personOf(app, "ua", "ali").face, "ua f1 64");
  assert.equal(personOf(app, "um", "me").face, "um f9 64");
  assert.equal(personOf(app, "ux", "x").face, null);
  const direct = { ...conversation("d1"), kind: "direct", title: "ali", member_count: 2 };
  assert.equal(faceIn(app, direct, true), "ua f1 256");
  assert.equal(faceIn(app, { ...direct, title: "ali, vali", member_count: 3 }), null);
  assert.equal(faceIn(app, { ...conversation("r1"), kind: "room", picture: "f2" }), "r1 f2 64");
  assert.equal(faceIn(app, { ...conversation("r1"), kind: "room" }), null);
});
