// Buttons that write a command to a store: data-store names it, data-command holds JSON.
(function () {
  "use strict";

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-store][data-command]");
    if (!button || button.tagName !== "BUTTON") {
      return;
    }
    var command = JSON.parse(button.dataset.command);
    // A count makes equal commands differ, so that each is heard.
    command.n = Date.now();
    window.dash_clientside.set_props(button.dataset.store, { data: command });
  });

  // A menu closes when something else is clicked, or with Escape.
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.views[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) {
        menu.open = false;
      }
    });
  });

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      document.querySelectorAll("details.views[open]").forEach(function (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    }
  });
})();
