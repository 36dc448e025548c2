// The service worker. It keeps the files of the page, so that the page starts without waiting for the network, and
// opens the page at a notification. It never keeps messages: those are in IndexedDB, in a separate database for each
// account.
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

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openAt(event.notification.data));
});

/**
 * Show the message of a notification, in an open page if there is one.
 * @param {{conversation: string, seq: number, thread?: number}} place `thread`: it is a reply there
 */
async function openAt({ conversation, seq, thread }) {
  const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const pages = open.filter((page) => new URL(page.url).pathname === scope.pathname);
  const page = pages.find((one) => one.visibilityState === "visible") ?? pages[0];
  if (!page) {
    const place = thread ? `t/${thread}/${seq}` : seq;
    await self.clients.openWindow(new URL(`#/c/${encodeURIComponent(conversation)}/${place}`, scope));
    return;
  }
  page.postMessage({ open: { conversation, seq, thread } });
  await page.focus();
}
