// Applies the chosen colours before the first paint, so that a dark page does not flash light.
try {
  const { theme } = JSON.parse(localStorage.getItem("suhbat.preferences") ?? "{}");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // The stored choice cannot be read, or storage is disabled.
}
