// What this browser can do to tell of messages, and the question that it asks.

import { standing } from "../models/push.js";

/** What stands in the way of notifications here; see `standing`. */
export function standingHere() {
  const notifies = "Notification" in globalThis;
  return standing({
    secure: globalThis.isSecureContext,
    notifies,
    worker: "serviceWorker" in navigator,
    pushes: "PushManager" in globalThis,
    apple: isApple(),
    installed: isInstalled(),
    permission: notifies ? Notification.permission : "denied",
  });
}

/** Whether this is an iPhone or iPad. An iPad calls itself a Mac, but a Mac has no touch screen. */
export function isApple() {
  const { userAgent, platform, maxTouchPoints } = navigator;
  return /iPhone|iPad|iPod/.test(userAgent) || (platform === "MacIntel" && maxTouchPoints > 1);
}

/** Whether the page runs as an app of its own. */
export const isInstalled = () =>
  matchMedia("(display-mode: standalone)").matches || /** @type {any} */ (navigator).standalone === true;

/** Ask the browser to allow notifications, after a gesture of the user. Whether they are allowed. */
export async function allowed() {
  if (standingHere() === "ask") await Notification.requestPermission();
  return standingHere() === "granted";
}
