// The service worker. It keeps the files of the page, so that the page starts without waiting for the network. It shows
// what the server pushes, and opens the page at a notification. It never keeps messages: those are in IndexedDB, in a
// separate database for each account.
//
// The server puts two lines before these: VERSION, a digest of all files of the page, and FILES, their paths. Browsers
// look for a new worker at each start of the page. A new worker fetches all files of its version, and waits. It takes
// over when no page is open, when the only page has just started, or when a page asks for it; pages that are open then
// load again. So a page never gets files of two versions.

/* global VERSION, FILES */

const PREFIX = "suhbat-shell-";
const CACHE = PREFIX + VERSION;
const BEFORE_VERSIONS = `${PREFIX}1`; // the cache of workers that asked the network first and had no version

const LOOKS = 5;
const LOOK_MS = 150;
const ASKED = 10; // conversations of which a push asks whether they were read elsewhere

const scope = new URL(self.registration.scope);

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.addAll(FILES.map(asked));
      if (await caches.has(BEFORE_VERSIONS)) await self.skipWaiting();
    })(),
  );
});

/** Only an address with the version in it may come from the browser's own cache. @param {string} path */
const asked = (path) => new Request(new URL(path, scope), { cache: path.startsWith("page/") ? "default" : "no-cache" });

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
    })(),
  );
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") void self.skipWaiting();
  if (event.data === "take over if alone") event.waitUntil(takeOverIfAlone(event.source.id));
});

/**
 * Take over when the page that asks is the only one. It has just started, so loading it again disturbs nobody. The page
 * that it replaced may still be there for a moment. A page that reloads is not there for a moment: if it was the one
 * that asked, the page that is left is another.
 * @param {string} asking the id of the page
 */
async function takeOverIfAlone(asking) {
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    if (open.every(({ id }) => id === asking)) return self.skipWaiting();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return;
  const path = url.pathname.slice(scope.pathname.length);
  if (FILES.includes(path)) event.respondWith(kept(path, request));
});

/** The file from the cache. @param {string} path @param {Request} request */
async function kept(path, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(new URL(path, scope))) ?? fetch(request); // a browser may have deleted the cache
}

self.addEventListener("push", (event) => event.waitUntil(pushed(event.data)));

/**
 * Show what the server pushed. Each push shows a notification: browsers take the permission away after a few that show
 * nothing, and the server has decided already that nobody looks.
 * @param {PushMessageData | null} data
 */
async function pushed(data) {
  const { notification = {}, app_badge: count, suhbat = {} } = read(data);
  const place = { ...suhbat, ...threadIn(notification.navigate) };
  const notes = await self.registration.getNotifications();
  // A page in the background may have shown this message, or a later one, when it came. That is not told again.
  const known = notes.find((note) => note.data?.conversation === place.conversation && note.data?.seq >= place.seq);
  const { title, body, lang, dir, tag = place.conversation } = known ?? notification;
  await self.registration.showNotification(title || "Suhbat", {
    body,
    ...(lang && { lang }),
    ...(dir && { dir }),
    ...(tag && { tag, renotify: !known }),
    silent: Boolean(known),
    icon: "web/icon-192.png",
    badge: "web/badge.png",
    data: known?.data ?? { ...place, navigate: notification.navigate },
  });
  if (Number.isSafeInteger(count)) await setBadge(count);
  if (place.conversation) for (const page of await pages()) page.postMessage({ pushed: place }); // which may close it
  await closeRead(notes, place.conversation);
}

/** What a push says; nothing if it cannot be read. @param {PushMessageData | null} data */
function read(data) {
  try {
    return Object(data?.json());
  } catch {
    return {};
  }
}

/** The thread to which an address leads, if it does. @param {unknown} address */
function threadIn(address) {
  const [, thread] = /#\/c\/[^/]+\/t\/(\d+)/.exec(String(address)) ?? [];
  return thread && { thread: Number(thread) };
}

/** The number on the icon of the installed page. @param {number} count */
const setBadge = async (count) =>
  (count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.())?.catch(() => {});

/**
 * Close the notifications of other conversations that were read on another device. An open page does that at once, but
 * no push tells of it, because each push must show something.
 * @param {Notification[]} notes @param {string | undefined} current
 */
async function closeRead(notes, current) {
  const others = new Set(notes.map((note) => note.data?.conversation).filter((id) => id && id !== current));
  await Promise.all(
    [...others].slice(0, ASKED).map(async (conversation) => {
      const address = new URL(`api/v1/conversations/${encodeURIComponent(conversation)}`, scope);
      const answer = await fetch(address, { cache: "no-store" }).catch(() => null);
      const state = answer?.ok ? await answer.json().catch(() => null) : null;
      for (const note of notes) {
        const { conversation: id, thread } = note.data ?? {};
        const reading = thread ? state?.threads?.find(({ root }) => root === thread) : state;
        if (id === conversation && reading?.unread === 0) note.close();
      }
    }),
  );
}

// A browser has replaced the subscription, or ended it. The next start of the page would repair that, too, but may be
// far away.
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(subscribeAgain(event)));

/** @param {Event & {oldSubscription?: PushSubscription, newSubscription?: PushSubscription}} event */
async function subscribeAgain({ oldSubscription, newSubscription }) {
  const { options } = oldSubscription ?? {};
  const subscription = newSubscription ?? (options && (await self.registration.pushManager.subscribe(options)));
  if (!subscription) return;
  await fetch(new URL("api/v1/push", scope), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(subscription),
  });
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openAt(event.notification.data ?? {}));
});

/** The windows with the page, whether it is of this worker's version or of another. */
async function pages() {
  const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return open.filter((page) => new URL(page.url).pathname === scope.pathname);
}

/**
 * Show the message of a notification, in an open page if there is one.
 * @param {{conversation?: string, seq?: number, thread?: number, navigate?: string}} place `thread`: it is a reply
 *   there; `navigate`: the address that the server gave
 */
async function openAt({ conversation, seq, thread, navigate }) {
  const open = await pages();
  const page = open.find((one) => one.visibilityState === "visible") ?? open[0];
  if (page) {
    if (conversation) page.postMessage({ open: { conversation, seq, thread } });
    await page.focus();
    return;
  }
  const place = thread ? `t/${thread}/${seq}` : seq;
  const ours = conversation ? `#/c/${encodeURIComponent(conversation)}/${place}` : (navigate ?? "");
  const address = new URL(ours, scope);
  await self.clients.openWindow(address.href.startsWith(scope.href) ? address : scope);
}
