// Entry point: restores the login session, then shows the sign-in page or the application.

import { App } from "./app.js";
import { Api } from "./sdk/http.js";
import { choose, current, onchange, t, use } from "./text/languages.js";
import { prefer, preferences } from "./storage/preferences.js";
import { paint } from "./views/choices.js";
import { h } from "./views/dom.js";
import { later, loadAll } from "./views/later.js";
import { Shell } from "./views/shell.js";

const QUIET = 1000; // ms until the remaining modules are loaded and cached for offline use

const base = new URL(".", document.baseURI);
const api = new Api({ base });
const page = /** @type {HTMLElement} */ (document.getElementById("page"));

/** @type {Shell | null} */
let shell = null;
/** @type {(() => void) | null} redraws the sign-in page */
let drawGate = null;

paint();
await use(choose(preferences().language, navigator.languages));
document.documentElement.lang = current();
onchange(() => {
  document.documentElement.lang = current();
  api.language = current();
  if (shell) page.replaceChildren((shell = shell.redraw()).element);
  else drawGate?.();
});
api.language = current();
await begin();
setTimeout(() => void serve(), QUIET);

/** @param {string} [why] a sentence shown above the sign-in form */
async function begin(why) {
  const setup = location.pathname.endsWith("/setup") ? new URLSearchParams(location.search).get("code") : null;
  const invite = /^#\/invite\/([^/]+)$/.exec(location.hash)?.[1] ?? null;
  // Remove secret codes from the address bar, and with it from the browser history.
  if (setup) history.replaceState(null, "", base.pathname);
  if (invite) history.replaceState(null, "", "#/");
  try {
    // A setup link has no effect once the server has an owner. The normal sign-in follows.
    const first = setup !== null && !(await api.get("/server")).owned;
    if (!first && !invite) return await enter(await api.get("/me"));
  } catch (error) {
    const { status } = /** @type {{status?: number}} */ (error);
    const known = preferences().me;
    if (status !== 401 && status !== 403 && known) return enter(known, true);
    if (status !== undefined && status !== 401) why ??= /** @type {Error} */ (error).message;
  }
  return open({
    setup,
    invite,
    ...(why ? { why, login: preferences().me?.kind === "account", name: preferences().me?.user_id } : {}),
  });
}

/**
 * Register the service worker, which serves the page offline. This is the only script URL that a script sets; the
 * page's policy allows no other (W3C Trusted Types).
 */
async function serve() {
  await loadAll();
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const policy = trustedTypes?.createPolicy("suhbat", { createScriptURL: () => "sw.js" });
  try {
    await navigator.serviceWorker.register(policy?.createScriptURL("") ?? "sw.js");
    const { active } = await navigator.serviceWorker.ready;
    // The page's files may have loaded before the worker started. The worker caches them too, for an offline start.
    active?.postMessage({ keep: performance.getEntriesByType("resource").map((entry) => entry.name) });
  } catch {
    // Without a worker only the offline start is lost.
  }
}

/** Show the sign-in page. @param {Parameters<typeof import("./views/gate.js").gate>[1]} options */
async function open(options) {
  try {
    const [server, { gate }] = await Promise.all([api.get("/server"), later("gate")]);
    drawGate = () => page.replaceChildren(gate({ api, server, enter: (user) => void enter(user) }, options));
    drawGate();
  } catch {
    const again = h(
      "button",
      { type: "button", class: "primary", on: { click: () => void begin() } },
      t("offline.now"),
    );
    page.replaceChildren(h("main", { class: "gate" }, h("p", { role: "alert" }, t("error.unreachable")), again));
  }
}

/** @param {any} user @param {boolean} [remembered] the server did not say who this is; ask it again when it is there */
async function enter(user, remembered = false) {
  drawGate = null;
  prefer({
    me: user,
    ...(user.locale && !preferences().language ? { language: user.locale } : {}),
  });
  const app = await App.start(base, api, user);
  shell = new Shell(app, { leave: () => leave(app) });
  page.replaceChildren(shell.element);
  app.on("status", () => {
    const { state, code, message } = app.chat.status;
    if (state === "closed" && shell) void ended(app, code, message);
    if (state === "online" && remembered) void recognise();
  });
  async function recognise() {
    remembered = false;
    await api.get("/me").then(
      (me) => app.renew(me),
      () => (remembered = true),
    );
  }
  addEventListener("online", () => app.chat.retryNow());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && app.chat.retryNow());
}

/**
 * The server closed the connection for good, for example because the login session was revoked. Drafts and unsent
 * messages stay in this browser for the next login.
 * @param {App} app @param {number | null} code @param {string} message
 */
async function ended(app, code, message) {
  shell?.close();
  shell = null;
  await app.saveNow();
  app.stop(false);
  document.querySelectorAll("dialog[open]").forEach((box) => box.remove());
  await open({
    login: app.me.kind === "account",
    name: app.me.user_id,
    why: code === 4503 ? message : t("session.ended"),
  });
}

/** @param {App} app */
function leave(app) {
  shell?.close();
  shell = null;
  app.stop(true);
  prefer({ me: null, last: null });
  location.hash = "#/";
  void open({});
}
