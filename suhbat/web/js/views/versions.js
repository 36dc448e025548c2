// Keeps the page on the device with the service worker (sw.js), and offers a new version when the worker has fetched
// it.

import { t } from "../text/languages.js";
import { toast } from "./dialog.js";

const LOOK_EVERY = 3_600_000; // ms between two looks for a new version while the page stays open
const OFFERED = 60; // seconds
const OFFER_AFTER = 1500; // ms, in which the worker takes over if no other page is open

/**
 * Register the worker, and take a version that was fetched before. Without a worker, only the start without a network
 * is lost. Call this when the page has loaded: Chrome holds back a worker that takes over while the old one still
 * answers requests.
 */
export async function keepPage() {
  try {
    // When a worker of another version takes over, this page would get its files, so it loads again.
    const kept = navigator.serviceWorker.controller !== null;
    navigator.serviceWorker.addEventListener("controllerchange", () => kept && location.reload());
    const registration = await navigator.serviceWorker.register(address());
    if (registration.waiting) {
      registration.waiting.postMessage("take over if alone");
      setTimeout(() => registration.waiting && offer(registration), OFFER_AFTER);
    }
    registration.addEventListener("updatefound", () => {
      const next = registration.installing;
      next?.addEventListener("statechange", () => next.state === "installed" && offer(registration));
    });
    lookAgain(registration);
  } catch {
    // The browser, a private window, or a page over plain HTTP allows no worker.
  }
}

/**
 * The address of the worker. It is the only script address that a script sets; the page's policy allows no other (W3C
 * Trusted Types).
 */
function address() {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const policy = trustedTypes?.createPolicy("suhbat", { createScriptURL: () => "sw.js" });
  return policy?.createScriptURL("") ?? "sw.js";
}

/**
 * Say that there is a new version. If people go on, the next start of the page takes it.
 * @param {ServiceWorkerRegistration} registration
 */
function offer(registration) {
  if (!registration.active) return; // the first version, which is this page's
  const act = () => registration.waiting?.postMessage("take over");
  toast(t("version.new"), { label: t("version.reload"), act }, { seconds: OFFERED });
}

/** @param {ServiceWorkerRegistration} registration */
function lookAgain(registration) {
  let looked = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || Date.now() - looked < LOOK_EVERY) return;
    looked = Date.now();
    registration.update().catch(() => {});
  });
}
