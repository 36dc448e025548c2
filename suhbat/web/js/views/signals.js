// How much is unread, for a user who looks elsewhere: in the title and the icon of the tab, and on the icon of the
// installed page.

import { askingIn } from "../models/asking.js";

/** @import { App } from "../app.js" */

/**
 * Keep them until the returned function is called.
 * @param {App} app @returns {() => void}
 */
export function signals(app) {
  const icon = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
  const quiet = icon.href;
  let shown = -1;
  const count = () => {
    const unread = askingIn(app.chat.conversations.values());
    if (unread === shown) return;
    shown = unread;
    document.title = unread ? `(${unread > 99 ? "99+" : unread}) Suhbat` : "Suhbat";
    icon.href = unread ? quiet.replace("icon.svg", "icon-unread.svg") : quiet;
    badge(unread);
  };
  const end = app.on("conversations", count);
  count();
  return () => {
    end();
    document.title = "Suhbat";
    icon.href = quiet;
  };
}

/**
 * The number on the icon of the installed page. The oldest browsers have none.
 * @typedef {{setAppBadge?: (count: number) => Promise<void>}} Badged
 * @param {number} count 0 takes it away
 */
export function badge(count) {
  const done = /** @type {Badged} */ (/** @type {unknown} */ (navigator)).setAppBadge?.(count);
  done?.catch(() => {}); // not installed, or not allowed
}
