// A public room that the user is not in, reached by a link: what it is, and a button to join it.

import { t } from "../text/languages.js";
import { h, iconButton } from "./dom.js";
import { form } from "./form.js";

/** @import { App } from "../app.js" */
/** @import { ConversationState } from "../sdk/types.js" */

/**
 * The room, null if there is none that the user may join, or undefined if the server does not say.
 * @param {App} app @param {string} conversation @returns {Promise<ConversationState | null | undefined>}
 */
export async function publicRoom(app, conversation) {
  try {
    const state = await app.api.get(`/conversations/${encodeURIComponent(conversation)}`);
    return state.kind === "room" && state.role === null ? state : null;
  } catch (error) {
    return /** @type {{status?: number}} */ (error).status === 404 ? null : undefined;
  }
}

/** @param {App} app @param {ConversationState} room @param {() => void} back */
export function visitView(app, room, back) {
  const join = async () => {
    await app.join(room.conversation);
  };
  return h(
    "section",
    { class: "gone" },
    h(
      "header",
      { class: "bar" },
      iconButton("back", t("back"), back, { class: "icon-button back" }),
      h("h1", { dir: "auto" }, room.title),
    ),
    h(
      "div",
      { class: "gone-body" },
      room.topic ? h("p", { dir: "auto" }, room.topic) : "",
      h("p", { class: "hint" }, t("members", { n: room.member_count })),
      h("p", { class: "hint" }, t("visit.hint")),
      form([], t("room.join"), join),
    ),
  );
}
