// Texts that depend on the time: "today" after midnight, how long ago somebody was here.

const MINUTE = 60_000;

/**
 * Call `act` once a minute, and when the page is shown again. Returns a function that ends this.
 * @param {() => void} act
 */
export function everyMinute(act) {
  const timer = setInterval(act, MINUTE);
  const shown = () => document.visibilityState === "visible" && act();
  document.addEventListener("visibilitychange", shown);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", shown);
  };
}
