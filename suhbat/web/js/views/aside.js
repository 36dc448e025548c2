// A row that only this user sees: a command that a bot got, or its private answer.

import { isolated } from "../text/bidi.js";
import { clock } from "../text/time.js";
import { t } from "../text/languages.js";
import { avatar } from "./avatar.js";
import { h, icon, iconButton, markNode } from "./dom.js";
import { textNode } from "./message-text.js";
import { labelOf } from "./names.js";

/** @import { RowActs } from "./row-parts.js" */
/** @import { ShownAside } from "./shown.js" */

/** @param {ShownAside} aside @param {RowActs} acts */
export function asideNode({ id, sender, person, answers, sentAt, text }, acts) {
  const when = clock(new Date(sentAt));
  const only = t(answers ? "aside.only" : "aside.given");
  return h(
    "article",
    { class: "message aside", tabindex: -1, "aria-label": [isolated(labelOf(person)), only, when].join(", ") },
    avatar(person.name, sender, person.face, person),
    h(
      "header",
      {},
      h("span", { class: "author", dir: "auto" }, person.name),
      person.handle !== null && h("span", { class: "handle", dir: "auto" }, person.handle),
      markNode(person.mark),
      h("time", { datetime: sentAt }, when),
    ),
    h(
      "div",
      { class: "body" },
      answers ? textNode(text, acts) : h("p", { class: "text command", dir: "auto" }, text.text),
      h(
        "p",
        { class: "only" },
        icon("eye"),
        h("span", {}, only),
        iconButton("close", t("aside.close"), () => acts.putAway(id)),
      ),
    ),
  );
}
