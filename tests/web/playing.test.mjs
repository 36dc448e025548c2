// Sounds and films: one at a time, and only what the browser may be able to play.

import assert from "node:assert/strict";
import { test } from "node:test";

import { hush, mayPlay, playsAlone } from "../../suhbat/web/js/views/playing.js";

/** A player of which it is known whether it plays. */
function player() {
  const made = new EventTarget();
  made.plays = false;
  made.play = () => {
    made.plays = true;
    made.dispatchEvent(new Event("play"));
  };
  made.pause = () => (made.plays = false);
  return playsAlone(made);
}

test("what begins to play stops what played before, and a recording stops both", () => {
  const [sound, film] = [player(), player()];
  for (const one of [sound, film, sound]) {
    one.play();
    assert.deepEqual(
      [sound, film].filter(({ plays }) => plays),
      [one],
    );
  }
  sound.play(); // again, after a pause
  assert.ok(sound.plays);
  hush();
  assert.ok(!sound.plays);
});

test("a type that the browser denies is not offered to play; one that it may know, and an unknown one, are", () => {
  // As Safari 16 answers.
  const safari = { canPlayType: (type) => ({ "audio/mp4": "maybe", "audio/mpeg": "probably" })[type] ?? "" };
  assert.deepEqual(
    ["audio/mp4", "audio/mpeg", "audio/webm", "audio/ogg", ""].filter((type) => mayPlay(type, safari)),
    ["audio/mp4", "audio/mpeg", ""],
  );
});
