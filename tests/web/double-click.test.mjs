// Double clicks on buttons that also take back what they did.

import assert from "node:assert/strict";
import { test } from "node:test";

import { DoubleClick, TOGETHER } from "../../suhbat/web/js/models/double-click.js";

test("clicks on the same thing shortly after each other are one, later ones and those on other things are not", () => {
  const clicks = new DoubleClick();
  assert.equal(clicks.again("7 👍", 0), false);
  assert.equal(clicks.again("7 👍", TOGETHER - 1), true);
  assert.equal(clicks.again("7 👍", 2 * TOGETHER - 2), true);
  assert.equal(clicks.again("7 👍", 3 * TOGETHER), false);
  assert.equal(clicks.again("8 👍", 3 * TOGETHER + 1), false);
  assert.equal(clicks.again("8 🎉", 3 * TOGETHER + 2), false);
  assert.equal(clicks.again("8 👍", 3 * TOGETHER + 3), false);
});
