// All tabs of one user share one socket: the election of a leader, the messages to the other tabs, and the
// change of the leader.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Chat } from "../../suhbat/web/js/sdk/chat.js";
import { PATIENCE_MS, TabsLink } from "../../suhbat/web/js/sdk/tabs.js";
import { ANNA, CAUGHT_UP, FakeClock, FakeLink, message, snapshot, welcome } from "./parts.mjs";

/**
 * One lock and one channel between tabs, as the browser has them. A message arrives when the test says
 * `settle`.
 */
class Browser {
  clock = new FakeClock();
  #queue = [];
  #holder = null;
  #channels = new Set();
  #mail = [];

  locks = {
    request: (name, options, held) =>
      new Promise((resolve, reject) => {
        const entry = { held, resolve, reject };
        options.signal?.addEventListener("abort", () => {
          if (!this.#queue.includes(entry)) return;
          this.#queue.splice(this.#queue.indexOf(entry), 1);
          reject(options.signal.reason);
        });
        if (options.steal) {
          this.#holder?.reject(new DOMException("stolen", "AbortError"));
          this.#grant(entry);
        } else {
          this.#queue.push(entry);
          this.#next();
        }
      }),
  };

  channel = () => {
    const channel = {
      onmessage: null,
      close: () => void this.#channels.delete(channel),
      postMessage: (data) => {
        const others = [...this.#channels].filter((other) => other !== channel);
        this.#mail.push([structuredClone(data), others]);
      },
    };
    this.#channels.add(channel);
    return channel;
  };

  /** Deliver messages until none is left. */
  async settle() {
    do {
      while (this.#mail.length > 0) {
        const [data, others] = this.#mail.shift();
        for (const other of others) if (this.#channels.has(other)) other.onmessage?.({ data });
      }
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#mail.length > 0);
  }

  async pass(milliseconds) {
    this.clock.pass(milliseconds);
    await this.settle();
  }

  tab(name, options = {}) {
    const link = new FakeLink();
    const { clock, locks, channel } = this;
    const shared = new TabsLink({ name: "suhbat:ua", link, locks, channel, tab: name, clock });
    const chat = new Chat({
      base: "http://chat.example/",
      token: "t",
      link: shared,
      clock,
      random: () => 1,
      fetch: async () => {
        throw new TypeError("no network");
      },
      ...options,
    });
    const told = [];
    chat.on("event", ({ seq }) => told.push(seq));
    for (const event of ["snapshot", "reset", "caught_up"]) chat.on(event, () => told.push(event));
    chat.connect();
    return { chat, link, told, shared };
  }

  #grant(entry) {
    this.#holder = entry;
    const free = () => {
      if (this.#holder !== entry) return;
      this.#holder = null;
      entry.resolve();
      this.#next();
    };
    entry.held().then(free);
  }

  #next() {
    if (!this.#holder && this.#queue.length > 0) this.#grant(this.#queue.shift());
  }
}

/** An online leader tab, and a second tab that has joined it. */
async function two() {
  const browser = new Browser();
  const first = browser.tab("a");
  await browser.settle();
  first.link.accept();
  first.link.hear(welcome(), snapshot(), CAUGHT_UP, message(1));
  const second = browser.tab("b");
  await browser.settle();
  for (const { told } of [first, second]) told.length = 0;
  return { browser, first, second };
}

test("the first tab leads, the next joins without a socket and knows the same", async () => {
  const { first, second } = await two();
  assert.deepEqual([first.link.opened, second.link.opened], [1, 0]);
  assert.deepEqual([first.chat.status.state, second.chat.status.state], ["online", "online"]);
  assert.deepEqual(second.chat.conversations, first.chat.conversations);
  assert.deepEqual(second.chat.cursors, first.chat.cursors);
  assert.deepEqual([second.chat.me, second.chat.people.get("ub").user_id], [ANNA, "bobur"]);
});

test("every event comes to every tab once", async () => {
  const { browser, first, second } = await two();
  first.link.hear(message(2), message(2), message(3));
  await browser.settle();
  assert.deepEqual(
    [first.told, second.told],
    [
      [2, 3],
      [2, 3],
    ],
  );
});

test("a command of another tab goes through the leader, and its answer to that tab only", async () => {
  const { browser, first, second } = await two();
  first.link.heard();
  const [one, other] = [first, second].map(({ chat }, n) => chat.send({ conversation: "lobby", text: `from ${n}` }));
  await browser.settle();
  const said = first.link.heard();
  assert.deepEqual(
    said.map(({ text, id }) => [text, id]),
    [
      ["from 0", "a:1"],
      ["from 1", "b:1"],
    ],
  );
  for (const [seq, { id }] of [...said.entries()].reverse()) first.link.hear({ type: "ok", id, seq });
  await browser.settle();
  assert.deepEqual([await one, await other], [{ seq: 0 }, { seq: 1 }]);
});

test("heads are everybody's business, whoever asked", async () => {
  const { browser, first, second } = await two();
  first.link.hear({ type: "pong", id: 'b:"ping1"', heads: { lobby: 5 } });
  await browser.settle();
  first.link.heard();
  await browser.pass(2_500);
  const asked = first.link.heard().filter(({ type }) => type === "sync");
  assert.deepEqual(
    asked,
    [1, 2].map(() => ({ type: "sync", cursors: { lobby: 1 } })),
  );
  first.link.hear(message(2), message(3), message(2), message(3));
  await browser.settle();
  assert.deepEqual(
    [first.told, second.told],
    [
      [2, 3],
      [2, 3],
    ],
  );
});

test("a tab that comes before the leader is online waits for it, however long that takes", async () => {
  const browser = new Browser();
  const first = browser.tab("a");
  await browser.settle();
  const second = browser.tab("b");
  await browser.settle();
  for (let n = 0; n < 20; n++) await browser.pass(PATIENCE_MS / 10);
  assert.deepEqual([second.chat.status.state, second.link.opened], ["connecting", 0]);
  first.link.accept();
  first.link.hear(welcome(), snapshot(), CAUGHT_UP);
  await browser.settle();
  assert.equal(second.chat.status.state, "online");
});

test("when the leader goes the next one resumes from its own cursors, and nothing is lost or doubled", async () => {
  const { browser, first, second } = await two();
  const third = browser.tab("c");
  await browser.settle();
  third.told.length = 0;
  const sent = second.chat.send({ conversation: "lobby", text: "salom", clientId: "k" });
  first.chat.close();
  await browser.settle();
  await browser.pass(1_000);
  assert.deepEqual(second.link.accept().resume.cursors, { "@me": 0, lobby: 1 });
  second.link.hear(welcome({ resumed: true }), message(2), CAUGHT_UP);
  await browser.settle();
  // The third tab lacks the events that only the second received. It syncs, and is online when it has them.
  const said = second.link.heard();
  assert.deepEqual(
    said.map(({ type, cursors }) => cursors ?? type),
    ["send", { lobby: 1 }],
  );
  assert.equal(third.chat.status.state, "connecting");
  second.link.hear(message(2), CAUGHT_UP, { type: "ok", id: said[0].id, seq: 3 }, message(3));
  assert.equal((await sent).seq, 3);
  await browser.settle();
  assert.deepEqual(third.told, [2, "caught_up", 3]);
  assert.deepEqual(second.told, [2, "caught_up", 3]);
  assert.deepEqual([third.link.opened, third.chat.status.state], [0, "online"]);
});

test("when the leader's connection breaks the others come back with it, without a snapshot", async () => {
  const { browser, first, second } = await two();
  first.link.end(1006);
  await browser.settle();
  assert.deepEqual([second.chat.status.state, second.chat.status.code], ["offline", 1006]);
  await browser.pass(500);
  first.link.accept();
  first.link.hear(welcome({ resumed: true }), CAUGHT_UP);
  await browser.pass(500);
  assert.deepEqual([second.chat.status.state, second.told], ["online", ["caught_up"]]);
});

test("a close that is for good is so for all, and none of them tries again", async () => {
  const { browser, first, second } = await two();
  first.link.end(4505, "session_revoked");
  await new Promise((resolve) => setImmediate(resolve)); // a lock may be faster than a message
  await browser.settle();
  await browser.pass(60_000);
  for (const { chat } of [first, second]) assert.deepEqual([chat.status.state, chat.status.code], ["closed", 4505]);
  assert.deepEqual([first.link.opened, second.link.opened], [1, 0]);
});

test("somebody who does not want to wait hurries the leader", async () => {
  const { browser, first, second } = await two();
  for (let n = 0; n < 6; n++) {
    first.link.end(1006);
    await browser.settle();
    if (n < 5) await browser.pass(first.chat.status.retryAt - browser.clock.wall());
  }
  const before = first.link.opened;
  await browser.pass(1_000);
  second.chat.retryNow();
  second.chat.retryNow();
  await browser.settle();
  assert.deepEqual([first.link.opened, first.chat.status.state], [before + 1, "connecting"]);
});

test("a leader that its browser has put to sleep loses the lead", async () => {
  const { browser, first } = await two();
  const channel = browser.channel; // the leader does not hear a tab that opens now
  browser.channel = () => ({ ...channel(), postMessage() {} });
  const third = browser.tab("c");
  browser.channel = channel;
  await browser.pass(PATIENCE_MS);
  assert.deepEqual([third.link.opened, first.chat.status.state, first.link.closed], [1, "offline", [4000]]);
  third.link.accept();
  third.link.hear(welcome(), snapshot({ lobby: 1 }), CAUGHT_UP);
  assert.equal(third.chat.status.state, "online");
});

test("a tab of another epoch, or with other conversations, begins with a snapshot", async () => {
  const { browser, first, second } = await two();
  const saved = second.chat.save();
  for (const other of [
    { epoch: "e0" },
    { cursors: { "@me": 0 } },
    { cursors: { ...saved.cursors, d9: 1 } },
    { cursors: { ...saved.cursors, lobby: 2 } },
  ]) {
    const third = browser.tab("c", { restored: { ...saved, ...other } });
    await browser.settle();
    assert.deepEqual(third.told, ["snapshot", "caught_up"]);
    assert.deepEqual(third.chat.cursors, first.chat.cursors);
    third.chat.close();
    await browser.pass(1_000);
  }
  const fourth = browser.tab("d", { restored: saved });
  await browser.settle();
  assert.deepEqual(fourth.told, ["caught_up"]);
});

test("the token does not go over the channel", async () => {
  const browser = new Browser();
  const heard = [];
  browser.channel().onmessage = ({ data }) => heard.push(data);
  const first = browser.tab("a", { token: "secret" });
  await browser.settle();
  first.link.accept();
  first.link.hear(welcome(), snapshot(), CAUGHT_UP);
  browser.tab("b", { token: "secret" });
  await browser.settle();
  assert.ok(heard.some(({ kind }) => kind === "hello"));
  assert.ok(!JSON.stringify(heard).includes("secret"));
});

test("without locks, as over plain HTTP from another machine, each tab has a connection of its own", () => {
  const link = new FakeLink();
  const shared = new TabsLink({ name: "suhbat:ua", link, locks: null, channel: assert.fail });
  const chat = new Chat({ base: "http://chat.example/", token: "t", link: shared, clock: new FakeClock() });
  chat.connect();
  link.accept();
  link.hear(welcome(), snapshot(), CAUGHT_UP);
  void chat.send({ conversation: "lobby", text: "salom" }).catch(() => {});
  assert.deepEqual([chat.status.state, link.heard().map(({ id }) => id)], ["online", [1]]);
  chat.close();
  assert.deepEqual(link.closed, [1000]);
});
