// The table's rows and their statistics over time, which the server answers apart.
(function () {
  "use strict";
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    atlasTable: {
      // Those of another question than the rows are not theirs.
      fill: function (statistics, listed, rows) {
        var known = statistics && listed && rows && statistics.turn === listed.turn;
        var fits = known && rows.every(function (row) {
          return Object.hasOwn(statistics.rows, row.id);
        });
        if (!fits) {
          return window.dash_clientside.no_update;
        }
        return rows.map(function (row) {
          return Object.assign({}, row, statistics.rows[row.id]);
        });
      },
    },
  });
})();
