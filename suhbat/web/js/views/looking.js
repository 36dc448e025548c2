// Whether somebody looks at the page, in this tab or in another tab of the browser.
//
// Each tab that is looked at holds a shared lock, which the browser releases with the tab. Other tabs see the lock.

const LOCK = `suhbat:looking:${new URL(".", document.baseURI).pathname}`;

/** Whether this tab is visible and has the focus. */
export const looksHere = () => document.visibilityState === "visible" && document.hasFocus();

/** Whether somebody looks at any tab. Without locks, only this tab is known. */
export async function looksAnywhere() {
  if (looksHere()) return true;
  const held = (await navigator.locks?.query())?.held ?? [];
  return held.some(({ name }) => name === LOCK);
}

/** Tell the other tabs from now on whether somebody looks at this one. Returns a function that ends it. */
export function tellOthers() {
  /** @type {(() => void) | null} */
  let release = null;
  const tell = (looks = looksHere()) => {
    if (!looks) {
      release?.();
      release = null;
    } else if (!release) {
      const until = new Promise((/** @type {(value?: undefined) => void} */ resolve) => (release = resolve));
      void navigator.locks?.request(LOCK, { mode: "shared" }, () => until);
    }
  };
  const changed = () => tell();
  addEventListener("focus", changed);
  addEventListener("blur", changed);
  document.addEventListener("visibilitychange", changed);
  tell();
  return () => {
    removeEventListener("focus", changed);
    removeEventListener("blur", changed);
    document.removeEventListener("visibilitychange", changed);
    tell(false);
  };
}
