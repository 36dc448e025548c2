// Finds conversations, people and rooms by a few letters of a name, in any alphabet. Pure.

import { letters } from "../text/folding.js";

/**
 * Something to go to.
 * @typedef {object} Goal
 * @property {"own" | "person" | "room"} kind  a conversation of one's own; somebody to write to; a room to join
 * @property {string} id  the conversation, or the uid of the person
 * @property {string[]} names  by which it is found; the first is shown
 * @property {string} at  of one's own: the time of the latest message; "" otherwise
 * @property {boolean} [unread]
 * @property {boolean} [open]  it is the open conversation
 * @property {string} [uid]  of the other person in a direct, if known
 * @property {boolean} [told]  the server found it for these letters, by a name that is not known here, too
 */

const BREAKS = /[\s\-_.,()&/+]+/;

/**
 * How well a goal fits the folded letters: 0 and 1 for the beginning of a name or of its words, 2 for letters within,
 * null if it does not.
 * @param {Goal} goal @param {string} wanted
 */
function fit({ names, told }, wanted) {
  const folded = names.map(letters);
  if (folded.some((name) => name.startsWith(wanted))) return 0;
  const asked = wanted.split(BREAKS).filter(Boolean);
  const words = folded.flatMap((name) => name.split(BREAKS));
  if (asked.length && asked.every((part) => words.some((word) => word.startsWith(part)))) return 1;
  if (folded.some((name) => name.includes(wanted))) return 2;
  return told ? 1 : null;
}

/**
 * The goals for what was typed, the best first: one's own conversations by their latest message, and then others by
 * their names. Without letters only one's own: first the unread ones, and last the one that is open.
 * @param {Goal[]} goals @param {string} typed @param {number} limit
 */
export function found(goals, typed, limit) {
  const wanted = letters(wantedOf(typed));
  const fitting = goals.flatMap((goal) => {
    const how = wanted ? fit(goal, wanted) : goal.kind === "own" ? 0 : null;
    return how === null ? [] : [{ goal, how, others: Number(goal.kind !== "own") }];
  });
  fitting.sort(
    (one, other) =>
      one.others - other.others ||
      (wanted ? 0 : Number(one.goal.open ?? false) - Number(other.goal.open ?? false)) ||
      (wanted ? 0 : Number(other.goal.unread ?? false) - Number(one.goal.unread ?? false)) ||
      (one.others ? one.how - other.how : Number(one.how === 2) - Number(other.how === 2)) ||
      (one.goal.at < other.goal.at ? 1 : one.goal.at > other.goal.at ? -1 : 0) ||
      one.goal.names[0].localeCompare(other.goal.names[0]),
  );
  return fitting.slice(0, limit).map(({ goal }) => goal);
}

/** What is looked for: the page shows names with an @, and rooms with a #. @param {string} typed */
export const wantedOf = (typed) => typed.trim().replace(/^[@#]/, "").trim();
