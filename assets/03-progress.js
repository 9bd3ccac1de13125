// The moving line at the top, while any part waits for the server. Dash marks what waits; a style
// that asks the whole page for such marks would be worked out anew at every change of anything.
(function () {
  "use strict";
  var MARK = "data-dash-is-loading";
  var pending = false;

  function look() {
    pending = false;
    var line = document.querySelector(".progress");
    if (line) {
      line.toggleAttribute("data-moving", Boolean(document.querySelector("[" + MARK + '="true"]')));
    }
  }

  new MutationObserver(function () {
    if (!pending) {
      pending = true;
      window.requestAnimationFrame(look);
    }
  }).observe(document.documentElement, { subtree: true, attributes: true, attributeFilter: [MARK] });
})();
