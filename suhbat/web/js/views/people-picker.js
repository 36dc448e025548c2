// A dialog to choose people: type a name, pick from the list. For a new direct, and to add people to a room.

import { t } from "../text/languages.js";
import { dialog } from "./dialog.js";
import { avatar } from "./avatar.js";
import { composes, h, nameNode } from "./dom.js";
import { sentence } from "./form.js";
import { fill } from "./loading.js";
import { called, isHere, personOf } from "./names.js";
import { pickChip, pickInput, pickRow } from "./picking.js";

/** @import { App } from "../app.js" */

const MOST = 20; // people in the list

/**
 * @typedef {{uid: string, user_id: string}} Candidate
 */

/**
 * @param {App} app
 * @param {{title: string, hint: string, button: string, without?: Set<string>}} texts `without`: the uids of people who
 *   are not offered
 * @param {(people: Candidate[], close: () => void) => Promise<unknown>} submit its error is shown; at the end it closes
 *   the dialog
 */
export function pickPeople(app, { title, hint, button, without = new Set([app.me.uid]) }, submit) {
  /** @type {Map<string, {chip: HTMLElement, person: Candidate}>} by uid */
  const chosen = new Map();
  const input = pickInput(t("direct.find"), {
    input: () => void (looking = find()),
    keydown: (/** @type {KeyboardEvent} */ event) => void key(event),
  });
  const list = h("ul", { class: "members" });
  const picked = h("div", { class: "picked" });
  const wrong = h("p", { class: "wrong", role: "alert" });
  const go = h(
    "button",
    { type: "button", class: "primary", disabled: true, on: { click: () => void done() } },
    button,
  );
  const { close } = dialog(title, [h("p", { class: "hint" }, hint), picked, input, list, wrong, go], {
    class: "picker",
  });
  input.focus();
  /** @type {Candidate[]} */
  let offered = [];
  let looking = find();

  function wanted() {
    return input.value.trim().replace(/^@/, ""); // the page shows names with an @
  }

  function find() {
    wrong.textContent = "";
    return fill(
      list,
      async () => {
        const query = wanted();
        const people = (query ? await search(query) : known()).filter(({ uid }) => !without.has(uid));
        if (query === wanted()) offered = people;
        return people.map(row);
      },
      { empty: wanted() ? t("people.none") : null },
    );
  }

  /** @param {string} query @returns {Promise<Candidate[]>} */
  async function search(query) {
    const { users } = await app.api.get("/users", { query, limit: MOST });
    app.chat.learn(users);
    return users;
  }

  /** Before anything is typed: accounts that this client has seen, those who are here first. @returns {Candidate[]} */
  function known() {
    const accounts = [...app.chat.people.values()].filter(({ kind }) => kind === "account" || kind === "bot");
    return accounts.sort((one, other) => Number(isHere(app, other.uid)) - Number(isHere(app, one.uid))).slice(0, MOST);
  }

  /** @param {Candidate} person */
  function row(person) {
    const { uid, user_id: name } = person;
    const shown = personOf(app, uid, name);
    return pickRow(
      { picked: chosen.has(uid), data: { uid }, act: () => toggle(person) },
      avatar(shown.name, name, shown.face, shown),
      nameNode({ ...shown, handle: null }, name),
      h("small", {}, h("bdi", {}, `@${name}`)),
    );
  }

  /** Enter takes the first one of the list; in an empty field, those who were chosen. @param {KeyboardEvent} event */
  async function key(event) {
    if (event.key !== "Enter" || composes(event)) return;
    event.preventDefault();
    const query = wanted();
    if (!query) return done();
    await looking;
    const first = offered.find((one) => !chosen.has(one.uid));
    if (first && query === wanted()) toggle(first);
  }

  /** @param {Candidate} person */
  function toggle(person) {
    const there = chosen.get(person.uid);
    if (there) {
      there.chip.remove();
      chosen.delete(person.uid);
    } else {
      const chip = pickChip(called(app, person.uid, person.user_id), () => toggle(person));
      chosen.set(person.uid, { chip, person });
      picked.append(chip);
      input.value = "";
      looking = find();
    }
    for (const one of list.querySelectorAll("button"))
      one.setAttribute("aria-pressed", String(chosen.has(one.dataset.uid ?? "")));
    go.disabled = !chosen.size;
    input.focus();
  }

  async function done() {
    if (go.disabled) return;
    go.disabled = true;
    wrong.textContent = "";
    try {
      await submit(
        [...chosen.values()].map(({ person }) => person),
        close,
      );
    } catch (error) {
      wrong.textContent = sentence(error);
      go.disabled = false;
    }
  }
}
