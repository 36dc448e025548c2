// Where files go that are dragged over the page or pasted, and how uploads are drawn.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Drag, pasteTarget } from "../../suhbat/web/js/models/receiving.js";
import { use } from "../../suhbat/web/js/text/languages.js";
import { uploadNode } from "../../suhbat/web/js/views/progress.js";

/** A drag over a page whose elements are named like "room/row": the part, and what is in it. */
function dragged() {
  const shown = [];
  const partOf = (element) => (element.startsWith("page") ? null : element.split("/")[0]);
  const drag = new Drag(partOf, (over, before) => shown.push(`${before} → ${over}`));
  return { drag, shown };
}

test("the part below the pointer is shown once, however many elements in it the pointer passes", () => {
  const { drag, shown } = dragged();
  drag.at("room");
  drag.at("room/row"); // a browser tells that an element is entered before it tells that the last one is left
  drag.leave("room");
  drag.at("room/row");
  drag.at("thread/row");
  drag.leave("room/row");
  drag.at("page/list");
  assert.deepEqual(shown, ["null → room", "room → thread", "thread → null"]);
  drag.at("room");
  drag.leave("room"); // out of the window
  assert.equal(drag.over, null);
});

test("a row that is drawn again below the pointer leaves nothing shown", () => {
  const { drag } = dragged();
  drag.at("room");
  drag.at("room/row"); // which is gone then: nobody hears that it is left
  drag.leave("room");
  drag.at("page/list");
  assert.equal(drag.over, null);
  drag.at("room/row");
  drag.end(); // Escape, or the pointer moves without the files
  assert.equal(drag.over, null);
  drag.leave("room/row");
  assert.equal(drag.over, null);
});

test("a paste goes to the part with the focus; without one, to the first that is shown", () => {
  const part = (name, more = {}) => ({ part: name, holds: false, shown: true, field: false, ...more });
  const room = (more) => part("room", more);
  const thread = (more) => part("thread", more);
  assert.equal(pasteTarget([room(), thread()], false), "room", "also from a button of the list");
  assert.equal(pasteTarget([room(), thread({ holds: true })], false), "thread");
  assert.equal(pasteTarget([room({ shown: false }), thread()], false), "thread", "a thread covers it on a phone");
  assert.equal(pasteTarget([room({ shown: false })], false), null);
  assert.equal(pasteTarget([room(), thread({ holds: true, field: true })], true), "thread");
  assert.equal(pasteTarget([room({ holds: true }), thread()], true), null, "a field of something else keeps it");
});

test("the bar of a file that the server has is full while it is processed", async () => {
  await use("en");
  globalThis.document = { createElement: (tag) => new Made(tag) };
  try {
    const gauge = (state) => uploadNode({ id: "f1", state, stalled: false }).children[0].className;
    assert.deepEqual(["uploading", "processing"].map(gauge), ["gauge", "gauge whole"]);
  } finally {
    delete globalThis.document;
  }
});

/** An element without a page. */
class Made {
  children = [];
  dataset = {};

  setAttribute() {}
  removeAttribute() {}
  append(...children) {
    this.children.push(...children);
  }
}
