// The round button to the newest message, with the number of unread ones.

import { t } from "../text/languages.js";
import { h, icon } from "./dom.js";

export class NewerButton {
  /** @param {() => void} go */
  constructor(go) {
    this.element = h("button", { type: "button", class: "newer", hidden: true, on: { click: go } });
  }

  /** @param {boolean} atEnd @param {number} unread */
  draw(atEnd, unread) {
    this.element.hidden = atEnd;
    const label = unread ? t("timeline.new", { n: unread }) : t("timeline.latest");
    if (this.element.title === label) return;
    this.element.title = label;
    this.element.setAttribute("aria-label", label);
    this.element.replaceChildren(icon("down"));
    if (unread) this.element.append(h("span", { class: "badge" }, unread > 999 ? "999+" : String(unread)));
  }
}
