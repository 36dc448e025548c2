// The choice of the messages of a conversation that notify: in its details, and in the menu of its header.

import { SPANS, LEVELS, QUICK, defaultLevel, endOf, isSilent, levelOf, untilOf } from "../models/levels.js";
import { t } from "../text/languages.js";
import { short, clock } from "../text/time.js";
import { menu, toast } from "./dialog.js";
import { h, icon, iconButton } from "./dom.js";
import { field, sentence } from "./form.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState } from "../sdk/types.js" */
/** @import { MenuItem } from "./dialog.js" */

/** @param {App} app @param {ConversationState} state */
export function levels(app, state) {
  const { conversation } = state;
  const level = levelOf(state);
  const until = untilOf(state);
  const set = (/** @type {string} */ chosen, /** @type {string | null} */ end) =>
    choose(app, conversation, chosen, end);
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

/** @param {App} app @param {string} conversation @param {string} level @param {string | null} end */
function choose(app, conversation, level, end) {
  const until = end === null ? {} : { until: end };
  void app.chat.command("notify", { conversation, level, ...until }).catch((error) => toast(sentence(error)));
}

/** What notifies, and until when. @param {ConversationState} state */
function described(state) {
  const until = untilOf(state);
  const level = t(`level.${levelOf(state)}`);
  return until === null ? level : `${level}, ${t("level.until", { when: whenOf(until) })}`;
}

/**
 * The button in the header of a conversation. Its icon and its name say what notifies.
 * @param {App} app @param {string} conversation
 */
export function levelButton(app, conversation) {
  const state = () => app.chat.conversations.get(conversation);
  const open = () => {
    const now = state();
    if (now) levelMenu(app, now, button);
  };
  const button = iconButton("bell", "", open, { class: "icon-button level-here", "aria-haspopup": "menu" });
  const refresh = () => {
    const now = state();
    button.hidden = !now?.notify; // an older server
    if (!now) return;
    const label = `${t("level")}: ${described(now)}`;
    if (button.title === label) return;
    button.title = label;
    button.setAttribute("aria-label", label);
    button.replaceChildren(icon(isSilent(now) ? "bellOff" : "bell"));
  };
  return { button, refresh };
}

/** @param {App} app @param {ConversationState} state @param {Element} anchor */
function levelMenu(app, state, anchor) {
  const level = levelOf(state);
  const until = untilOf(state);
  /** @type {MenuItem[]} */
  const items = QUICK.map(({ level: chosen, span }) => ({
    label: t(span === "good" ? `level.${chosen}` : `level.${chosen}.${span}`),
    icon: "check",
    checked: span === "good" && until === null && chosen === level,
    act: () => choose(app, state.conversation, chosen, endOf(span, new Date())),
  }));
  if (until !== null) items.push({ label: described(state), icon: "check", checked: true, act: () => {} });
  menu(anchor, items, t("level"));
}

/** The clock today, else the day and the clock. @param {string} until */
function whenOf(until) {
  const date = new Date(until);
  const now = new Date();
  return date.toDateString() === now.toDateString() ? clock(date) : `${short(date, now)}, ${clock(date)}`;
}
