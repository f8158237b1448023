// Light, dark, or as the system has it: before anything is drawn, so this is no module.
(() => {
  const PLACE = "theme";
  const show = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };
  const stored = () => {
    try {
      return localStorage.getItem(PLACE) ?? "";
    } catch {
      return ""; // a browser that keeps nothing
    }
  };
  window.theme = {
    get: stored,
    set(theme) {
      localStorage.setItem(PLACE, theme);
      show(theme);
    },
  };
  show(stored());
  addEventListener("storage", (event) => event.key === PLACE && show(event.newValue)); // another tab's choice
})();
