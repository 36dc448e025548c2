// Old state + events = state fetched afresh, in JavaScript too. Replays the recordings of
// tests/web/histories.py.
//
// Usage: node histories.mjs FILE    one recording a line
//
// In every second recording the SDK's state is saved and restored before each `hello`. A second tab opens at
// some moment: its state begins with a copy from the first tab and receives the same events from then on.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { answer } from "../../suhbat/web/js/sdk/resume.js";
import { State } from "../../suhbat/web/js/sdk/state.js";

const syncs = (effects) => effects.filter(({ say }) => say?.type === "sync").map(({ say }) => say.cursors);
const known = ({ conversations, cursors, invitations }) => ({
  conversations: Object.fromEntries(conversations),
  cursors: Object.fromEntries(cursors),
  invitations: [...invitations.values()],
});

const seen = { frames: 0, fresh: 0, resumed: 0, tabs: 0 };

function replay(steps, number) {
  let state = new State();
  let tab = null;
  for (const [at, [what, given, expected]] of steps.entries()) {
    const where = `recording ${number}, step ${at}`;
    if (what === "hello") {
      if (number % 2 === 0) state = new State(JSON.parse(JSON.stringify(state.save())));
      tab = null;
      assert.deepEqual(state.hello("token", 0).resume ?? null, given && { ...given }, where);
      seen.resumed += given ? 1 : 0;
    } else if (what === "frame") {
      assert.deepEqual(syncs(state.receive(given, 0)), expected, where);
      tab?.receive(given, 0);
      seen.frames++;
    } else if (what === "tick") {
      assert.deepEqual(syncs(state.tick(given * 1000)), expected, where);
      tab?.tick(given * 1000);
    } else {
      assert.deepEqual(known(state), given, where);
      if (tab) assert.deepEqual(known(tab), given, `${where}, the other tab`);
      seen.fresh++;
      seen.tabs += tab ? 1 : 0;
    }
    if (!tab && state.live && (at * 7 + number) % 5 === 0) {
      tab = new State();
      const { frames, sync } = answer(state, tab.hello(null, 0));
      assert.equal(sync, null);
      for (const frame of JSON.parse(JSON.stringify(frames))) tab.receive(frame, 0);
    }
  }
}

readFileSync(process.argv[2], "utf8")
  .trim()
  .split("\n")
  .forEach((line, number) => replay(JSON.parse(line), number));
console.log(JSON.stringify(seen));
