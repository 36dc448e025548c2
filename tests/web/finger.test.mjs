// What a finger does: long presses and drags, as a pure state machine.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Finger } from "../../suhbat/web/js/models/finger.js";

const LEFT = () => -1;

/** Play touches on a finger. Returns the actions, short: `press`, `drag 20`, `drag 70!` if ready, `done`, `back`. */
function play(finger, ...touches) {
  const told = [];
  let at = 0;
  for (const [what, ...more] of touches) {
    at += 16;
    const acts = what === "move" ? finger.move(more[0], more[1], more[2] ?? at) : finger[what](...more);
    told.push(...acts.map((act) => (act.type === "drag" ? `drag ${act.by}${act.ready ? "!" : ""}` : act.type)));
  }
  return told;
}
const down = (x = 200, y = 300, allowed = {}) => ["down", x, y, allowed];
const move = (x, y, at) => ["move", x, y, at];
const [rested, up, cancel] = [["rested"], ["up"], ["cancel"]];
const replies = () => new Finger("x", LEFT, 64);

test("a finger that rests presses once, and is then no tap", () => {
  const finger = replies();
  assert.deepEqual(play(finger, down(), move(204, 304), rested, rested), ["press"]);
  assert.ok(finger.took);
  assert.deepEqual(play(finger, move(100, 300), up), []);
  assert.ok(!finger.took);
});

test("a scroll, a lifted and a taken finger press nothing", () => {
  assert.deepEqual(play(replies(), down(), move(200, 315), rested, up), []);
  assert.deepEqual(play(replies(), down(), up, rested), []);
  assert.deepEqual(play(replies(), down(), cancel, rested), []);
  const tap = replies();
  play(tap, down());
  assert.ok(tap.waits && !tap.took);
});

test("a drag to the left replies beyond the threshold, and goes back before it", () => {
  const all = play(replies(), down(), move(180, 302), move(130, 310), up);
  assert.deepEqual(all, ["drag 20", "drag 70!", "done"]);
  assert.deepEqual(play(replies(), down(), move(180, 302), move(130, 302), move(160, 302), up), [
    "drag 20",
    "drag 70!",
    "drag 40",
    "back",
  ]);
});

test("the way to the right does not reply, and in a layout from right to left the way to the left does not", () => {
  assert.deepEqual(play(replies(), down(), move(260, 300), up), []);
  const mirrored = () => new Finger("x", () => 1, 64);
  assert.deepEqual(play(mirrored(), down(), move(270, 300), up), ["drag 70!", "done"]);
  assert.deepEqual(play(mirrored(), down(), move(130, 300), up), []);
});

test("a finger that scrolled first does not drag later, and a drag does not press", () => {
  assert.deepEqual(play(replies(), down(), move(199, 320), move(100, 320), up), []);
  assert.deepEqual(play(replies(), down(), move(185, 290), rested, move(100, 300), up), []); // neither this nor that
  assert.deepEqual(play(replies(), down(), move(170, 300), rested, up), ["drag 30", "back"]);
});

test("where a drag is not allowed, as at the edge of the screen, the finger can still press", () => {
  assert.deepEqual(play(replies(), down(10, 300, { drag: false }), move(-90, 300), up), []);
  assert.deepEqual(play(replies(), down(10, 300, { drag: false }), rested), ["press"]);
  const sheet = new Finger("y", () => 1, 96);
  assert.deepEqual(play(sheet, down(200, 300, { press: false }), rested, move(200, 400), up), ["drag 100!", "done"]);
  assert.ok(!sheet.waits);
});

test("a second finger and the browser end a drag", () => {
  const finger = replies();
  assert.deepEqual(play(finger, down(), move(150, 300), down(50, 50), move(100, 300), up), ["drag 50", "back"]);
  assert.deepEqual(play(finger, down(), move(130, 300), cancel), ["drag 70!", "back"]);
  assert.deepEqual(play(finger, down(), rested, up), ["press"]); // and the next touch begins anew
});

test("a flick completes a short drag, where that is wanted", () => {
  const flicked = [down(), move(200, 320, 0), move(200, 350, 20), up];
  assert.deepEqual(play(new Finger("y", () => 1, 96, { flick: true }), ...flicked), ["drag 20", "drag 50", "done"]);
  assert.deepEqual(play(new Finger("y", () => 1, 96), ...flicked), ["drag 20", "drag 50", "back"]);
  const slow = [down(), move(200, 320, 0), move(200, 350, 200), up];
  assert.equal(play(new Finger("y", () => 1, 96, { flick: true }), ...slow).at(-1), "back");
});
