// Signals for a user who looks at another page: the tab's title and icon, and notifications if they are enabled.

import { aboutText } from "../models/amendments.js";
import { cut } from "../text/graphemes.js";
import { named, plain } from "../text/markdown.js";
import { preferences } from "../storage/preferences.js";
import { namesSeen, titleOf } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { Message } from "../sdk/types.js" */

const SHOWN = 100; // the number of notifications that are updated after an edit and closed after a deletion

/** Whether the browser may show notifications. Asks the user if there is no answer yet. */
export async function askToNotify() {
  if (!("Notification" in globalThis)) return false;
  return Notification.permission === "granted" || (await Notification.requestPermission()) === "granted";
}

/**
 * Whether the message mentions this user, by the rule of the server. Mentions of everybody need the server's flag.
 * @param {App} app @param {Message} message
 */
export function namesMe(app, message) {
  if (message.mentions_all) return true;
  const names = namesSeen(app);
  return named(message.text, (folded) => names.has(folded)).includes(app.me.user_id);
}

/**
 * @param {App} app
 * @param {(conversation: string, seq: number) => void} go
 * @returns {() => void}
 */
export function notify(app, go) {
  const icon = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
  const quiet = icon.href;
  /** @type {Map<string, Notification>} */
  const shown = new Map();
  const count = () => {
    const silent = preferences().silent;
    let unread = 0;
    for (const state of app.chat.conversations.values())
      unread += silent.includes(state.conversation) ? state.mentions : state.unread;
    document.title = unread ? `(${unread > 99 ? "99+" : unread}) Suhbat` : "Suhbat";
    const wanted = unread ? quiet.replace("icon.svg", "icon-unread.svg") : quiet;
    if (icon.href !== wanted) icon.href = wanted;
  };
  const told = (/** @type {Message} */ message) => {
    const state = app.chat.conversations.get(message.conversation);
    const looking = document.visibilityState === "visible" && document.hasFocus();
    if (!state || looking || !preferences().notify || preferences().silent.includes(state.conversation)) return;
    if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
    // Everybody is in the lobby, so only mentions notify there.
    if (state.kind === "lobby" && !namesMe(app, message)) return;
    const title = state.kind === "direct" ? message.sender : `${message.sender} · ${titleOf(state)}`;
    // The tag is unique for each conversation and message, so several tabs show one notification.
    show(title, message, false);
  };
  /** @param {string} title @param {Message} message @param {boolean} again */
  const show = (title, message, again) => {
    const tag = `${message.conversation}/${message.seq}`;
    const note = new Notification(title, {
      body: cut(plain(message.text), 200),
      tag,
      icon: "web/icon.svg",
      silent: again,
    });
    shown.set(tag, note);
    if (shown.size > SHOWN) shown.delete(/** @type {string} */ (shown.keys().next().value));
    note.onclose = () => shown.get(tag) === note && shown.delete(tag);
    note.onclick = () => {
      window.focus();
      go(message.conversation, message.seq);
      note.close();
    };
  };
  /** Close or update the notification of a deleted or edited message. @param {any} event */
  const follow = (event) => {
    const seq = aboutText(event);
    const note = shown.get(`${event.conversation}/${seq}`);
    if (!note || seq === null) return;
    // The same tag replaces the existing notification.
    if (event.type === "message.edited") show(note.title, event.message, true);
    else note.close();
  };
  const ends = [app.on("conversations", count), app.on("message", told), app.on("about", follow)];
  count();
  return () => {
    for (const end of ends) end();
    document.title = "Suhbat";
    icon.href = quiet;
  };
}
