// A picture in large: what is under the pointer stays there, and no edge comes into the stage.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fit, Zoom } from "../../suhbat/web/js/models/zoom.js";

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

test("the whole picture fits the stage, never larger than its pixels, but for one that could not be seen", () => {
  const stage = { width: 400, height: 600 };
  assert.deepEqual(fit({ width: 1600, height: 800 }, stage), { width: 400, height: 200 });
  assert.deepEqual(fit({ width: 300, height: 200 }, stage), { width: 300, height: 200 });
  assert.deepEqual(fit({ width: 1, height: 1 }, stage), { width: 160, height: 160 });
  assert.deepEqual(fit({ width: 4, height: 6000 }, stage), { width: 1, height: 600 });
});

test("a long strip is zoomed until it fills the stage, and further", () => {
  const strip = { width: 400, height: 600, shownWidth: 40, shownHeight: 600 };
  const zoom = new Zoom();
  zoom.toggle(0, 0, strip);
  assert.equal(zoom.scale, 10);
  zoom.by(9, 0, 0, strip);
  assert.equal(zoom.scale, 20);
  zoom.toggle(0, 0, strip);
  assert.equal(zoom.scale, 1);
  for (const other of [SIZES, { ...SIZES, shownWidth: 40, shownHeight: 30 }]) {
    zoom.reset();
    zoom.toggle(0, 0, other);
    assert.equal(zoom.scale, 2.5);
  }
});
