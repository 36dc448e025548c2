// The list of all people who reacted to a message with an emoji, loaded page by page.

import { t } from "../text/languages.js";
import { toast } from "./dialog.js";
import { h } from "./dom.js";
import { float } from "./floating.js";
import { sentence } from "./form.js";

/** @import { App } from "../app.js" */

const PAGE = 50;

/**
 * @param {App} app
 * @param {string} conversation
 * @param {number} seq the message
 * @param {string} emoji
 * @param {Element} anchor
 */
export async function showReacted(app, conversation, seq, emoji, anchor) {
  const place = `/conversations/${encodeURIComponent(conversation)}/messages/${seq}`;
  const path = `${place}/reactions/${encodeURIComponent(emoji)}`;
  const title = h("strong", {}, emoji);
  const list = h("ul", {});
  const more = h("button", { type: "button", on: { click: () => void load() } }, t("search.more"));
  const box = h(
    "div",
    { class: "reacted", role: "dialog", tabindex: -1, "aria-label": t("message.reacted", { emoji }) },
    title,
    list,
    more,
  );
  /** @type {string | null} */
  let cursor = null;
  if (!(await load())) return;
  float(box, anchor);
  box.focus();

  async function load() {
    try {
      const page = await app.api.get(path, { limit: PAGE, cursor });
      title.textContent = `${emoji} ${page.count}`;
      for (const name of page.users) list.append(h("li", { dir: "auto" }, name));
      cursor = page.cursor;
      more.hidden = cursor === null;
      return true;
    } catch (error) {
      toast(sentence(error));
      return false;
    }
  }
}
