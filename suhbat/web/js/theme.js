// Applies the chosen colours before the first paint, so that a dark page does not flash light.
try {
  const { theme } = JSON.parse(localStorage.getItem("suhbat.preferences") ?? "{}");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // There is no stored choice, or storage is disabled.
}
