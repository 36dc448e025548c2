// The preferences of a device, which all of its tabs share.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const KEY = "suhbat.preferences";
const stored = new Map();
/** What the page listens to, to hear of other tabs. @type {((event: {key: string}) => void)[]} */
const ears = [];
globalThis.localStorage = {
  getItem: (key) => stored.get(key) ?? null,
  setItem: (key, value) => void stored.set(key, value),
};
globalThis.addEventListener = (name, ear) => void (name === "storage" && ears.push(ear));

const { following, onPreferences, prefer, preferences } = await import("../../suhbat/web/js/storage/preferences.js");
const { current, onchange, t, use } = await import("../../suhbat/web/js/text/languages.js");

/** Another tab changes the preferences. Its event comes later than what it stored. */
function elsewhere(change) {
  stored.set(KEY, JSON.stringify({ ...JSON.parse(stored.get(KEY) ?? "{}"), ...change }));
  return () => ears.forEach((ear) => ear({ key: KEY }));
}

beforeEach(() => elsewhere({ theme: "system", silent: [], language: null })());

test("a change keeps what another tab changed, also before this tab was told", () => {
  const tell = elsewhere({ theme: "dark", silent: ["c1"] });
  prefer({ language: "uz" });
  assert.deepEqual([preferences().theme, preferences().silent, preferences().language], ["dark", ["c1"], "uz"]);
  assert.equal(JSON.parse(stored.get(KEY)).theme, "dark");
  tell();
  assert.equal(preferences().language, "uz");
});

test("a change of another tab is told, until one no longer listens", () => {
  let told = 0;
  const end = onPreferences(() => (told += 1));
  elsewhere({ theme: "light" })();
  assert.deepEqual([told, preferences().theme], [1, "light"]);
  end();
  elsewhere({ theme: "dark" })();
  assert.equal(told, 1);
});

test("a control follows the preferences while it is in the page", () => {
  const box = following({ isConnected: true, value: "" }, (one) => (one.value = preferences().theme));
  assert.equal(box.value, "system");
  elsewhere({ theme: "dark" })();
  assert.equal(box.value, "dark");
  box.isConnected = false;
  elsewhere({ theme: "light" })();
  box.isConnected = true;
  elsewhere({ theme: "light" })();
  assert.equal(box.value, "dark");
});

test("of two languages that are chosen one after the other, the last one stays", async () => {
  await use("en");
  let changes = 0;
  const end = onchange(() => (changes += 1));
  await Promise.all([use("ru"), use("uz")]);
  assert.deepEqual([current(), changes], ["uz", 1]);
  assert.equal(t("you"), "Siz");
  end();
  await use("en");
});
