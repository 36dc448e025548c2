// What fingers do with a large picture, as a pure state machine.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PictureTouch } from "../../suhbat/web/js/models/picture-touch.js";
import { Zoom } from "../../suhbat/web/js/models/zoom.js";

const SIZES = { width: 400, height: 600, shownWidth: 400, shownHeight: 300 };

/** A picture in the middle of three, or the first or last of them. */
function shown(at = 1) {
  const zoom = new Zoom();
  return new PictureTouch(zoom, { sizes: () => SIZES, more: (step) => at + step >= 0 && at + step < 3 });
}

/** Play touches, 16 ms apart. Returns the last actions, short: `drag 30,0`, `go 1`, `close`, `draw`. */
function play(touch, ...touches) {
  const told = [];
  for (const [what, x = 0, y = 0, { id = 1, after = 16, beside = false } = {}] of touches) {
    touch.clock = (touch.clock ?? 0) + after;
    const place = { x, y };
    const acts =
      what === "down"
        ? touch.down(id, place, beside)
        : what === "move"
          ? touch.move(id, place, touch.clock)
          : touch[what](id, touch.clock);
    for (const act of acts) {
      told.push([act.type, act.type === "drag" ? `${act.x},${act.y}` : act.step].filter(Boolean).join(" "));
    }
  }
  return told;
}
const now = ({ zoom: { scale, x, y } }) => [scale, x + 0, y + 0];

test("a swipe goes to the next picture, and the other way to the one before", () => {
  assert.deepEqual(play(shown(), ["down"], ["move", -40, 5], ["move", -70, 9], ["up"]), [
    "drag -40,0",
    "drag -70,0",
    "go 1",
  ]);
  assert.deepEqual(play(shown(), ["down"], ["move", 70, 5], ["up"]).at(-1), "go -1");
});

test("a short swipe goes back, unless it is quick at its end", () => {
  const slow = { after: 200 };
  assert.equal(play(shown(), ["down"], ["move", -20, 0, slow], ["move", -40, 0, slow], ["up"]).at(-1), "draw");
  assert.equal(play(shown(), ["down"], ["move", -20, 0], ["move", -40, 0], ["up"]).at(-1), "go 1");
  // Far, and back again.
  const back = [
    ["move", -90, 0],
    ["move", -50, 0, slow],
    ["move", -30, 0],
  ];
  assert.equal(play(shown(), ["down"], ...back, ["up"]).at(-1), "draw");
});

test("at the first and the last picture it resists, and stays", () => {
  assert.deepEqual(play(shown(2), ["down"], ["move", -80, 0], ["up"]), ["drag -20,0", "draw"]);
  assert.deepEqual(play(shown(0), ["down"], ["move", 80, 0], ["up"]), ["drag 20,0", "draw"]);
});

test("a pull down closes, a short one and one up do not", () => {
  const slow = { after: 500 };
  assert.deepEqual(play(shown(), ["down"], ["move", 3, 60, slow], ["move", 9, 130, slow], ["up"]), [
    "drag 3,60",
    "drag 9,130",
    "close",
  ]);
  assert.equal(play(shown(), ["down"], ["move", 0, 60, slow], ["up"]).at(-1), "draw");
  assert.equal(play(shown(), ["down"], ["move", 0, 20], ["move", 0, 60], ["up"]).at(-1), "close");
  assert.deepEqual(play(shown(), ["down"], ["move", 0, -200], ["up"]), []);
  // Down, and then up beyond the beginning.
  assert.equal(play(shown(), ["down"], ["move", 0, 30, slow], ["move", 0, -150, slow], ["up"]).at(-1), "draw");
});

test("two fingers zoom, and move what is between them", () => {
  const touch = shown();
  const other = { id: 2 };
  play(touch, ["down", -50, 0], ["down", 50, 0, other], ["move", -100, 0], ["move", 100, 0, other]);
  assert.deepEqual(now(touch), [2, 0, 0]);
  play(touch, ["move", -60, 0], ["move", 140, 0, other]);
  assert.deepEqual(now(touch), [2, 40, 0]);
  // The finger that is left goes on moving the picture; lifting it does nothing else.
  assert.deepEqual(play(touch, ["up", 0, 0, other], ["move", -90, 0], ["up"]), ["draw"]);
  assert.deepEqual(now(touch), [2, 10, 0]);
});

test("what one finger began goes back when a second one comes, and a third one changes nothing", () => {
  const touch = shown();
  const began = play(touch, ["down"], ["move", -50, 0], ["down", 80, 0, { id: 2 }], ["up", 0, 0, { id: 2 }], ["up"]);
  assert.deepEqual(began, ["drag -50,0", "draw"]);
  play(touch, ["down", -50, 0], ["down", 50, 0, { id: 2 }], ["down", 0, 90, { id: 3 }], ["move", 0, 200, { id: 3 }]);
  assert.deepEqual(now(touch), [1, 0, 0]);
});

test("a zoomed picture moves with the finger, and neither swipes nor closes", () => {
  const touch = shown();
  touch.zoom.by(4, 0, 0, SIZES);
  assert.deepEqual(play(touch, ["down"], ["move", -100, 50], ["up"]), ["draw"]);
  assert.deepEqual(now(touch), [4, -100, 50]);
});

test("two taps zoom in at their place, and out again; two single ones do nothing", () => {
  const touch = shown();
  const tap = (x, y, after) => [
    ["down", x, y, { after }],
    ["up", x, y],
  ];
  assert.deepEqual(play(touch, ...tap(40, 20), ...tap(42, 22, 100)), ["draw"]);
  assert.equal(touch.zoom.scale, 2.5);
  assert.equal(touch.zoom.x, -63);
  assert.deepEqual(play(touch, ...tap(0, 0, 100)), []); // a third one belongs to no other
  assert.deepEqual(play(touch, ...tap(0, 0, 100)), ["draw"]);
  assert.equal(touch.zoom.scale, 1);
  assert.deepEqual(play(touch, ...tap(0, 0, 900), ...tap(0, 0, 900), ...tap(90, 0, 100)), []);
});

test("a tap beside the picture is told, a drag from there is a drag", () => {
  assert.deepEqual(play(shown(), ["down", 0, 280, { beside: true }], ["up"]), ["beside"]);
  assert.equal(play(shown(), ["down", 0, 280, { beside: true }], ["move", -90, 280], ["up"]).at(-1), "go 1");
});

test("the browser ends a touch", () => {
  assert.deepEqual(play(shown(), ["down"], ["move", -90, 0], ["cancel"], ["up"]), ["drag -90,0", "draw"]);
});
