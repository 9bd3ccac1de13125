// The browser's own calendar beside a field of a time: data-picks names the field.
(function () {
  "use strict";

  function picker(button) {
    var field = button.parentNode.querySelector("input");
    if (!field) {
      field = document.createElement("input");
      field.type = "datetime-local";
      field.tabIndex = -1;
      field.setAttribute("aria-hidden", "true");
      field.className = "time-native";
      field.addEventListener("change", function () {
        if (field.value) {
          window.dash_clientside.set_props(button.dataset.picks, { value: field.value.replace("T", " ").slice(0, 16) });
        }
      });
      button.parentNode.append(field);
    }
    return field;
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-picks]");
    if (!button) {
      return;
    }
    var text = document.getElementById(button.dataset.picks);
    var field = picker(button);
    field.value = (text.value || text.placeholder || "").replace(" ", "T").slice(0, 16);
    try {
      field.showPicker();
    } catch (_) {
      text.focus(); // A browser without calendars: the field takes typed times.
    }
  });
})();
