// The dialogs: names for parts that their components leave nameless, focus back to where it came
// from, and files that the browser would drop without a word.
(function () {
  "use strict";
  var before = null; // What had the focus before a dialog opened.

  function dialog() {
    return document.querySelector("[role='dialog'][aria-modal='true']");
  }

  document.addEventListener("focusin", function (event) {
    if (!event.target.closest("[role='dialog'], [data-focus-guard]")) {
      before = event.target;
    }
  });

  // A dialog's head is no head of the page, and a field for files has no label of its own.
  function complete() {
    document.querySelectorAll("[role='dialog'] header").forEach(function (head) {
      head.setAttribute("role", "presentation");
    });
    document.querySelectorAll(".take-upload input[type='file']").forEach(function (field) {
      field.setAttribute("aria-label", "File to look at");
      field.setAttribute("tabindex", "-1"); // The button beside it opens it.
    });
  }

  // From the first dialog on: some parts come when their script has been loaded.
  var changes = new MutationObserver(complete);

  function back() {
    var lost = !document.activeElement || document.activeElement === document.body;
    if (!dialog() && lost && before && document.contains(before)) {
      before.focus({ preventScroll: true });
    }
  }

  function size(bytes) {
    return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0) + " MB";
  }

  // What is wrong with the files that somebody chose or dropped; "" where nothing is.
  function trouble(files, most) {
    var file = files && files[0];
    if (!file) {
      return "";
    }
    if (!/\.json$/i.test(file.name)) {
      return file.name + ": is not a .json file. Take a graph.json that this page or “dashboard graph” wrote.";
    }
    if (file.size > most) {
      return (
        file.name + ": is " + size(file.size) + ", more than the " + size(most) +
        " that can be looked at. Take a graph with fewer edges: lower “Top” or narrow the filter."
      );
    }
    return "";
  }

  function check(event) {
    var place = event.target.closest && event.target.closest("[data-trouble][data-most]");
    var files = event.dataTransfer ? event.dataTransfer.files : event.target.files;
    if (!place || !files || !files.length) {
      return;
    }
    var text = trouble(files, Number(place.dataset.most));
    window.dash_clientside.set_props(place.dataset.trouble, { children: text });
  }

  document.addEventListener("change", check, true);
  document.addEventListener("drop", check, true);

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    atlasDialogs: {
      // Called when a dialog opens or closes; its parts come and go some moments later.
      moved: function () {
        changes.observe(document.body, { childList: true, subtree: true });
        complete(); // What came before this was called is no change any more.
        [0, 100, 300, 1000].forEach(function (wait) {
          window.setTimeout(back, wait);
        });
      },
    },
  });
})();
