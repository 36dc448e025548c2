// Whether a browser can tell of messages, and its push subscription.

import assert from "node:assert/strict";
import test from "node:test";

import { isOfKey, standing, switched, wanted } from "../../suhbat/web/js/models/push.js";
import { Pushes } from "../../suhbat/web/js/pushes.js";

const ABLE = {
  secure: true,
  notifies: true,
  worker: true,
  pushes: true,
  apple: false,
  installed: false,
  permission: "default",
};

test("what stands in the way of notifications is named, the first obstacle first", () => {
  const cases = [
    [{}, "ask"],
    [{ permission: "granted" }, "granted"],
    [{ permission: "denied" }, "denied"],
    [{ secure: false, notifies: false, worker: false }, "insecure"],
    [{ apple: true, pushes: false, notifies: false }, "install"],
    [{ apple: true, secure: false, pushes: false }, "insecure"],
    [{ apple: true, installed: true }, "ask"],
    [{ apple: true, installed: true, pushes: false, notifies: false }, "unable"],
    [{ worker: false, permission: "granted" }, "unable"],
    [{ pushes: false, permission: "granted" }, "granted"], // notifications while a tab is open
  ];
  for (const [browser, found] of cases) assert.equal(standing({ ...ABLE, ...browser }), found, JSON.stringify(browser));
});

test("each account of a device chooses for itself; an older choice was for whoever is logged in", () => {
  const older = { notify: true, notified: [] };
  assert.ok(wanted(older, "ali") && wanted(older, "vali"));
  const off = switched(older, "ali", false);
  assert.ok(!wanted(off, "ali"));
  const on = switched(switched(off, "ali", true), "ali", true);
  assert.deepEqual(on, { notify: false, notified: ["ali"] });
  assert.ok(!wanted(on, "vali"));
  let many = on;
  for (let n = 0; n < 20; n += 1) many = switched(many, `u${n}`, true);
  assert.equal(many.notified.length, 10);
  assert.ok(wanted(many, "u19") && !wanted(many, "ali"));
});

const KEY = "BAH_-w"; // the bytes 4, 1, 255, 251

test("a subscription is bound to the key of the server", () => {
  assert.ok(isOfKey(new Uint8Array([4, 1, 255, 251]).buffer, KEY));
  assert.ok(!isOfKey(new Uint8Array([4, 1, 255, 250]).buffer, KEY));
  assert.ok(!isOfKey(null, KEY));
});

/** A browser with a push service. `keys`: those that were subscribed with. `ended`: how many subscriptions were. */
class Browser {
  /** @type {any} */
  subscription = null;
  keys = [];
  ended = 0;
  refuses = false;

  registration = async () => ({ pushManager: /** @type {any} */ (this) });

  async getSubscription() {
    return this.subscription;
  }

  async subscribe({ userVisibleOnly, applicationServerKey }) {
    assert.ok(userVisibleOnly);
    if (this.refuses) throw new Error("AbortError: push service error");
    this.keys.push(applicationServerKey);
    return this.give(applicationServerKey);
  }

  give(key) {
    const made = {
      options: { applicationServerKey: Uint8Array.from(Buffer.from(key, "base64url")).buffer },
      toJSON: () => ({ endpoint: `https://push.example.org/${this.keys.length}` }),
      unsubscribe: async () => {
        if (this.subscription === made) this.subscription = null;
        this.ended += 1;
      },
    };
    return (this.subscription = made);
  }
}

/** The page of a user. `posted`: the endpoints that the server was told. */
function page(browser, { key = KEY, refusal = null } = {}) {
  const posted = [];
  const ended = [];
  let told = 0;
  const api = {
    get: async () => ({ push_key: key }),
    post: async (path, { endpoint }) => {
      posted.push(endpoint);
      const refused = refusal?.(posted.length);
      if (refused) throw Object.assign(new Error(refused.code), refused);
      return { id: `p${posted.length}` };
    },
    delete: async (path) => void ended.push(path),
  };
  const pushes = new Pushes({ api, registration: browser.registration, changed: () => (told += 1), patience: 5 });
  return { pushes, posted, ended, told: () => told };
}

const ACCOUNT = { account: true };

test("each start tells the server the subscription again, and makes one only if there is none", async () => {
  const browser = new Browser();
  for (let start = 0; start < 3; start += 1) {
    const { pushes, posted, told } = page(browser);
    await pushes.follow(true, ACCOUNT);
    await pushes.follow(true, ACCOUNT); // nothing has changed
    assert.deepEqual([pushes.state, pushes.id, posted.length, told()], ["on", "p1", 1, 1]);
  }
  assert.deepEqual([browser.keys, browser.ended], [[KEY], 0]);
});

test("with another key of the server, the browser subscribes anew", async () => {
  const browser = new Browser();
  browser.give("BAAAAA");
  await page(browser).pushes.follow(true, ACCOUNT);
  assert.deepEqual([browser.keys, browser.ended], [[KEY], 1]);
});

test("an endpoint that belongs to another account with other keys is given up", async () => {
  const browser = new Browser();
  browser.give(KEY);
  const { pushes, posted } = page(browser, { refusal: (n) => n === 1 && { code: "endpoint_in_use", status: 409 } });
  await pushes.follow(true, ACCOUNT);
  assert.deepEqual([pushes.state, pushes.id, posted.length, browser.ended], ["on", "p2", 2, 1]);
});

test("who does not want notifications on this device has no subscription, whoever made it", async () => {
  const browser = new Browser();
  browser.give(KEY);
  const { pushes, posted, ended } = page(browser);
  await pushes.follow(false, ACCOUNT);
  assert.deepEqual([pushes.state, browser.subscription, posted], ["off", null, []]);
  await pushes.follow(true, ACCOUNT);
  await pushes.follow(false, ACCOUNT);
  assert.deepEqual(ended, ["/push/p1"]);
  assert.deepEqual([pushes.state, pushes.id, browser.subscription], ["off", null, null]);
});

test("guests, and accounts that the server refuses, get none", async () => {
  const guest = page(new Browser());
  await guest.pushes.follow(true, { account: false });
  assert.deepEqual([guest.pushes.state, guest.posted], ["none", []]);
  await guest.pushes.follow(true, ACCOUNT); // the guest made an account
  assert.equal(guest.pushes.state, "on");
  const outside = page(new Browser(), { refusal: () => ({ code: "forbidden", status: 403 }) });
  await outside.pushes.follow(true, ACCOUNT);
  assert.equal(outside.pushes.state, "none");
});

test("what failed is tried again, and nothing else is", async () => {
  const browser = new Browser();
  browser.refuses = true;
  const { pushes, posted } = page(browser);
  await pushes.follow(true, ACCOUNT);
  await pushes.follow(true, ACCOUNT);
  assert.deepEqual([pushes.state, pushes.id], ["failed", null]);
  browser.refuses = false;
  await pushes.retry();
  await pushes.retry();
  assert.deepEqual([pushes.state, posted.length], ["on", 1]);
});

test("a browser without a push service fails, and so does a worker that never starts", async () => {
  const none = page({ registration: async () => ({}) });
  await none.pushes.follow(true, ACCOUNT);
  assert.equal(none.pushes.state, "failed");
  const never = page({ registration: () => new Promise(() => {}) });
  const first = never.pushes.follow(true, ACCOUNT);
  await never.pushes.follow(false, ACCOUNT);
  assert.equal(never.pushes.state, "off");
  await first;
  assert.equal(never.pushes.state, "off");
});
