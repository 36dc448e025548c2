// The search: over all conversations or in one, with the server's filters. The arrow keys move through the results, and
// a result opens its place in the conversation.

import { ANYTHING, LONGEST, queryOf } from "../models/search-query.js";
import { termsOf } from "../text/highlights.js";
import { t } from "../text/languages.js";
import { composes, h, iconButton } from "./dom.js";
import { sentence } from "./form.js";
import { paneTitle } from "./panel.js";
import { SearchFilters } from "./search-filters.js";
import { SearchResults } from "./search-results.js";

/** @import { App } from "../app.js" */
/** @import { Question } from "../models/search-query.js" */
/** @import { Go } from "./places.js" */

const WAIT = 250; // ms after the last key
const EMPTY = 10; // pages without a result after which the button for further ones is shown
const PAGE = 30;

export class SearchPanel {
  /** @type {Question} */
  #question;
  #asked = 0;
  /** Whether the results are those of an earlier question. */
  #stale = true;
  /** @type {string | null} the next page */
  #cursor = null;
  /** Whether the server could not be reached. */
  #cut = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} set while the user types */
  #timer;

  /**
   * @param {App} app
   * @param {string | null} conversation  the one to search first; the user can remove this filter
   * @param {{close: () => void, go: Go, open: () => string | null}} acts
   *   `open` gives the open conversation
   */
  constructor(app, conversation, acts) {
    this.app = app;
    this.acts = acts;
    this.#question = { ...ANYTHING, conversation };
    this.input = h("input", {
      type: "search",
      role: "combobox",
      maxlength: LONGEST,
      enterkeyhint: "search",
      placeholder: t("search.placeholder"),
      "aria-label": t("search"),
      "aria-autocomplete": "list",
      "aria-controls": "search-results",
      on: { input: () => this.#typed(), keydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
    });
    this.filters = new SearchFilters(app, this.#question, {
      changed: (change) => this.#change(change),
      go: acts.go,
    });
    this.results = new SearchResults(app, this.input, (message) =>
      acts.go(message.conversation, message.seq, message.thread),
    );
    this.status = h("p", { class: "hint search-status", role: "status" });
    this.nothing = h("div", { class: "empty", hidden: true });
    this.more = h("button", { type: "button", hidden: true, on: { click: () => this.#next() } }, t("search.more"));
    this.body = h("div", { class: "panel-body" }, this.status, this.results.element, this.nothing, this.more);
    this.element = h(
      "aside",
      { class: "panel search-panel", "aria-label": t("search") },
      h("header", { class: "bar" }, paneTitle(t("search")), iconButton("close", t("close"), acts.close)),
      h("div", { class: "search-head" }, this.input, this.filters.element),
      this.body,
    );
    this.ends = [
      app.on("about", (/** @type {any} */ event) => this.#follow(event)),
      app.on("people", () => this.results.redraw()),
      app.on("status", () => this.#cut && app.chat.status.state === "online" && this.#begin()),
    ];
    this.#begin();
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  /** Another conversation is open: a day can be opened there. */
  placed() {
    this.filters.show(this.#question, this.#question.conversation ?? this.acts.open());
  }

  #typed() {
    this.#change({ text: this.input.value }, WAIT);
  }

  /** @param {Partial<Question>} change @param {number} [wait] ms */
  #change(change, wait = "from" in change ? WAIT : 0) {
    this.#question = { ...this.#question, ...change };
    clearTimeout(this.#timer);
    if (wait) this.#timer = setTimeout(() => this.#begin(), wait);
    else this.#begin();
    // The filter that was removed had the focus.
    if (document.activeElement === document.body && !matchMedia("(pointer: coarse)").matches) this.input.focus();
  }

  /** Search anew. */
  #begin() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.placed();
    this.#stale = true;
    void this.#find(null);
  }

  #next() {
    if (this.#cursor) void this.#find(this.#cursor);
  }

  /** @param {string | null} cursor @param {number} [empty] the pages without a result before this one */
  async #find(cursor, empty = 0) {
    const visit = ++this.#asked;
    const query = queryOf(this.#question);
    this.#cut = false;
    this.#cursor = null;
    if (!query) this.#renew();
    this.#draw(query ? "search.busy" : "search.hint");
    if (!query) return;
    try {
      const found = await this.app.api.get("/search", { ...query, limit: PAGE, ...(cursor ? { cursor } : {}) });
      if (visit !== this.#asked) return;
      // The server ends a page when it has looked for a while, even if nothing was found.
      if (!found.messages.length && found.cursor && empty < EMPTY) return void this.#find(found.cursor, empty + 1);
      this.#renew();
      this.results.add(found.messages, termsOf(query.q), this.#question.conversation === null);
      this.#cursor = found.cursor;
      this.#draw();
    } catch (error) {
      if (visit === this.#asked) this.#failed(error, cursor);
    }
  }

  /** The results of an earlier question stay until there are new ones, so that the list does not flicker. */
  #renew() {
    if (!this.#stale) return;
    this.#stale = false;
    this.results.clear();
    this.body.scrollTop = 0;
  }

  /** Show what there is beside the results. @param {"" | "search.busy" | "search.hint"} [state] */
  #draw(state = "") {
    const n = this.results.size;
    const count = n && t(this.#cursor ? "search.count.more" : "search.count", { n });
    this.status.textContent = state ? t(state) : count || "";
    this.status.hidden = !this.status.textContent;
    this.more.hidden = !this.#cursor;
    this.nothing.hidden = Boolean(state) || n > 0;
    if (!this.nothing.hidden) this.nothing.replaceChildren(...this.#nothing());
  }

  /** What to do if nothing was found. */
  #nothing() {
    if (this.#cursor) return [h("p", {}, t("search.nothing.recent"))];
    const everywhere = () => this.#change({ conversation: null });
    const within = this.#question.conversation !== null;
    return [
      h("p", {}, t("search.nothing")),
      h("p", { class: "hint" }, t("search.nothing.hint")),
      ...(within ? [h("button", { type: "button", on: { click: everywhere } }, t("search.nothing.everywhere"))] : []),
    ];
  }

  /** @param {unknown} error @param {string | null} cursor of the page that did not come */
  #failed(error, cursor) {
    this.#cut = /** @type {Error} */ (error)?.name === "Unreachable";
    this.#renew();
    this.#draw();
    this.nothing.hidden = false;
    this.nothing.replaceChildren(
      h("p", { class: "wrong" }, this.#cut ? t("search.offline") : sentence(error)),
      h("button", { type: "button", on: { click: () => void this.#find(cursor) } }, t("search.again")),
    );
  }

  /** @param {any} event about the text of a message */
  #follow(event) {
    const before = this.results.size;
    this.results.follow(event);
    if (this.results.size !== before) this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (composes(event)) return;
    const { size } = this.results;
    if (size && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const down = event.key === "ArrowDown";
      if (down && this.results.isAtEnd) this.#next();
      this.results.move(down ? 1 : -1);
    } else if (event.key === "Enter") this.#enter();
    else return;
    event.preventDefault();
  }

  /** Open the chosen result. If none is chosen, the text is complete: search at once, or choose the first result. */
  #enter() {
    const { chosen } = this.results;
    if (this.#timer !== undefined) this.#begin();
    else if (this.#stale) return;
    else if (chosen) this.acts.go(chosen.conversation, chosen.seq, chosen.thread);
    else if (matchMedia("(pointer: coarse)").matches)
      this.input.blur(); // the keyboard covers the results
    else this.results.move(1);
  }

  /** The search is over. */
  end() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    for (const end of this.ends) end();
    this.filters.end();
    this.element.remove();
  }
}
