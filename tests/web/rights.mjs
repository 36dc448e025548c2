// What the page offers = what the server permits. Reads the cases of tests/web/rights.py.
//
// Usage: node rights.mjs FILE    JSON: a list of {me, state, member, may}, `may`: the actions that the server permits

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import * as rights from "../../suhbat/web/js/views/rights.js";

/** By the action of the server: whether the page offers it. It shows no composer in an archived room. */
const offered = {
  add: rights.adds,
  attach: (app, state) => state.role !== null && !state.archived && rights.sendsFiles(app, state),
  configure: rights.configures,
  delete_any: rights.moderatesIn,
  erase: rights.ownsIn,
  hook: rights.seesHooks,
  mention_all: rights.callsAll,
  pin: rights.pins,
  rename: rights.renames,
  set_role: rights.givesRoles,
  remove: rights.sanctions,
};

const seen = Object.fromEntries(Object.keys(offered).map((action) => [action, [0, 0]]));
for (const { me, state, member, may } of JSON.parse(readFileSync(process.argv[2], "utf-8"))) {
  for (const [action, offers] of Object.entries(offered)) {
    const permitted = may.includes(action);
    assert.equal(offers({ me }, state, member), permitted, `${action}: ${JSON.stringify({ me, state, member })}`);
    seen[action][Number(permitted)]++;
  }
}
console.log(JSON.stringify(seen));
