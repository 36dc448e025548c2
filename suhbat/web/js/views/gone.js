// In the place of a conversation that the user is not in (any more): what happened, and the text that was not sent, to
// be copied. Nothing here can send.

import { t } from "../text/languages.js";
import { copy } from "./clipboard.js";
import { toast } from "./dialog.js";
import { h, icon, iconButton } from "./dom.js";

/** @import { App } from "../app.js" */

/**
 * @param {App} app @param {string} conversation
 * @param {{title: string, what: string}} about `what`: a sentence
 * @param {() => void} back
 */
export function goneView(app, conversation, { title, what }, back) {
  const text = app.writing.unsent(conversation);
  const kept = h("textarea", { rows: 6, dir: "auto", "aria-label": t("gone.kept"), ".value": text, on: { input } });
  const told = h("p", { id: "composer", role: "alert", tabindex: -1 }, what); // the skip link leads here
  const copied = () => void copy(kept.value).then(() => toast(t("copied"), null, { seconds: 3 }));
  /** What is still typed stays, too. */
  function input() {
    if (app.drafts.of(conversation).text === app.writing.unsent(conversation))
      app.drafts.change(conversation, { text: kept.value });
  }
  const drop = () => {
    app.writing.discardAll(conversation);
    left.remove();
    told.focus();
  };
  const left = h(
    "div",
    { class: "gone-text" },
    h("p", {}, t("gone.kept")),
    kept,
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", class: "primary", on: { click: copied } }, icon("copy"), t("message.copy")),
      h("button", { type: "button", on: { click: drop } }, t("gone.drop")),
    ),
  );
  const element = h(
    "section",
    { class: "gone" },
    h(
      "header",
      { class: "bar" },
      iconButton("back", t("back"), back, { class: "icon-button back" }),
      h("h1", { dir: "auto" }, title || t("conversation.unknown")),
    ),
    h("div", { class: "gone-body" }, told, text && left),
  );
  /** Take the focus, at the end of the text. */
  const focus = () => {
    if (!text) return told.focus();
    kept.focus();
    kept.setSelectionRange(kept.value.length, kept.value.length);
  };
  return { conversation, element, focus };
}
