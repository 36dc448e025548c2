// What programs tell the user in a short note: that a bot has answered in a place that is not open, and that a webhook
// of the user was switched off.

import { keyOf } from "../models/threads.js";
import { t } from "../text/languages.js";
import { toast } from "./dialog.js";
import { called, titleOf } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { Aside } from "../models/asides.js" */
/** @import { Event } from "../sdk/types.js" */
/** @import { Go } from "./places.js" */

const SECONDS = 10;

/**
 * Returns a function that ends it.
 * @param {App} app
 * @param {{open: () => (string | null)[], go: Go, settings: () => void}} page `open`: the keys of what is open
 */
export function programs(app, { open, go, settings }) {
  const note = (/** @type {string} */ text, /** @type {() => void} */ act) =>
    toast(text, { label: t("aside.show"), act }, { seconds: SECONDS });
  const ends = [
    app.on("asides", (/** @type {string} */ key, /** @type {Aside | null} */ came) => {
      if (!came?.by || open().includes(key)) return;
      const { conversation, thread, by } = came;
      const state = app.chat.conversations.get(conversation);
      if (!state) return;
      const text = t("aside.answered", { name: called(app, by.uid, by.user_id), title: titleOf(app, state) });
      note(text, () => go(conversation, null, thread));
    }),
    app.chat.on("event", (/** @type {Event} */ { type, name }) => {
      if (type === "hook.stopped") note(t("outgoing.stopped", { name }), settings);
    }),
  ];
  return () => ends.forEach((end) => end());
}

/** The key of a view. @param {{conversation: string, root?: number} | null | undefined} view */
export const openKey = (view) => (view ? keyOf(view.conversation, view.root ?? null) : null);
