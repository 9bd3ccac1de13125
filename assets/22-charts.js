// What a click on a bar, a band, a cell or a row says. Everything that can be clicked carries its
// claim; the part of the page around it (`data-claims`) names the store that takes it.
(function () {
  "use strict";
  var HOWS = ["include", "exclude", "only"];

  function message(how, claim) {
    // The time tells the same click given twice from one.
    return { how: HOWS.indexOf(how) < 0 ? "include" : how, claim: claim, time: Date.now() };
  }

  // What a chart's callback returns: the command, and no click any more.
  function command(data, how) {
    var claim = Array.isArray(data) ? data[0] : data;
    var says = typeof claim === "string" && claim;
    return [says ? message(how, claim) : window.dash_clientside.no_update, null];
  }

  function around(element) {
    return element && element.closest ? element.closest("[data-claims]") : null;
  }

  function chosen(part) {
    var checked = part.querySelector(".click-how input:checked");
    return checked ? checked.value : "include";
  }

  document.addEventListener("click", function (event) {
    var mark = event.target.closest ? event.target.closest("[data-claim]") : null;
    var part = around(mark);
    if (!part) {
      return;
    }
    var held = event.shiftKey ? "exclude" : event.altKey ? "only" : null;
    var how = held || mark.dataset.how || chosen(part);
    var data = message(how, mark.dataset.claim);
    window.dash_clientside.set_props(part.dataset.claims, { data: data });
  });

  window.flowAtlasCharts = {
    select: function (element, row) {
      var part = around(element);
      if (!part || !part.dataset.selection || element.closest("[data-claim]")) {
        return;
      }
      var key = { src: row.src, dst: row.dst, port: row.port, protocol: row.number };
      window.dash_clientside.set_props(part.dataset.selection, { data: { kind: "edge", id: key } });
    },
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    atlasCharts: {
      // A click on a chart is forgotten at once, so that the same one counts again.
      clicked: function (click, how) {
        var point = click && click.points && click.points[0];
        return command(point ? point.customdata : null, how);
      },
      // Of a Sankey diagram the event tells no more than which node or band it was.
      clickedBand: function (click, how, figure) {
        var point = click && click.points && click.points[0];
        var drawn = figure && figure.data && figure.data[0];
        if (!point || !drawn || !drawn.link) {
          return command(null, how);
        }
        var marks = "group" in point ? drawn.node : drawn.link;
        return command(marks.customdata[point.pointNumber], how);
      },
    },
  });
})();
