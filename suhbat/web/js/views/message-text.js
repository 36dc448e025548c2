// The text of a message, and the marks at its end: pinned, edited, shortened, sent, read.

import { isEmoji } from "../text/emoji.js";
import { t } from "../text/languages.js";
import { moment } from "../text/time.js";
import { h, icon } from "./dom.js";
import { listed } from "./listed.js";
import { rich } from "./rich.js";
import { textNames } from "./shown.js";

/** @import { RowActs } from "./row-parts.js" */
/** @import { ShownMessage, ShownText } from "./shown.js" */

/** @param {ShownText} shown @param {RowActs} acts */
export function textNode({ text, me, names, everybody }, acts) {
  const node = h("div", { class: isEmoji(text) ? "text large" : "text" });
  node.append(...rich(text, { me, names: textNames(names), everybody, onmention: acts.mentioned }));
  return node;
}

/** @param {ShownText} shown @param {RowActs} acts */
export function growingNode(shown, acts) {
  const node = textNode(shown, acts);
  endOf(node).classList.add("growing-end");
  return node;
}

/** The element in which a text goes on: the last item of a list, and not the list. @param {Element} node */
function endOf(node) {
  let end = node;
  while (end.lastChild instanceof Element && end.lastChild.matches("p, ul, ol, li, blockquote, .code"))
    end = end.lastChild;
  return end.querySelector(":scope > pre > code") ?? end;
}

/**
 * The marks stand in the last line of the text. They contain no text of their own, so that they are not copied with it:
 * the style sheet writes their labels.
 * @param {HTMLElement} text @param {HTMLElement} marks
 */
export function marked(text, marks) {
  if (!marks.childElementCount) return [text];
  const last = text.lastElementChild;
  if (last?.tagName === "P") last.append(marks);
  // After code, a list or a quote they need a line of their own, which only marks get that are always visible.
  else if (marks.querySelector(":scope > :not(.ticks), .newest")) return [text, marks];
  return [text];
}

/** @param {ShownMessage} message */
export function marksNode({ pinned, editedAt, cut, readers, newest, change }) {
  const marks = h("span", { class: "marks" });
  if (pinned) marks.append(h("span", { class: "pinned", data: { label: t("message.pinned") } }, icon("pin")));
  if (editedAt) {
    const title = moment(new Date(editedAt));
    marks.append(h("span", { class: "edited", title, data: { label: t("message.edited") } }));
  }
  if (cut) marks.append(h("span", { class: "edited", data: { label: t("message.cut") } }));
  if (change) marks.append(clockNode());
  else if (readers) marks.append(ticks(readers, newest));
  return marks;
}

/**
 * The ticks are always visible on the newest message, on others under the pointer and with the focus.
 * @param {string[]} readers @param {boolean} newest
 */
function ticks(readers, newest) {
  const label = readers.length ? t("message.read.by", { names: listed(readers) }) : t("message.sent");
  return h(
    "span",
    {
      class: `ticks${readers.length ? " read" : ""}${newest ? " newest" : ""}`,
      role: "img",
      "aria-label": label,
      title: label,
    },
    icon(readers.length ? "checks" : "check"),
  );
}

/** The mark of something that the server has not confirmed yet. */
export function clockNode() {
  return h("span", { class: "ticks newest", role: "img", "aria-label": t("message.sending") }, icon("clock"));
}
