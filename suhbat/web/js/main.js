// Entry point: restores the login session, then shows the sign-in page or the application.

import { App } from "./app.js";
import { Api } from "./sdk/http.js";
import { choose, current, onchange, t, use } from "./text/languages.js";
import { onPreferences, prefer, preferences } from "./storage/preferences.js";
import { paint } from "./views/choices.js";
import { toast } from "./views/dialog.js";
import { h } from "./views/dom.js";
import { sentence } from "./views/form.js";
import { keepInstallQuestion } from "./views/install.js";
import { later } from "./views/later.js";
import { trouble } from "./views/loading.js";
import { addressOf, placeOf } from "./views/places.js";
import { followPresses } from "./views/pressing.js";
import { silence } from "./views/notifications.js";
import { Shell } from "./views/shell.js";
import { trail } from "./views/trail.js";
import { keepPage } from "./views/versions.js";

const PATIENCE = 1500; // ms that a start of a known user waits for the server
const QUIET = 1000; // ms until the page is kept for a start without a network

const base = new URL(".", document.baseURI);
const api = new Api({ base });
const page = /** @type {HTMLElement} */ (document.getElementById("page"));

/** @type {Shell | null} */
let shell = null;
/** @type {(() => void) | null} redraws the sign-in page */
let drawGate = null;

paint();
keepInstallQuestion();
trail.listen();
followPresses();
const language = () => choose(preferences().language, navigator.languages);
await use(language());
document.documentElement.lang = current();
onchange(() => {
  document.documentElement.lang = current();
  api.language = current();
  if (shell) page.replaceChildren((shell = shell.redraw()).element);
  else drawGate?.();
});
onPreferences(() => {
  paint();
  if (language() !== current()) void use(language());
});
api.language = current();
addEventListener("hashchange", () => {
  // A link in a mail may open in the installed app, which is there already.
  const { reset, confirm } = placeOf(location.hash);
  if (reset || confirm) location.reload();
});
await begin();
setTimeout(() => void keepPage(), QUIET);

/** @param {string} [why] a sentence shown above the sign-in form */
async function begin(why) {
  const setup = location.pathname.endsWith("/setup") ? new URLSearchParams(location.search).get("code") : null;
  const { invite, reset, confirm } = placeOf(location.hash);
  // Remove secret codes from the address bar, and with it from the browser history.
  if (setup) history.replaceState(null, "", base.pathname);
  if (reset || confirm) {
    // The links in mails work without a login, and whoever is logged in.
    history.replaceState(null, "", "#/");
    return open({ reset, confirm });
  }
  try {
    // A setup link has no effect once the server has an owner. The normal sign-in follows.
    const first = setup !== null && !(await api.get("/server")).owned;
    if (!first) {
      const me = await soon(api.get("/me"));
      return await (me ? enter(me) : enter(preferences().me, true));
    }
  } catch (error) {
    const { status } = /** @type {{status?: number}} */ (error);
    const known = preferences().me;
    if (status !== 401 && status !== 403 && known) return enter(known, true);
    if (status !== undefined && status !== 401) why ??= /** @type {Error} */ (error).message;
  }
  if (invite) history.replaceState(null, "", "#/");
  return open({
    setup,
    invite,
    ...(why ? { why, login: preferences().me?.kind === "account", name: preferences().me?.user_id } : {}),
  });
}

/** Join the room of an invite, for which somebody logged in. @param {string} code */
async function join(code) {
  const { joinByInvite } = await later("invites");
  const room = await joinByInvite(api, code).catch((error) => void toast(sentence(error)));
  if (room) shell?.go(room);
}

/** What a code invites to, or null if it is not valid. @param {string} code */
async function offerOf(code) {
  try {
    return await api.get(`/invites/${encodeURIComponent(code)}`);
  } catch (error) {
    if (/** @type {{status?: number}} */ (error).status === 404) return null;
    throw error;
  }
}

/**
 * The answer, or null if it takes long and this device knows the user: then the page starts with what is stored here.
 * @param {Promise<any>} answer
 */
function soon(answer) {
  if (!preferences().me) return answer;
  answer.catch(() => {}); // too late, and asked again when the server is there
  return Promise.race([answer, new Promise((resolve) => setTimeout(() => resolve(null), PATIENCE))]);
}

/** Show the sign-in page. @param {Parameters<typeof import("./views/gate.js").gate>[1]} options */
async function open(options) {
  try {
    const { invite } = options;
    const [server, { gate }, offer] = await Promise.all([
      api.get("/server"),
      later("gate"),
      invite ? offerOf(invite) : null,
    ]);
    const come = (/** @type {any} */ user, /** @type {boolean} */ registered) => {
      // Who registers with an invite is in its room already.
      if (registered && offer?.conversation) location.hash = addressOf(offer.conversation);
      void enter(user).then(() => void (!registered && offer && invite && join(invite)));
    };
    drawGate = () => page.replaceChildren(gate({ api, server, offer, enter: come }, options));
    drawGate();
  } catch (error) {
    const again = trouble(sentence(error), () => void begin());
    page.replaceChildren(h("main", { class: "gate" }, again));
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
  void silence(app);
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
  void silence(app);
  app.stop(true);
  prefer({ me: null, last: null });
  location.hash = "#/";
  void open({});
}
