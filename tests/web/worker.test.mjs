// What the service worker does with pushes, and with clicks on notifications.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { runInNewContext } from "node:vm";

const SOURCE = readFileSync(new URL("../../suhbat/web/sw.js", import.meta.url), "utf8");
const SCOPE = "https://chat.example.org/team/";

/** A browser with the worker in it. `pages`: its windows. `states`: what the server says of conversations. */
function started({ pages = [], states = {}, signedIn = true } = {}) {
  const listeners = new Map();
  const world = { notes: [], opened: [], asked: [], badge: null, pages };
  const registration = {
    scope: SCOPE,
    getNotifications: async () => [...world.notes],
    showNotification: async (title, { data, ...options }) => {
      if (options.silent && options.renotify) throw new TypeError("a silent notification cannot alert");
      const note = { title, ...options, data: structuredClone(data) };
      note.close = () => (world.notes = world.notes.filter((one) => one !== note));
      world.notes = [...world.notes.filter(({ tag }) => !tag || tag !== options.tag), note];
    },
    pushManager: { subscribe: async (options) => ({ toJSON: () => ({ endpoint: "https://push/2", ...options }) }) },
  };
  runInNewContext(`const VERSION = "1"; const FILES = []; ${SOURCE}`, {
    self: {
      registration,
      addEventListener: (name, listener) => listeners.set(name, listener),
      clients: { matchAll: async () => world.pages, openWindow: async (url) => void world.opened.push(String(url)) },
    },
    navigator: {
      setAppBadge: async (count) => void (world.badge = count),
      clearAppBadge: async () => void (world.badge = 0),
    },
    fetch: async (url, init) => {
      world.asked.push([String(url), init?.body ? JSON.parse(init.body) : null]);
      const state = states[String(url).split("/").pop()];
      return { ok: signedIn && state !== undefined, json: async () => state };
    },
    URL,
  });
  world.fires = async (name, event) => {
    let work;
    listeners.get(name)({ ...event, waitUntil: (given) => (work = given) });
    await work;
  };
  world.gets = (body) => world.fires("push", { data: { json: () => JSON.parse(body) } });
  return world;
}

const push = (place, more = {}) =>
  JSON.stringify({
    web_push: 8030,
    notification: { title: "Nodira", body: "salom", navigate: `${SCOPE}#/c/d1/7`, tag: "d1", lang: "uz", dir: "ltr" },
    app_badge: 3,
    suhbat: place,
    ...more,
  });

const window = (more) => {
  const page = { url: `${SCOPE}#/c/lobby`, visibilityState: "visible", focused: false, told: [], ...more };
  page.postMessage = (message) => page.told.push(JSON.parse(JSON.stringify(message)));
  page.focus = async () => void (page.focused = true);
  return page;
};

test("a push shows what the server sent, and sets the number on the icon", async () => {
  const world = started();
  await world.gets(push({ conversation: "d1", seq: 7 }));
  const [{ title, body, tag, lang, dir, silent, renotify, icon, badge, data }] = world.notes;
  assert.deepEqual([title, body, tag, lang, dir], ["Nodira", "salom", "d1", "uz", "ltr"]);
  assert.deepEqual([silent, renotify, icon, badge], [false, true, "web/icon-192.png", "web/badge.png"]);
  assert.deepEqual(data, { conversation: "d1", seq: 7, navigate: `${SCOPE}#/c/d1/7` });
  assert.equal(world.badge, 3);
  await world.gets(push({ conversation: "d1", seq: 8 }, { app_badge: 0 }));
  assert.deepEqual([world.notes.length, world.badge], [1, 0]);
});

test("each push shows a notification, also one that cannot be read", async () => {
  for (const body of ["", "{", "null", "[]", '"text"', "{}", '{"notification": {}}']) {
    const world = started();
    await world.gets(body);
    assert.deepEqual(
      world.notes.map(({ title }) => title),
      ["Suhbat"],
      body,
    );
  }
  const empty = started();
  await empty.fires("push", { data: null });
  assert.equal(empty.notes.length, 1);
});

test("what a page in the background has shown already is not told again", async () => {
  const world = started({ pages: [window({})] });
  const shown = { tag: "d1/7", body: "salom", data: { conversation: "d1", seq: 7, ordinal: 4 }, title: "Nodira V." };
  const { title, ...options } = shown;
  await world.fires("push", { data: null });
  world.notes = [];
  const close = () => {};
  world.notes = [{ title, ...options, close }];
  await world.gets(push({ conversation: "d1", seq: 7 }));
  assert.equal(world.notes.length, 1);
  const [note] = world.notes;
  assert.deepEqual([note.title, note.tag, note.silent, note.renotify], ["Nodira V.", "d1/7", true, false]);
  assert.deepEqual(note.data, shown.data);
  await world.gets(push({ conversation: "d1", seq: 8 }));
  assert.deepEqual(
    world.notes.map(({ tag }) => tag),
    ["d1/7", "d1"],
  );
});

test("open pages are told of the push, so that one that somebody looks at can close it", async () => {
  const [page, other] = [window({}), window({ url: `${SCOPE}try` })];
  const world = started({ pages: [page, other] });
  await world.gets(push({ conversation: "d1", seq: 7 }));
  await world.gets('{"notification": {"title": "Sinov"}}');
  assert.deepEqual(page.told, [{ pushed: { conversation: "d1", seq: 7 } }]);
  assert.deepEqual([other.told, world.notes.length], [[], 2]);
});

test("a push closes the notifications of what was read on another device", async () => {
  const states = { d1: { unread: 0 }, r1: { unread: 2, threads: [{ root: 3, unread: 0 }] } };
  const world = started({ states });
  await world.gets(push({ conversation: "d1", seq: 7 }));
  const note = (tag) => ({ notification: { title: tag, tag } });
  await world.gets(push({ conversation: "r1", seq: 8 }, note("r1")));
  const reply = { title: "r1/3", tag: "r1/3", navigate: `${SCOPE}#/c/r1/t/3/9` };
  await world.gets(push({ conversation: "r1", seq: 9 }, { notification: reply }));
  assert.deepEqual(
    world.notes.map(({ tag }) => tag),
    ["r1", "r1/3"],
  );
  await world.gets(push({ conversation: "d2", seq: 1 }, note("d2")));
  assert.deepEqual(
    world.notes.map(({ tag }) => tag),
    ["r1", "d2"],
  );
  assert.ok(world.asked.every(([url]) => url.startsWith(`${SCOPE}api/v1/conversations/`)));
});

test("nothing is closed without an answer of the server", async () => {
  const world = started({ states: { d1: { unread: 0 } }, signedIn: false });
  await world.gets(push({ conversation: "d1", seq: 7 }));
  await world.gets(push({ conversation: "d2", seq: 1 }, { notification: { title: "Jasur", tag: "d2" } }));
  assert.equal(world.notes.length, 2);
});

test("a click opens the message, in an open page if there is one", async () => {
  const click = async (world, data) => {
    let closed = false;
    await world.fires("notificationclick", { notification: { data, close: () => (closed = true) } });
    assert.ok(closed);
  };
  const hidden = window({ visibilityState: "hidden" });
  const other = window({ url: `${SCOPE}try` });
  const seen = window({});
  await click(started({ pages: [other, hidden, seen] }), { conversation: "d1", seq: 7, navigate: "x" });
  assert.deepEqual(seen.told, [{ open: { conversation: "d1", seq: 7 } }]);
  assert.deepEqual([seen.focused, hidden.told, other.told], [true, [], []]);
  const cases = [
    [{ conversation: "d 1", seq: 7 }, "#/c/d%201/7"],
    [{ conversation: "r1", seq: 7, thread: 3 }, "#/c/r1/t/3/7"],
    [{ navigate: `${SCOPE}#/settings/notifications` }, "#/settings/notifications"],
    [{ navigate: "/team/#/settings/notifications" }, "#/settings/notifications"],
    [{ navigate: "https://elsewhere.example.org/" }, ""],
    [{}, ""],
    [undefined, ""],
  ];
  for (const [data, address] of cases) {
    const world = started({ pages: [other] });
    await click(world, data);
    assert.deepEqual(world.opened, [SCOPE + address], JSON.stringify(data));
  }
});

test("a subscription that the browser replaces is told to the server", async () => {
  const world = started();
  const oldSubscription = { options: { userVisibleOnly: true } };
  await world.fires("pushsubscriptionchange", { oldSubscription });
  await world.fires("pushsubscriptionchange", { newSubscription: { toJSON: () => ({ endpoint: "https://push/3" }) } });
  await world.fires("pushsubscriptionchange", {});
  assert.deepEqual(world.asked, [
    [`${SCOPE}api/v1/push`, { endpoint: "https://push/2", userVisibleOnly: true }],
    [`${SCOPE}api/v1/push`, { endpoint: "https://push/3" }],
  ]);
});
