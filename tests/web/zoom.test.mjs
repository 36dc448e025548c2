// A picture in large: what is under the pointer stays there, and no edge comes into the stage.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Zoom } from "../../suhbat/web/js/models/zoom.js";

const SIZES = { width: 400, height: 600, shownWidth: 400, shownHeight: 300 };
const now = ({ scale, x, y }) => [scale, x + 0, y + 0]; // + 0: no negative zero

test("the place under the pointer stays where it is", () => {
  const zoom = new Zoom();
  zoom.by(4, 100, 50, SIZES);
  assert.deepEqual(now(zoom), [4, -300, -150]);
  zoom.by(0.5, 100, 50, SIZES);
  assert.deepEqual(now(zoom), [2, -100, 0]); // vertically it fits again, so it is in the middle
});

test("it is never smaller than the stage, nor larger than six times", () => {
  const zoom = new Zoom();
  zoom.by(0.1, 30, 30, SIZES);
  assert.deepEqual(now(zoom), [1, 0, 0]);
  zoom.by(100, 0, 0, SIZES);
  assert.equal(zoom.scale, 6);
  zoom.by(0, 10, 10, SIZES);
  assert.deepEqual(now(zoom), [1, 0, 0]);
});

test("a drag stops at the edges of the picture", () => {
  const zoom = new Zoom();
  zoom.move(50, 50, SIZES);
  assert.deepEqual(now(zoom), [1, 0, 0]);
  zoom.by(4, 0, 0, SIZES);
  zoom.move(-5000, 200, SIZES);
  assert.deepEqual(now(zoom), [4, -600, 200]);
  zoom.reset();
  assert.deepEqual(now(zoom), [1, 0, 0]);
});
