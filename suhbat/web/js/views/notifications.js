// Signals for a user who looks at another page: the tab's title and icon, and notifications if they are enabled.
//
// The service worker shows the notifications. On Android it is the only way, and all tabs see what is shown.

import { said } from "../text/said.js";
import { aboutText } from "../models/amendments.js";
import { unreadThreads } from "../models/followed.js";
import { isSilent, levelOf, wants } from "../models/levels.js";
import { cut } from "../text/graphemes.js";
import { isolated } from "../text/bidi.js";
import { named, plain } from "../text/markdown.js";
import { preferences } from "../storage/preferences.js";
import { looksAnywhere, tellOthers } from "./looking.js";
import { called, namesIn, titleOf } from "./names.js";

/** @import { App } from "../app.js" */
/** @import { Message } from "../sdk/types.js" */
/** @import { TextNames } from "../text/markdown.js" */
/** @import { Go } from "./places.js" */

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
  return named(message.text, namesIn(app).exists).includes(app.me.user_id);
}

/**
 * Whether the user follows the thread of a reply, or is about to because their message gets its first reply.
 * @param {App} app @param {Message} message
 */
function follows(app, { conversation, thread }) {
  const state = app.chat.conversations.get(conversation);
  if (!thread) return false;
  if (state?.threads?.some(({ root }) => root === thread)) return true;
  const root = app.loaded(conversation, thread);
  return root?.sender_uid === app.me.uid && (root?.replies?.count ?? 0) <= 1;
}

/**
 * Keep the tab's title and icon, and show notifications, until the returned function is called.
 * @param {App} app
 * @param {Go} go
 * @returns {() => void}
 */
export function notify(app, go) {
  const icon = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
  const quiet = icon.href;
  const count = () => {
    let unread = 0;
    for (const state of app.chat.conversations.values()) unread += isSilent(state) ? state.mentions : state.unread;
    unread += unreadThreads(app.chat.conversations.values()).replies;
    document.title = unread ? `(${unread > 99 ? "99+" : unread}) Suhbat` : "Suhbat";
    const wanted = unread ? quiet.replace("icon.svg", "icon-unread.svg") : quiet;
    if (icon.href !== wanted) icon.href = wanted;
  };
  const told = async (/** @type {Message} */ message) => {
    const state = app.chat.conversations.get(message.conversation);
    if (!state || !preferences().notify) return;
    const about = { names: namesMe(app, message), thread: Boolean(message.thread), follows: follows(app, message) };
    if (!wants(levelOf(state), about)) return;
    if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
    if (await looksAnywhere()) return;
    const by = isolated(called(app, message.sender_uid, message.sender));
    const title = state.kind === "direct" ? by : `${by} · ${isolated(titleOf(app, state))}`;
    await show(title, message, namesIn(app), false);
  };
  const opened = (/** @type {MessageEvent} */ event) => {
    const { open } = event.data ?? {};
    if (open) go(open.conversation, open.seq, open.thread);
  };
  navigator.serviceWorker?.addEventListener("message", opened);
  const ends = [
    tellOthers(),
    app.on("conversations", count),
    app.on("message", (/** @type {Message} */ message) => void told(message)),
    app.on("about", (/** @type {any} */ event) => void follow(event, namesIn(app))),
  ];
  count();
  return () => {
    navigator.serviceWorker?.removeEventListener("message", opened);
    for (const end of ends) end();
    document.title = "Suhbat";
    icon.href = quiet;
  };
}

/**
 * The tag of a message's notification. It is unique, so several tabs show one notification.
 * @param {string} conversation @param {number} seq
 */
const tagOf = (conversation, seq) => `${conversation}/${seq}`;

/** The registration whose worker shows notifications; undefined where the browser or a private window allows none. */
const worker = async () => (await navigator.serviceWorker?.getRegistration())?.active && navigator.serviceWorker.ready;

/**
 * `again`: it replaces a notification that is shown, without a sound.
 * @param {string} title @param {Message} message @param {TextNames} names @param {boolean} again
 */
async function show(title, { conversation, seq, thread, ...message }, names, again) {
  await (
    await worker()
  )?.showNotification(title, {
    body: cut(plain(said(message), names), 200),
    tag: tagOf(conversation, seq),
    icon: "web/icon.svg",
    silent: again,
    data: { conversation, seq, thread },
  });
}

/** Close or update the notification of a deleted or edited message. @param {any} event @param {TextNames} names */
async function follow(event, names) {
  const seq = aboutText(event);
  if (seq === null) return;
  for (const note of (await (await worker())?.getNotifications({ tag: tagOf(event.conversation, seq) })) ?? []) {
    if (event.type === "message.edited") await show(note.title, event.message, names, true);
    else note.close();
  }
}
