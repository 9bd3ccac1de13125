// What asks the server for the parts of the page that can be out of sight. Each has a store that
// holds the turn of the view, and the theme, that it was asked for: a part asks when it is seen and
// has no answer.
(function () {
  "use strict";
  var TABS = ["table", "sankey", "matrix", "changes", "quality"];

  function kept(value, known) {
    return value === null || value === known ? window.dash_clientside.no_update : value;
  }

  // Of a question's range; what else the view filters by is no part of a ready question.
  function range(view, search) {
    var asked = new URLSearchParams(view.search);
    var names = ["start", "end", "sharing"].map(function (name) {
      return asked.get(name);
    });
    return [view.version, new URLSearchParams(search || "").get("range")].concat(names).join(" ");
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    atlasAsking: {
      // In the order of TABS, then the drawer. Charts are drawn again in another theme.
      parts: function (view, tab, scheme, selection) {
        var known = Array.prototype.slice.call(arguments, 4);
        var turn = view && scheme ? view.turn + " " + scheme : null;
        return TABS.map(function (name, index) {
          return kept(name === tab ? turn : null, known[index]);
        }).concat([kept(selection ? turn : null, known[TABS.length])]);
      },

      // Their answers wait until the page's own figures are there.
      questions: function (_totals, view, search, known) {
        return kept(view ? range(view, search) : null, known);
      },

      // A tab that was opened once stays as it was left.
      panels: function (tab) {
        var given = Array.prototype.slice.call(arguments, 1);
        return TABS.map(function (name, index) {
          return kept(name === tab ? true : null, given[index]);
        });
      },
    },
  });
})();
