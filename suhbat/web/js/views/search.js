// Search in this conversation or in all, with the server's filters. A result opens its place in the conversation.

import { t } from "../text/languages.js";
import { aboutText, amended } from "../models/amendments.js";
import { moment } from "../text/time.js";
import { plain } from "../text/markdown.js";
import { h } from "./dom.js";
import { sentence } from "./form.js";
import { titleOf } from "./names.js";
import { panel } from "./panel.js";

/** @import { App } from "../app.js" */
/** @import { Message } from "../sdk/types.js" */

const WAIT = 250; // ms after the last key
const EMPTY = 10; // pages without a result after which the button for further ones is shown

/**
 * @param {App} app
 * @param {string | null} conversation
 * @param {{close: () => void, go: (conversation: string, seq: number) => void}} acts
 */
export function searchPanel(app, conversation, acts) {
  const input = h("input", {
    type: "search",
    maxlength: 500,
    placeholder: t("search.placeholder"),
    "aria-label": t("search"),
    on: { input: later },
  });
  const here = h("input", { type: "checkbox", checked: conversation !== null, on: { change: () => void find(null) } });
  const results = h("ol", { class: "results", "aria-live": "polite" });
  const more = h("button", { type: "button", hidden: true }, t("search.more"));
  const scope = conversation !== null && h("label", { class: "check" }, here, t("search.here"));
  const element = panel(t("search"), acts.close, [
    h("div", { class: "search-head" }, input, scope, h("p", { class: "hint" }, t("search.hint"))),
    results,
    more,
  ]);
  /** @type {Map<string, {row: HTMLElement, message: Message}>} the listed results, by place */
  const listed = new Map();
  const end = app.on("about", follow);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = 0;
  queueMicrotask(() => input.focus());
  return element;

  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => void find(null), WAIT);
  }

  /** @param {string | null} cursor @param {number} [empty] the pages without a result before this one */
  async function find(cursor, empty = 0) {
    const visit = ++asked;
    const q = input.value.trim();
    if (!cursor) {
      results.replaceChildren();
      listed.clear();
    }
    more.hidden = true;
    if (!q) return;
    try {
      const found = await app.api.get("/search", {
        q,
        limit: 30,
        ...(here.checked && conversation ? { conversation } : {}),
        ...(cursor ? { cursor } : {}),
      });
      if (visit !== asked) return;
      // The server ends a page when it has looked for a while, even if nothing was found.
      if (!found.messages.length && found.cursor && empty < EMPTY) return void find(found.cursor, empty + 1);
      results.querySelector(".empty")?.remove();
      results.append(...found.messages.map(result));
      if (!results.childElementCount) {
        results.append(h("li", { class: "empty" }, found.cursor ? t("search.nothing.recent") : t("search.nothing")));
      }
      more.hidden = !found.cursor;
      more.onclick = () => void find(found.cursor);
    } catch (error) {
      if (visit === asked) results.replaceChildren(h("li", { class: "wrong" }, sentence(error)));
    }
  }

  /** Update a listed message after an edit, and remove it after a deletion. @param {any} event */
  function follow(event) {
    if (!element.isConnected) return end();
    const seq = aboutText(event);
    const key = `${event.conversation}/${seq}`;
    const found = seq === null ? undefined : listed.get(key);
    if (!found) return;
    if (event.type === "message.deleted") {
      listed.delete(key);
      found.row.remove();
    } else found.row.replaceWith(result(amended(found.message, event)));
  }

  /** @param {Message} message */
  function result(message) {
    const row = drawn(message);
    listed.set(`${message.conversation}/${message.seq}`, { row, message });
    return row;
  }

  /** @param {Message} message */
  function drawn(message) {
    const state = app.chat.conversations.get(message.conversation);
    const where = state && (!here.checked || !conversation) ? ` · ${titleOf(state)}` : "";
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "result", on: { click: () => acts.go(message.conversation, message.seq) } },
        h(
          "span",
          { class: "first" },
          h("strong", { dir: "auto" }, message.sender),
          h("span", {}, where),
          h("time", {}, moment(new Date(message.sent_at))),
        ),
        h("span", { dir: "auto", class: "found-text" }, plain(message.text)),
      ),
    );
  }
}
