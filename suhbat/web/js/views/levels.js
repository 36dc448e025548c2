// The choice of the messages of a conversation that notify, in its details.

import { SPANS, LEVELS, defaultLevel, endOf, levelOf } from "../models/levels.js";
import { t } from "../text/languages.js";
import { short, clock } from "../text/time.js";
import { toast } from "./dialog.js";
import { h } from "./dom.js";
import { field, sentence } from "./form.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState } from "../sdk/types.js" */

/** @param {App} app @param {ConversationState} state */
export function levels(app, state) {
  const { conversation } = state;
  const level = levelOf(state);
  const until = level === defaultLevel(state) ? null : (state.notify?.until ?? null);
  const set = (/** @type {string} */ chosen, /** @type {string | null} */ end) =>
    void app.chat
      .command("notify", { conversation, level: chosen, ...(end === null ? {} : { until: end }) })
      .catch((error) => toast(sentence(error)));
  const which = h(
    "select",
    { name: "level", on: { change: () => set(which.value, null) } },
    ...LEVELS.map((value) => h("option", { value, selected: value === level }, t(`level.${value}`))),
  );
  const ended = () => {
    if (span.value !== "until") set(level, endOf(/** @type {typeof SPANS[number]} */ (span.value), new Date()));
  };
  const span = h(
    "select",
    { name: "span", on: { change: ended } },
    until !== null && h("option", { value: "until", selected: true }, t("level.until", { when: whenOf(until) })),
    ...SPANS.map((value) => h("option", { value }, t(`level.for.${value}`))),
  );
  return h(
    "section",
    { class: "part levels" },
    h("h3", {}, t("notify")),
    field(t("level"), which),
    level !== defaultLevel(state) && field(t("level.for"), span),
    h("p", { class: "hint" }, t("level.hint")),
  );
}

/** The clock today, else the day and the clock. @param {string} until */
function whenOf(until) {
  const date = new Date(until);
  const now = new Date();
  return date.toDateString() === now.toDateString() ? clock(date) : `${short(date, now)}, ${clock(date)}`;
}
