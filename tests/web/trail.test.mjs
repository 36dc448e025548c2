// The browser's history as the layers over the page use it. The browser goes back later than it is asked to.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Trail } from "../../suhbat/web/js/views/trail.js";

/** The entries of a browser's history. `arrive` lets it do what it was asked to. */
class FakeHistory {
  entries = [{ state: null, hash: "#/" }];
  at = 0;
  #steps = 0;
  #told = () => {};

  constructor() {
    globalThis.history = this;
    globalThis.addEventListener = (_, told) => (this.#told = told);
    const browser = this;
    globalThis.location = {
      get hash() {
        return browser.entries[browser.at].hash;
      },
      set hash(hash) {
        browser.pushState(null, "", hash);
        browser.#told(); // browsers tell this as `popstate`, too
      },
    };
  }

  get state() {
    return this.entries[this.at].state;
  }

  get length() {
    return this.entries.length;
  }

  pushState(state, _, hash = location.hash) {
    this.entries.splice(++this.at, Infinity, { state, hash });
  }

  replaceState(state, _, hash = location.hash) {
    this.entries[this.at] = { state, hash };
  }

  go(steps) {
    this.#steps += steps;
  }

  back() {
    this.go(-1);
  }

  arrive() {
    this.at = Math.max(0, this.at + this.#steps);
    this.#steps = 0;
    this.#told();
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
/** @type {FakeHistory} */
let browser;
/** @type {Trail} */
let trail;
/** @type {string[]} what was closed by the trail, and the places that were shown */
let done;

beforeEach(async () => {
  browser = new FakeHistory();
  trail = new Trail();
  done = [];
  trail.route = () => {
    done.push(location.hash);
    trail.shown("conversation");
  };
  trail.listen();
  await settled();
});

test("Back closes the topmost layer", async () => {
  trail.cover(() => done.push("menu"));
  await settled();
  trail.cover(() => done.push("dialog"));
  await settled();
  assert.equal(browser.length, 3);
  for (const closed of [["dialog"], ["dialog", "menu"]]) {
    browser.back();
    browser.arrive();
    assert.deepEqual(done, closed);
  }
});

test("the entry of a layer is there before any timer, which browsers hold back after a tap", async () => {
  trail.cover(() => done.push("dialog"));
  await Promise.resolve();
  assert.equal(browser.state?.layers, 1);
});

test("a layer that opens while the browser takes the entry of another stays", async () => {
  const uncover = trail.cover(() => done.push("menu"));
  await settled();
  uncover(); // Escape closed the menu
  await settled();
  trail.cover(() => done.push("dialog"));
  browser.arrive();
  await settled();
  assert.deepEqual(done, []);
  assert.deepEqual([browser.at, browser.state.layers], [1, 1]);
  browser.back();
  browser.arrive();
  assert.deepEqual(done, ["dialog"]);
});

test("what one chose in a layer takes the place of its entry", async () => {
  trail.cover(() => done.push("switcher"));
  await settled();
  trail.go("#/c/lobby");
  assert.deepEqual(done, ["switcher", "#/c/lobby"]);
  assert.deepEqual([browser.at, browser.state], [1, null]);
});

test("Back from an address that led nowhere shows the start, though the two entries have one address", async () => {
  location.hash = "#/c/nothing";
  trail.route();
  trail.lost();
  assert.deepEqual([location.hash, browser.length], ["#/", 2]);
  const uncover = trail.cover(() => {});
  await settled();
  uncover(); // a dialog over the note leads back to the note
  await settled();
  browser.arrive();
  assert.deepEqual(done, ["#/c/nothing"]);
  browser.back();
  browser.arrive();
  assert.deepEqual(done, ["#/c/nothing", "#/"]);
});

test("a place that one entered from a sheet takes its entry, and leaving leads back to where that was", async () => {
  trail.go("#/c/lobby");
  const uncover = trail.cover(() => {});
  await settled();
  uncover(); // the sheet closes, and its action enters the thread before the browser went back
  trail.enter("#/c/lobby/t/5");
  await settled();
  assert.deepEqual([location.hash, browser.length, browser.state.over], ["#/c/lobby/t/5", 3, 1]);
  trail.enter("#/c/lobby/t/7", true); // another thread beside it
  assert.deepEqual([location.hash, browser.length, browser.state.over], ["#/c/lobby/t/7", 3, 1]);
  trail.leave("#/c/lobby");
  browser.arrive();
  assert.equal(location.hash, "#/c/lobby");
});

test("a place that was the first one is left for the address below it, without a step back", () => {
  trail.go("#/c/lobby/t/5");
  trail.leave("#/c/lobby");
  assert.deepEqual([location.hash, browser.length], ["#/c/lobby", 2]);
});

test("a second click or key press that leaves, before the browser has gone back, leads no further", async () => {
  trail.go("#/c/lobby");
  trail.enter("#/settings");
  trail.leave();
  trail.leave();
  browser.arrive();
  assert.equal(location.hash, "#/c/lobby");
  trail.enter("#/settings");
  const uncover = trail.cover(() => {});
  await settled();
  uncover(); // Escape closes a dialog, and the next one leaves before the browser has taken its entry
  await settled();
  trail.leave();
  browser.arrive();
  browser.arrive();
  assert.equal(location.hash, "#/c/lobby");
});

test("the button to the list leads there, though an address was opened while a layer lay over the place", async () => {
  trail.shown("list");
  location.hash = "#/c/one";
  trail.shown("conversation");
  trail.cover(() => done.push("pane"));
  await settled();
  location.hash = "#/c/two"; // a link in the pane, or one in the page while its entry is being taken back
  trail.shown("conversation");
  await settled();
  trail.back();
  browser.arrive();
  assert.deepEqual([location.hash, done], ["#/", ["pane"]]);
});
