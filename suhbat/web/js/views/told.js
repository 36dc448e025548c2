// What is said of a message that comes: to screen readers, and in a note of an answer that stands out of view.

import { said } from "../text/said.js";
import { t } from "../text/languages.js";
import { toast } from "./dialog.js";
import { called, namesIn, writtenBy } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { Aside } from "../models/asides.js" */
/** @import { Message } from "../sdk/types.js" */
/** @import { Announcer } from "./announcer.js" */

/** One that grows is told when it is whole. @param {App} app @param {Announcer} announcer @param {Message} message */
export function tellMessage(app, announcer, message) {
  const name = message.sender_uid === app.me.uid ? t("you") : writtenBy(app, message);
  announcer.message(name, said(message), namesIn(app));
}

/**
 * Something came that only the user sees.
 * @param {App} app @param {Announcer} announcer @param {Aside} aside
 * @param {(() => void) | null} show shows it, if it is out of view: a button was pressed far above the end
 */
export function tellAside(app, announcer, { by, text }, show) {
  const name = by ? called(app, by.uid, by.user_id) : t("you");
  announcer.message(`${name}, ${t(by ? "aside.only" : "aside.given")}`, text, namesIn(app));
  if (by && show) toast(t("aside.below", { name }), { label: t("aside.show"), act: show });
}
