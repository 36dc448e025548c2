// The service worker. It caches the files of the page for offline use. It never caches messages: those are in
// IndexedDB, in a separate database for each account.

const CACHE = "suhbat-shell-1";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys())
        if (name.startsWith("suhbat-shell-") && name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

const scope = new URL(self.registration.scope);
const ALSO = ["", "manifest.webmanifest", "web/js/text/emoji-data.js"].map((path) => new URL(path, scope).href);

self.addEventListener("message", (event) => {
  const { keep } = event.data;
  const wanted = [...ALSO, ...keep.filter((address) => isShell(new URL(address)))];
  event.waitUntil(caches.open(CACHE).then((cache) => Promise.allSettled(wanted.map((address) => cache.add(address)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method === "GET" && isShell(url)) event.respondWith(fresh(request, url.origin + url.pathname));
});

function isShell(url) {
  const path = url.pathname.slice(scope.pathname.length);
  const ours = url.origin === scope.origin && url.pathname.startsWith(scope.pathname);
  return ours && (path === "" || path === "manifest.webmanifest" || path.startsWith("web/"));
}

// Network first, so that a new server version brings a new page version. The cached copy serves when offline.
async function fresh(request, key) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(key, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(key);
    if (kept) return kept;
    throw error;
  }
}
