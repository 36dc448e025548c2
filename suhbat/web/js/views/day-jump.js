// The way to a day of a conversation: a field for the date, which opens the first message of that day.

import { dayOf, startOf } from "../models/search-query.js";
import { t } from "../text/languages.js";
import { day } from "../text/time.js";
import { toast } from "./dialog.js";
import { h } from "./dom.js";
import { float, sink } from "./floating.js";
import { field, sentence } from "./form.js";

/** @import { App } from "../app.js" */
/** @import { Go } from "./places.js" */

/**
 * A form for the date.
 * @param {App} app @param {() => string | null} place gives the conversation @param {Go} go
 */
export function dayForm(app, place, go) {
  const input = h("input", { type: "date", required: true, max: dayOf(new Date()) });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const conversation = place();
    if (conversation !== null) void jump(app, conversation, input.value, go);
  };
  return h("form", { class: "jump", on: { submit } }, field(t("day.jump"), input), h("button", {}, t("day.jump.go")));
}

/**
 * The same form beside the heading of a day.
 * @param {App} app @param {string} conversation @param {Element} anchor @param {Go} go
 */
export function dayMenu(app, conversation, anchor, go) {
  const form = dayForm(
    app,
    () => conversation,
    (where, seq) => {
      sink(box);
      go(where, seq);
    },
  );
  const box = h("div", { class: "day-menu", role: "dialog", "aria-label": t("day.jump") }, form);
  float(box, anchor);
  form.querySelector("input")?.focus();
}

/**
 * Open the first message of a day, or of the next day that has one.
 * @param {App} app @param {string} conversation @param {string} wanted as YYYY-MM-DD @param {Go} go
 */
async function jump(app, conversation, wanted, go) {
  const start = startOf(wanted, 0);
  if (!start) return;
  try {
    const path = `/conversations/${encodeURIComponent(conversation)}/messages`;
    const [message] = (await app.api.get(path, { around_time: start, limit: 1 })).messages;
    if (!message) return void toast(t("timeline.empty"));
    if (message.sent_at < start) toast(t("day.jump.last"));
    else if (message.sent_at >= startOf(wanted, 1))
      toast(t("day.jump.next", { day: day(new Date(message.sent_at), new Date()) }));
    go(conversation, message.seq);
  } catch (error) {
    toast(sentence(error));
  }
}
