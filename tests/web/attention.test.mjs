// When the server is told that somebody looks at the page.

import assert from "node:assert/strict";
import test from "node:test";

import { AGAIN_MS, Attention, IDLE_MS } from "../../suhbat/web/js/models/attention.js";

test("the server is told at once, again before it forgets, and when nobody looks any more", () => {
  const one = new Attention();
  assert.equal(one.tell(0), null);
  one.focus(true, 1);
  assert.equal(one.tell(1), true);
  assert.equal(one.tell(AGAIN_MS), null);
  assert.equal(one.tell(AGAIN_MS + 1), true);
  one.focus(false, AGAIN_MS + 2);
  assert.equal(one.tell(AGAIN_MS + 2), false);
  assert.equal(one.tell(10 * AGAIN_MS), null);
});

test("nobody looks at a window that was not used for minutes, until they use it again", () => {
  const one = new Attention();
  one.focus(true, 0);
  assert.equal(one.tell(0), true);
  one.used(1000);
  assert.equal(one.tell(IDLE_MS + 999), true);
  assert.equal(one.tell(IDLE_MS + 1000), false);
  assert.equal(one.tell(IDLE_MS + 2000), null);
  one.used(IDLE_MS + 3000);
  assert.equal(one.tell(IDLE_MS + 3000), true);
});

test("a new connection knows nothing", () => {
  const one = new Attention();
  one.focus(true, 0);
  assert.equal(one.tell(0), true);
  one.renew();
  assert.equal(one.tell(1), true);
  one.focus(false, 2);
  one.renew();
  assert.equal(one.tell(3), null);
});
