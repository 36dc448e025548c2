// Whether a browser can tell of messages that come while nobody looks, and whether the user wants that. Pure.

/**
 * What a browser says about itself. `apple`: an iPhone or iPad, where only an installed page gets pushes. `pushes`: it
 * has a push service, as far as one can see.
 * @typedef {object} Abilities
 * @property {boolean} secure  the page came over https, or from this machine
 * @property {boolean} notifies
 * @property {boolean} worker
 * @property {boolean} pushes
 * @property {boolean} apple
 * @property {boolean} installed
 * @property {"default" | "granted" | "denied"} permission
 */

/**
 * What stands in the way of notifications, or how far the user has come. "install": the page must be on the home
 * screen. "ask": nothing was decided yet. "granted": notifications may be shown.
 * @param {Abilities} browser
 * @returns {"insecure" | "install" | "unable" | "denied" | "ask" | "granted"}
 */
export function standing({ secure, notifies, worker, pushes, apple, installed, permission }) {
  if (!secure) return "insecure";
  if (apple && !installed && !pushes) return "install";
  if (!notifies || !worker) return "unable";
  return permission === "default" ? "ask" : permission;
}

const MOST = 10; // accounts of a shared device that are remembered

/**
 * @typedef {object} Choice
 * @property {boolean} notify  chosen in an older version, which did not ask for whom
 * @property {string[]} notified  the uids of the accounts with notifications on this device
 */

/** Whether this account wants notifications on this device. @param {Choice} choice @param {string} uid */
export const wanted = ({ notify, notified }, uid) => notify || notified.includes(uid);

/**
 * The choice after a change.
 * @param {Choice} choice @param {string} uid @param {boolean} on @returns {Choice}
 */
export function switched({ notified }, uid, on) {
  const others = notified.filter((one) => one !== uid);
  return { notify: false, notified: on ? [...others, uid].slice(-MOST) : others };
}

/**
 * Whether a subscription is bound to this key of the server.
 * @param {ArrayBuffer | null | undefined} bound @param {string} key in base64url without padding
 */
export function isOfKey(bound, key) {
  if (!bound) return false;
  const text = btoa(String.fromCharCode(...new Uint8Array(bound)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "") === key;
}
