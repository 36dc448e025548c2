// When the page says that there is no connection.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { quiet } from "../../suhbat/web/js/views/banner.js";

test("the page says nothing of a connection that is missing for less than two seconds", () => {
  mock.timers.enable({ apis: ["Date"], now: 10_000 });
  const left = (state, since = 10_000) => quiet({ chat: { status: { state, since } } });
  assert.deepEqual(
    ["online", "closed"].map((state) => left(state)),
    [Infinity, Infinity],
  );
  assert.equal(left("offline"), 2000);
  mock.timers.tick(1999);
  assert.ok(left("connecting") > 0);
  mock.timers.tick(1);
  assert.ok(left("offline") <= 0 && left("connecting") <= 0);
  assert.ok(left("offline", 11_000) > 0);
  mock.timers.reset();
});
