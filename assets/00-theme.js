// Runs before the page is built: the stored theme, or else the system's, from the first paint on.
(function () {
  "use strict";
  var KEY = "flow-atlas-theme";

  function stored() {
    try {
      var value = window.localStorage.getItem(KEY);
      return value === "light" || value === "dark" ? value : null;
    } catch (_) {
      return null; // Storage may be switched off; the page then follows the system.
    }
  }

  function current() {
    var dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    return stored() || (dark ? "dark" : "light");
  }

  window.flowAtlasTheme = {
    current: current,
    toggle: function () {
      var next = current() === "dark" ? "light" : "dark";
      try {
        window.localStorage.setItem(KEY, next);
      } catch (_) {
        // Kept for this visit only.
      }
      document.documentElement.setAttribute("data-mantine-color-scheme", next);
      return next;
    },
  };
  document.documentElement.setAttribute("data-mantine-color-scheme", current());
})();
