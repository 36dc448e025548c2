// The beginning: who is it, may they come in, and what do they see.

import { App } from "./app.js";
import { Api } from "./sdk/http.js";
import { choose, current, onchange, t, use } from "./text/languages.js";
import { prefer, preferences } from "./storage/preferences.js";
import { paint } from "./views/choices.js";
import { h } from "./views/dom.js";
import { later, loadAll } from "./views/later.js";
import { Shell } from "./views/shell.js";

const QUIET = 1000; // ms: then what was not needed at first is loaded, and kept for a visit without a network

const base = new URL(".", document.baseURI);
const api = new Api({ base });
const page = /** @type {HTMLElement} */ (document.getElementById("page"));

/** @type {Shell | null} */
let shell = null;
/** @type {(() => void) | null} what draws the page before one is in, again */
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

/** @param {string} [why] said above the door */
async function begin(why) {
  const setup = location.pathname.endsWith("/setup") ? new URLSearchParams(location.search).get("code") : null;
  const invite = /^#\/invite\/([^/]+)$/.exec(location.hash)?.[1] ?? null;
  // Codes go out of the address bar, and so out of the history.
  if (setup) history.replaceState(null, "", base.pathname);
  if (invite) history.replaceState(null, "", "#/");
  try {
    // The setup link of a server that has an owner is worth nothing: who opens it again comes in as always.
    const first = setup !== null && !(await api.get("/server")).owned;
    if (!first && !invite) return await enter(await api.get("/me"));
  } catch (error) {
    const { status } = /** @type {{status?: number}} */ (error);
    const known = preferences().me;
    if (status !== 401 && status !== 403 && known) return enter(known);
    if (status !== undefined && status !== 401) why ??= /** @type {Error} */ (error).message;
  }
  return open({
    setup,
    invite,
    ...(why ? { why, login: preferences().me?.kind === "account", name: preferences().me?.user_id } : {}),
  });
}

/**
 * The page without a network. The only script that a script names; the page's policy allows no other (W3C Trusted
 * Types).
 */
async function serve() {
  await loadAll();
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const policy = trustedTypes?.createPolicy("suhbat", { createScriptURL: () => "sw.js" });
  try {
    await navigator.serviceWorker.register(policy?.createScriptURL("") ?? "sw.js");
    const { active } = await navigator.serviceWorker.ready;
    // What this page is made of came before the worker did: it keeps that too, so that the next visit needs no network.
    active?.postMessage({ keep: performance.getEntriesByType("resource").map((entry) => entry.name) });
  } catch {
    // No worker: no start without a network, and nothing else is lost.
  }
}

/** The door. @param {Parameters<typeof import("./views/gate.js").gate>[1]} options */
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

/** @param {any} user */
async function enter(user) {
  drawGate = null;
  prefer({
    me: { uid: user.uid, user_id: user.user_id, kind: user.kind },
    ...(user.locale && !preferences().language ? { language: user.locale } : {}),
  });
  const app = await App.start(base, api, user);
  shell = new Shell(app, { leave: () => leave(app) });
  page.replaceChildren(shell.element);
  app.on("status", () => {
    const { state, code, message } = app.chat.status;
    if (state === "closed" && shell) void ended(app, code, message);
  });
  addEventListener("online", () => app.chat.retryNow());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && app.chat.retryNow());
}

/**
 * The server will not have us back as we are: what was begun stays in this browser for when one returns.
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
