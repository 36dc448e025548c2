// The pane beside a conversation: a heading, a button to close it, and its content.

import { t } from "../text/languages.js";
import { h, iconButton } from "./dom.js";
import { phone } from "./trail.js";

/** @import { Child } from "./dom.js" */

/** @param {string} title @param {() => void} close @param {Child[]} children */
export function panel(title, close, children) {
  return h(
    "aside",
    { class: "panel", "aria-label": title },
    h("header", { class: "bar" }, h("h2", {}, title), iconButton("close", t("close"), close)),
    h("div", { class: "panel-body" }, ...children),
  );
}

/**
 * The heading of a pane that has no others. On a phone the pane covers the conversation, so it is the first one there.
 * @param {string} title
 */
export const paneTitle = (title) => h("h2", phone() ? { "aria-level": "1" } : {}, title);
