// The first visit's tour: a few words beside the parts that matter. It comes once, and again
// from the button. A dialog is not modal: the page stays usable beside it.
(function () {
  "use strict";
  var KEY = "flow-atlas-tour";
  var STEPS = [
    [".questions", "Ready questions", "What engineers ask first, with today's numbers. A click opens the view behind a number; its address can be shared."],
    [".filter-bar", "One filter for all", "Type with completion, or click on any node, line, bar or cell: everything on the page, and every export, is filtered alike."],
    [".timeline", "Time", "Drag over the chart to select a range. \"Compare with\" draws the time before as a line."],
    [".panel.main", "Network, table, flows, changes", "Select a node or a line to see its peers, ports and the log lines behind it. Press ? over the network for its keys."],
    [".actions", "Take it away", "Save a view for the team, copy its link, or download what is shown. Sharing replaces addresses by pseudonyms everywhere."]
  ];
  var step = -1;
  var box = null;

  function seen(value) {
    try {
      if (value) {
        window.localStorage.setItem(KEY, value);
      }
      return window.localStorage.getItem(KEY);
    } catch (_) {
      return "unknown"; // Without storage it would come on every visit.
    }
  }

  function button(text, action, kind) {
    var element = document.createElement("button");
    element.type = "button";
    element.className = "button " + (kind || "");
    element.textContent = text;
    element.addEventListener("click", action);
    return element;
  }

  function mark(target) {
    document.querySelectorAll(".tour-target").forEach(function (old) {
      old.classList.remove("tour-target");
    });
    if (target) {
      target.classList.add("tour-target");
    }
  }

  function end() {
    seen("done");
    mark(null);
    step = -1;
    if (box) {
      box.remove();
      box = null;
    }
  }

  function place(target) {
    var around = target.getBoundingClientRect();
    var below = around.bottom + 12;
    var top = below + box.offsetHeight < window.innerHeight ? below : Math.max(12, around.top + 12);
    var left = Math.min(Math.max(12, around.left), window.innerWidth - box.offsetWidth - 12);
    box.style.top = Math.min(top, window.innerHeight - box.offsetHeight - 12) + "px";
    box.style.left = left + "px";
  }

  function show(next) {
    var target = null;
    while (next < STEPS.length && !(target = document.querySelector(STEPS[next][0]))) {
      next += 1;
    }
    if (!target) {
      end();
      return;
    }
    step = next;
    if (!box) {
      box = document.createElement("section");
      box.className = "tour";
      box.setAttribute("role", "dialog");
      box.setAttribute("aria-labelledby", "tour-title");
      document.body.append(box);
    }
    var title = document.createElement("h2");
    var text = document.createElement("p");
    var tools = document.createElement("div");
    title.id = "tour-title";
    title.textContent = STEPS[step][1];
    text.textContent = STEPS[step][2];
    tools.className = "tour-tools";
    tools.append(button("Skip", end));
    var last = step === STEPS.length - 1;
    var forward = button(last ? "Done" : "Next (" + (step + 1) + " of " + STEPS.length + ")", function () {
      show(step + 1);
    }, "primary");
    tools.append(forward);
    box.replaceChildren(title, text, tools);
    mark(target);
    place(target);
    forward.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && step >= 0) {
      end();
    }
  });

  document.addEventListener("click", function (event) {
    if (event.target.closest && event.target.closest("[data-tour]")) {
      show(0);
    }
  });

  // The first numbers are on the page: now there is something to look at. A browser that is
  // driven by a program is nobody's first visit.
  var watch = new MutationObserver(function () {
    if (document.querySelector(".tile")) {
      watch.disconnect();
      if (!seen() && !navigator.webdriver) {
        show(0);
      }
    }
  });
  watch.observe(document.documentElement, { childList: true, subtree: true });
})();
