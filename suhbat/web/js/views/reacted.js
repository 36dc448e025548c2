// Lists of people: who reacted to a message with an emoji, loaded page by page, and who has read it.

import { t } from "../text/languages.js";
import { toast } from "./dialog.js";
import { h, nameNode } from "./dom.js";
import { sentence } from "./form.js";
import { personOf } from "./names.js";
import { over } from "./sheet.js";

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
  /** @type {{uid: string, user_id: string}[]} */
  const people = [];
  /** @type {string | null} */
  let cursor = null;
  if (!(await load())) return;
  const box = h("div", { class: "reacted" }, title, list, more);
  over(t("message.reacted", { emoji }), box, anchor);
  const end = app.on("people", () => (box.isConnected ? draw() : end()));

  function draw() {
    const rows = people.map(({ uid, user_id }) => h("li", {}, nameNode(personOf(app, uid, user_id), user_id)));
    list.replaceChildren(...rows);
  }

  async function load() {
    try {
      const page = await app.api.get(path, { limit: PAGE, cursor });
      title.textContent = `${emoji} ${page.count}`;
      for (const [at, user_id] of page.users.entries()) people.push({ uid: page.uids[at], user_id });
      draw();
      cursor = page.cursor;
      more.hidden = cursor === null;
      return true;
    } catch (error) {
      toast(sentence(error));
      return false;
    }
  }
}

/** @param {string} title @param {string[]} names @param {Element} anchor */
export function showNames(title, names, anchor) {
  const list = h("ul", {}, ...names.map((name) => h("li", { dir: "auto" }, name)));
  const box = h("div", { class: "reacted" }, h("strong", {}, title), list);
  over(title, box, anchor);
}
