// Notifications for a user who looks at another page, and the push subscription that tells them when no page is open.
//
// The service worker shows the notifications. On Android it is the only way, and all tabs see what is shown. It also
// shows pushes, which the server sends when nobody has looked for some seconds; of a message that a page has shown by
// then, it makes no second notification (sw.js).

import { said } from "../text/said.js";
import { aboutText } from "../models/amendments.js";
import { levelOf, wants } from "../models/levels.js";
import { isOver, placeOfMessage } from "../models/notes.js";
import { switched, wanted } from "../models/push.js";
import { isQuiet } from "../models/quiet.js";
import { cut } from "../text/graphemes.js";
import { isolated } from "../text/bidi.js";
import { named, plain } from "../text/markdown.js";
import { onPreferences, prefer, preferences } from "../storage/preferences.js";
import { allowed, standingHere } from "./abilities.js";
import { looksAnywhere, looksHere, tellOthers } from "./looking.js";
import { namesIn, titleOf, writtenBy } from "./names.js";
import { badge } from "./signals.js";

/** @import { App } from "../app.js" */
/** @import { NotePlace } from "../models/notes.js" */
/** @import { Message } from "../sdk/types.js" */
/** @import { TextNames } from "../text/markdown.js" */
/** @import { Go } from "./places.js" */

/** Whether the user wants notifications on this device. @param {App} app */
export const isOn = (app) => wanted(preferences(), app.me.uid);

/**
 * Switch the notifications on this device on or off. The browser may ask the user, so call this after a gesture.
 * Returns whether they are on.
 * @param {App} app @param {boolean} on
 */
export async function switchOn(app, on) {
  const agreed = on && (await allowed());
  prefer(switched(preferences(), app.me.uid, agreed));
  return agreed;
}

/** Make the push subscription as the user wants it. @param {App} app */
export function followPushes(app) {
  return app.pushes.follow(isOn(app) && standingHere() === "granted", { account: app.me.kind === "account" });
}

/** The user has logged out: nothing of theirs is shown or pushed here any more. @param {App} app */
export async function silence(app) {
  badge(0);
  void app.pushes.follow(false, { account: false });
  for (const note of await shownNotes()) note.close();
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
 * Show notifications, close those of messages that were read, and keep the push subscription, until the returned
 * function is called.
 * @param {App} app
 * @param {Go} go
 * @returns {() => void}
 */
export function notify(app, go) {
  const told = async (/** @type {Message} */ message) => {
    const state = app.chat.conversations.get(message.conversation);
    if (!state || !isOn(app)) return;
    const about = { names: namesMe(app, message), thread: Boolean(message.thread), follows: follows(app, message) };
    if (!wants(levelOf(state), about) || isQuiet(app.me.quiet, new Date())) return;
    if (standingHere() !== "granted") return;
    if (await looksAnywhere()) return;
    const by = isolated(writtenBy(app, message));
    const title = state.kind === "direct" ? by : `${by} · ${isolated(titleOf(app, state))}`;
    await show(title, message, namesIn(app), false);
  };
  const opened = (/** @type {MessageEvent} */ event) => {
    const { open, pushed } = event.data ?? {};
    if (open) go(open.conversation, open.seq, open.thread);
    if (pushed && looksHere()) void seen(pushed);
  };
  const tidy = tidying(app);
  navigator.serviceWorker?.addEventListener("message", opened);
  const ends = [
    tellOthers(),
    app.on("conversations", tidy),
    app.on("message", (/** @type {Message} */ message) => void told(message)),
    app.on("about", (/** @type {any} */ event) => void follow(event, namesIn(app))),
    app.on("me", () => void followPushes(app)),
    app.on("status", () => {
      if (app.chat.status.state !== "online") return;
      tidy();
      void app.pushes.retry();
    }),
    onPreferences(() => void followPushes(app)),
  ];
  void followPushes(app);
  return () => {
    navigator.serviceWorker?.removeEventListener("message", opened);
    for (const end of ends) end();
  };
}

/**
 * The tag of a message's notification. It is unique, so several tabs show one notification.
 * @param {string} conversation @param {number} seq
 */
const tagOf = (conversation, seq) => `${conversation}/${seq}`;

/** The registration whose worker shows notifications; undefined where the browser or a private window allows none. */
const worker = async () => (await navigator.serviceWorker?.getRegistration())?.active && navigator.serviceWorker.ready;

/** @param {GetNotificationOptions} [which] @returns {Promise<Notification[]>} */
const shownNotes = async (which) => (await (await worker())?.getNotifications(which)) ?? [];

/**
 * `again`: it replaces a notification that is shown, without a sound.
 * @param {string} title @param {Message} message @param {TextNames} names @param {boolean} again
 */
async function show(title, message, names, again) {
  await (
    await worker()
  )?.showNotification(title, {
    body: cut(plain(said(message), names), 200),
    tag: tagOf(message.conversation, message.seq),
    icon: "web/icon-192.png",
    silent: again,
    data: placeOfMessage(message),
  });
}

/** Close or update the notification of a deleted or edited message. @param {any} event @param {TextNames} names */
async function follow(event, names) {
  const seq = aboutText(event);
  if (seq === null) return;
  for (const note of await shownNotes({ tag: tagOf(event.conversation, seq) })) {
    if (event.type === "message.edited") await show(note.title, event.message, names, true);
    else note.close();
  }
}

/** Somebody has begun to look at the page since this push was sent. @param {NotePlace} place */
async function seen({ conversation, seq }) {
  for (const note of await shownNotes())
    if (note.data?.conversation === conversation && note.data.seq === seq) note.close();
}

/**
 * A function that closes what was read, also on another device. Of many calls at once only the last one counts.
 * @param {App} app
 */
function tidying(app) {
  let calls = 0;
  return async () => {
    const call = ++calls;
    if (app.chat.status.state !== "online") return; // the state may be old
    const notes = await shownNotes();
    if (call !== calls) return;
    for (const note of notes) {
      const { data: place } = note;
      if (place?.conversation && isOver(place, app.chat.conversations.get(place.conversation))) note.close();
    }
  };
}
