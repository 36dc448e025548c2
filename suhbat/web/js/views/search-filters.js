// The filters of the search: the conversation, the sender, the days, links, files. And the way to a day of a
// conversation.

import { Lookup } from "../models/lookup.js";
import { dayOf, filtersOf } from "../models/search-query.js";
import { latestFirst } from "../models/sections.js";
import { t } from "../text/languages.js";
import { dayForm } from "./day-jump.js";
import { h, icon } from "./dom.js";
import { field } from "./form.js";
import { titleOf } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { Go } from "./places.js" */
/** @import { Question } from "../models/search-query.js" */
/** @import { Known } from "./goals.js" */

const LISTED = 200; // conversations to choose from, the latest ones
const PEOPLE = 10; // suggested at a time
/** The kinds of files that a message may have, as the query names them. */
const KINDS = /** @type {const} */ ([
  ["", "search.files.any"],
  ["file", "search.file"],
  ["image", "search.files.image"],
  ["video", "search.files.video"],
  ["audio", "search.files.audio"],
]);

export class SearchFilters {
  /** @type {string | null} */
  #place = null;

  /**
   * @param {App} app
   * @param {Question} question
   * @param {{changed: (change: Partial<Question>) => void, go: Go}} acts
   */
  constructor(app, question, acts) {
    this.app = app;
    this.acts = acts;
    this.chip = h("button", { type: "button", class: "chip", on: { click: () => this.#in(null) } });
    this.count = h("span", { class: "badge", hidden: true });
    this.fold = h(
      "button",
      { type: "button", class: "filters-fold", "aria-controls": "search-filters", on: { click: () => this.#fold() } },
      icon("filter"),
      t("search.filters"),
      this.count,
    );
    const change = (/** @type {keyof Question} */ name) => (/** @type {Event} */ event) => {
      const input = /** @type {HTMLInputElement} */ (event.target);
      acts.changed({ [name]: input.type === "checkbox" ? input.checked : input.value });
    };
    this.names = h("datalist", { id: "search-names" });
    this.people = new Lookup(
      (typed) => app.api.get("/users", { query: typed, limit: PEOPLE }),
      (_, answer) => answer && this.#suggest(answer.users),
    );
    const from = h("input", {
      type: "text",
      list: "search-names",
      maxlength: 128,
      autocapitalize: "none",
      autocomplete: "off",
      spellcheck: "false",
      on: { input: (/** @type {Event} */ event) => (change("from")(event), this.#lookUp(event)) },
    });
    this.where = h("select", {
      on: { change: () => this.#in(this.where.value || null) },
    });
    const today = dayOf(new Date());
    const day = (/** @type {"since" | "until"} */ name) =>
      h("input", { type: "date", max: today, on: { change: change(name) } });
    const link = h("input", { type: "checkbox", on: { change: change("link") } });
    const kinds = KINDS.map(([kind, key]) => h("option", { value: kind }, t(key)));
    const file = h("select", { on: { change: change("file") } }, ...kinds);
    this.fields = h(
      "div",
      { class: "filters", id: "search-filters", hidden: true },
      field(t("search.from"), from),
      field(t("search.in"), this.where),
      field(t("search.since"), day("since")),
      field(t("search.until"), day("until")),
      field(t("files"), file),
      h("label", { class: "check" }, link, t("search.link")),
      this.names,
    );
    this.jump = dayForm(app, () => this.#place, acts.go);
    this.jump.hidden = true;
    this.jump.id = "search-day";
    this.toDay = h(
      "button",
      { type: "button", class: "filters-fold", "aria-controls": "search-day", on: { click: () => this.#foldDay() } },
      icon("clock"),
      t("day.jump"),
    );
    this.element = h(
      "div",
      { class: "search-filters" },
      h("div", { class: "filter-row" }, this.chip, this.fold, this.toDay),
      this.fields,
      this.jump,
    );
    this.show(question, null);
    this.#suggest([...app.chat.people.values()]);
  }

  /**
   * Show the filters of a question.
   * @param {Question} question @param {string | null} place the conversation in which a day can be opened
   */
  show(question, place) {
    const { conversations } = this.app.chat;
    const state = question.conversation === null ? undefined : conversations.get(question.conversation);
    const within = state ? titleOf(this.app, state) : "";
    this.chip.hidden = question.conversation === null;
    this.chip.replaceChildren(h("span", {}, t("search.within", { title: within })), icon("close"));
    this.chip.setAttribute("aria-label", t("search.within.remove", { title: within }));
    const count = filtersOf({ ...question, conversation: null });
    this.count.hidden = !count;
    this.count.textContent = String(count);
    this.fold.setAttribute("aria-expanded", String(!this.fields.hidden));
    this.#list(question.conversation);
    this.#place = place;
    this.toDay.hidden = place === null;
    if (place === null) this.jump.hidden = true;
    this.toDay.setAttribute("aria-expanded", String(!this.jump.hidden));
  }

  /** @param {string | null} chosen */
  #list(chosen) {
    const states = [...this.app.chat.conversations.values()];
    const sorted = latestFirst(
      states.map((state) => ({ ...state, direct: false, silent: false, at: state.last_message?.sent_at ?? "" })),
    ).slice(0, LISTED);
    const known = chosen === null || sorted.some(({ conversation }) => conversation === chosen);
    const ids = [...sorted.map(({ conversation }) => conversation), ...(known ? [] : [chosen])];
    this.where.replaceChildren(
      h("option", { value: "" }, t("search.everywhere")),
      ...ids.flatMap((id) => {
        const state = this.app.chat.conversations.get(id);
        return state ? [h("option", { value: id }, titleOf(this.app, state))] : [];
      }),
    );
    this.where.value = chosen ?? "";
  }

  /** @param {string | null} conversation */
  #in(conversation) {
    this.acts.changed({ conversation });
  }

  #fold() {
    this.fields.hidden = !this.fields.hidden;
    this.fold.setAttribute("aria-expanded", String(!this.fields.hidden));
  }

  #foldDay() {
    this.jump.hidden = !this.jump.hidden;
    this.toDay.setAttribute("aria-expanded", String(!this.jump.hidden));
    this.jump.querySelector("input")?.focus();
  }

  /** @param {Event} event */
  #lookUp(event) {
    this.people.want(/** @type {HTMLInputElement} */ (event.target).value.trim().replace(/^@/, ""));
  }

  /** @param {Known[]} people */
  #suggest(people) {
    this.names.replaceChildren(
      ...people
        .slice(0, LISTED)
        .map(({ user_id, display_name }) => h("option", { value: user_id, label: display_name || user_id })),
    );
  }

  end() {
    this.people.end();
  }
}
