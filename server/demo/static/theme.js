/** Light or dark: as the visitor last chose here, else as their system says. Runs before the first paint. */
(() => {
  const KEY = "inkling-demo-theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage may be switched off; the system's choice is good enough
    }
  };
  const show = () => root.classList.toggle("dark", (chosen() ?? (system.matches ? "dark" : "light")) === "dark");
  show();
  system.addEventListener("change", show);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("button.theme")) return;
    try {
      localStorage.setItem(KEY, root.classList.contains("dark") ? "light" : "dark");
    } catch {
      root.classList.toggle("dark");
      return;
    }
    show();
  });
})();
