// A message that the search found: where, by whom, when, and the words in their context.

import { isolated } from "../text/bidi.js";
import { said } from "../text/said.js";
import { direction } from "../text/direction.js";
import { t } from "../text/languages.js";
import { excerpt, rangesOf } from "../text/highlights.js";
import { plain } from "../text/markdown.js";
import { moment } from "../text/time.js";
import { h, nameNode } from "./dom.js";
import { authorOf, namesIn } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { Message } from "../sdk/types.js" */
/** @import { Term } from "../text/highlights.js" */

const WHOLE = 8000; // UTF-16 units: the longest message

/**
 * @param {App} app
 * @param {Message} message
 * @param {{id: string, where: string | null, terms: Term[]}} shown  `id`: of the element; `where`: the title of the
 *   conversation, null if only one is searched
 * @param {() => void} act
 */
export function resultRow(app, message, { id, where, terms }, act) {
  const place = [where && isolated(where), message.thread && t("thread")].filter(Boolean).join(" · ");
  const text = said(message);
  const line = plain(text, namesIn(app), WHOLE);
  const pieces = excerpt(line, rangesOf(line, terms));
  return h(
    "li",
    { class: "result", role: "option", id, "aria-selected": "false", on: { click: act } },
    h(
      "span",
      { class: "first" },
      nameNode(authorOf(app, message), message.sender),
      place && h("span", { class: "where", dir: "auto" }, place),
      h("time", {}, moment(new Date(message.sent_at))),
    ),
    h(
      "span",
      { dir: direction(text), class: "found-text" },
      ...pieces.map((piece) => (piece.marked ? h("mark", {}, piece.text) : piece.text)),
    ),
  );
}
