// The element of each kind of row of a conversation or a thread.

import { t } from "../text/languages.js";
import { asideNode } from "./aside.js";
import { h } from "./dom.js";
import { introNode } from "./intro.js";
import { skeleton, trouble } from "./loading.js";
import { messageNode, pendingNode } from "./message.js";
import { dayNode, noteNode, repliesNode, unreadNode } from "./separators.js";
import { passed } from "./stops.js";

/** @import { RowActs } from "./row-parts.js" */
/** @import { Shown } from "./shown.js" */

/** @param {Shown} shown @param {RowActs} acts @param {() => void} again loads what failed */
export function rowNode(shown, acts, again) {
  switch (shown.kind) {
    case "day":
      return dayNode(shown, acts.day);
    case "unread":
      return unreadNode();
    case "replies":
      return repliesNode(shown);
    case "note":
      return noteNode(shown);
    case "intro":
      return introNode(shown, acts.intro);
    case "loading":
      return h("div", { class: "skeletons" }, h("p", { class: "unseen" }, t("loading")), ...skeleton(8));
    case "failed":
      return h("div", { class: "missing" }, trouble(t("error.unreachable"), again));
    case "aside":
      return asideNode(shown, acts);
    case "message":
      return passed(messageNode(shown, acts));
    default:
      return pendingNode(shown, acts);
  }
}
