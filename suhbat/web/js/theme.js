// Before the first paint: the colours that were chosen, so that a dark page does not flash light.
try {
  const { theme } = JSON.parse(localStorage.getItem("suhbat.preferences") ?? "{}");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Nothing was chosen, or nothing may be kept.
}
