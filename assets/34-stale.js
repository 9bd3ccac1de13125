// Parts whose answer failed: what they show is of the question before, so it is taken away.
(function () {
  "use strict";
  var PLACES = ".network-stage, .table-grid, .chart, .ranking-list, .tiles, .question-place, .quality, .drawer-scroll, .records-scroll";
  var shown = null; // Number of the question that the marks are of.

  function place(id) {
    var part = document.getElementById(id);
    return part && (part.closest(PLACES) || part);
  }

  function clear() {
    document.querySelectorAll("[data-stale]").forEach(function (part) {
      part.removeAttribute("data-stale");
    });
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    atlasStale: {
      // `failed` has the last turn in which each part failed.
      mark: function (failed, view) {
        var turn = (view && view.turn) || null;
        if (turn !== shown) {
          clear();
          shown = turn;
        }
        Object.keys(failed || {}).forEach(function (id) {
          // A late failure of an earlier question says nothing of this one.
          var part = turn !== null && failed[id] === turn && place(id);
          if (part) {
            part.setAttribute("data-stale", "");
          }
        });
      },
    },
  });
})();
