// Quiet hours, as the server has them (tests/chat/test_quiet.py).

import assert from "node:assert/strict";
import test from "node:test";

import { isQuiet } from "../../suhbat/web/js/models/quiet.js";

const ALL = [1, 2, 3, 4, 5, 6, 7];
const at = (text) => new Date(text);

test("hours end on the same day, or after midnight", () => {
  const nights = { from: "22:00", to: "08:00", days: ALL, zone: "Asia/Tashkent" }; // UTC+5
  assert.ok(isQuiet(nights, at("2026-11-30T17:00:00Z")));
  assert.ok(isQuiet(nights, at("2026-11-30T02:59:59Z")));
  assert.ok(!isQuiet(nights, at("2026-11-30T03:00:00Z")));
  assert.ok(!isQuiet(nights, at("2026-11-30T16:59:00Z")));
  const noon = { ...nights, from: "12:00", to: "13:30" };
  assert.ok(isQuiet(noon, at("2026-11-30T08:29:00Z")));
  assert.ok(!isQuiet(noon, at("2026-11-30T08:30:00Z")));
  assert.ok(isQuiet({ ...nights, to: "22:00" }, at("2026-11-30T09:00:00Z"))); // all day
  assert.ok(!isQuiet(null, at("2026-11-30T17:00:00Z")));
  assert.ok(!isQuiet(undefined, at("2026-11-30T17:00:00Z")));
});

test("the day counts on which they begin", () => {
  const friday = { from: "22:00", to: "08:00", days: [5], zone: "UTC" };
  assert.ok(isQuiet(friday, at("2026-11-27T23:00:00Z"))); // Friday
  assert.ok(isQuiet(friday, at("2026-11-28T07:59:00Z"))); // Saturday morning
  assert.ok(!isQuiet(friday, at("2026-11-27T07:00:00Z")));
  const sunday = { ...friday, days: [7] };
  assert.ok(isQuiet(sunday, at("2026-11-30T07:59:00Z"))); // Monday morning
});

test("the clock on the wall decides when clocks change", () => {
  const night = { from: "01:30", to: "03:00", days: ALL, zone: "Europe/Berlin" };
  assert.ok(isQuiet(night, at("2026-03-29T00:59:00Z"))); // 01:59, then 03:00
  assert.ok(!isQuiet(night, at("2026-03-29T01:00:00Z")));
  assert.ok(isQuiet(night, at("2026-10-25T00:30:00Z"))); // 02:30 in summer time
  assert.ok(isQuiet(night, at("2026-10-25T01:30:00Z"))); // 02:30 again
  assert.ok(!isQuiet(night, at("2026-10-25T02:00:00Z")));
});
