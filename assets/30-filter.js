// The filter's field: completion as a list box (WAI-ARIA combobox), and clicks on chips.
(function () {
  "use strict";
  var WAIT_MS = 90;
  var shown = [];
  var active = -1;
  var asked = 0;
  var timer = null;

  function bar() {
    return document.querySelector(".filter-bar");
  }

  function field() {
    return document.querySelector(".filter-input input");
  }

  function list() {
    return document.querySelector(".filter-list");
  }

  function tell(command) {
    // A count makes equal commands differ, so that each is heard.
    command.n = Date.now();
    window.dash_clientside.set_props(bar().dataset.command, { data: command });
  }

  // React keeps its own value: set it the way typing does.
  function type(text) {
    var input = field();
    var setter = Object.getOwnPropertyDescriptor(window.HTMLInputElement.prototype, "value").set;
    setter.call(input, text);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.setSelectionRange(text.length, text.length);
  }

  function close() {
    shown = [];
    active = -1;
    list().hidden = true;
    field().setAttribute("aria-expanded", "false");
    field().removeAttribute("aria-activedescendant");
  }

  function mark(position) {
    active = position;
    Array.prototype.forEach.call(list().children, function (item, index) {
      item.setAttribute("aria-selected", String(index === position));
      if (index === position) {
        item.scrollIntoView({ block: "nearest" });
        field().setAttribute("aria-activedescendant", item.id);
      }
    });
    if (position < 0) {
      field().removeAttribute("aria-activedescendant");
    }
  }

  function open(suggestions) {
    var box = list();
    // A late answer that says the same must not take the mark away.
    if (!box.hidden && JSON.stringify(suggestions) === JSON.stringify(shown)) {
      return;
    }
    box.id = "filter-list";
    box.setAttribute("role", "listbox");
    box.setAttribute("aria-label", "Ways to go on");
    box.replaceChildren();
    shown = suggestions;
    suggestions.forEach(function (suggestion, index) {
      var item = document.createElement("li");
      var label = document.createElement("span");
      var help = document.createElement("span");
      item.id = "filter-option-" + index;
      item.setAttribute("role", "option");
      label.textContent = suggestion.label;
      label.className = "option-label";
      help.textContent = suggestion.help;
      help.className = "option-help";
      item.append(label, help);
      item.addEventListener("mousedown", function (event) {
        event.preventDefault(); // The field keeps the focus.
        take(index);
      });
      box.append(item);
    });
    box.hidden = suggestions.length === 0;
    field().setAttribute("aria-expanded", String(!box.hidden));
    mark(-1);
  }

  function take(index) {
    var input = field();
    var suggestion = shown[index];
    var cursor = input.selectionStart;
    type(input.value.slice(0, suggestion.start) + suggestion.insert + input.value.slice(cursor));
    ask();
  }

  function ask() {
    var input = field();
    var mine = (asked += 1);
    var url = new URL("suggest", document.baseURI);
    url.search = window.location.search;
    url.searchParams.set("text", input.value.slice(0, input.selectionStart));
    window
      .fetch(url, { headers: { Accept: "application/json" } })
      .then(function (answer) {
        return answer.ok ? answer.json() : [];
      })
      .then(function (suggestions) {
        if (mine === asked && document.activeElement === input) {
          open(suggestions);
        }
      })
      .catch(close);
  }

  function later() {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, WAIT_MS);
  }

  document.addEventListener("input", function (event) {
    if (event.target === field()) {
      later();
    }
  });

  document.addEventListener("focusin", function (event) {
    if (event.target === field()) {
      later();
    }
  });

  document.addEventListener("focusout", function (event) {
    if (event.target === field()) {
      window.clearTimeout(timer);
      asked += 1;
      close();
    }
  });

  // Before React, so that Enter on a marked entry does not send the text.
  document.addEventListener(
    "keydown",
    function (event) {
      if (event.target !== field()) {
        return;
      }
      var count = shown.length;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (count) {
          var step = event.key === "ArrowDown" ? 1 : count;
          mark(active < 0 ? (step === 1 ? 0 : count - 1) : (active + step) % count);
        } else {
          ask();
        }
        event.preventDefault();
        event.stopPropagation();
      } else if ((event.key === "Enter" || event.key === "Tab") && active >= 0) {
        take(active);
        event.preventDefault();
        event.stopPropagation();
      } else if (event.key === "Enter") {
        window.clearTimeout(timer);
        asked += 1;
        close();
      } else if (event.key === "Escape" && count) {
        close();
        event.stopPropagation();
      }
    },
    true
  );

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-do][data-chip]");
    if (!button || !bar() || !bar().contains(button)) {
      return;
    }
    if (button.dataset.do === "undo") {
      window.history.back();
      return;
    }
    tell({ do: button.dataset.do, chip: Number(button.dataset.chip) });
    if (button.dataset.do === "edit" || button.dataset.do === "edit-all") {
      field().focus();
    }
  });
})();
