// What the owner of a new server does first: the own name, a room, other people. Only reminders, each a button; they go
// away when all is done.

import { t } from "../text/languages.js";
import { h, icon } from "./dom.js";

/** @import { App } from "../app.js" */
/** @import { Person } from "../sdk/types.js" */

/** @typedef {{name: "name" | "room" | "people", done: boolean}} Step */
/** @typedef {Record<Step["name"], () => void>} StepActs */

/**
 * The steps, or null for everybody but the owner, and when all are done.
 * @param {{role?: string | undefined, user_id: string, display_name?: string | undefined}} me
 * @param {{rooms: number, others: number}} there how many rooms the owner is in, and how many other people were seen
 * @returns {Step[] | null}
 */
export function stepsOf(me, { rooms, others }) {
  if (me.role !== "owner") return null;
  /** @type {Step[]} */
  const steps = [
    { name: "name", done: Boolean(me.display_name) && me.display_name !== me.user_id },
    { name: "room", done: rooms > 0 },
    { name: "people", done: others > 0 },
  ];
  return steps.every(({ done }) => done) ? null : steps;
}

/**
 * How many other people there are: bots and webhooks are not invited.
 * @param {string} me @param {Iterable<Person>} people
 */
export const othersOf = (me, people) =>
  [...people].filter(({ uid, kind }) => uid !== me && kind !== "bot" && kind !== "hook").length;

/** The steps of this user, as long as nothing was written in the lobby. @param {App} app */
export function firstSteps(app) {
  const states = [...app.chat.conversations.values()];
  if (states.find(({ kind }) => kind === "lobby")?.last_message) return null;
  const others = othersOf(app.me.uid, app.chat.people.values());
  return stepsOf(app.me, { rooms: states.filter(({ kind }) => kind === "room").length, others });
}

const ICONS = /** @type {const} */ ({ name: "person", room: "add", people: "link" });

/** @param {Step[]} steps @param {StepActs} acts */
export const stepList = (steps, acts) =>
  h(
    "ul",
    { class: "steps", "aria-label": t("steps") },
    ...steps.map(({ name, done }) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: done ? "done" : "", on: { click: acts[name] } },
          icon(done ? "check" : ICONS[name]),
          h(
            "span",
            { class: "names" },
            h("strong", {}, t(`steps.${name}`)),
            h("small", {}, t(done ? "steps.done" : `steps.${name}.hint`)),
          ),
          icon("next"),
        ),
      ),
    ),
  );
