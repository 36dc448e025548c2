// What is said of somebody's presence.

import { t } from "../text/languages.js";
import { ago } from "../text/time.js";
import { isHere } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { UserKind } from "../sdk/types.js" */

/**
 * Whether somebody is connected, or when they last were. Nothing is said of a bot that is not: one that asks over HTTP,
 * as those for Telegram do, or that is told by a webhook, answers without ever being connected.
 * @param {App} app @param {{uid: string, kind: UserKind | null}} person
 */
export function presenceOf(app, { uid, kind }) {
  if (isHere(app, uid)) return t("online");
  if (kind === "bot") return "";
  const seen = app.chat.presence.get(uid)?.last_seen;
  return seen ? ago(new Date(seen), new Date()) : t("offline");
}
