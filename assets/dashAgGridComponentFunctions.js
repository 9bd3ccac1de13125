// Cells of the table that are more than text: React elements, never HTML.
(function () {
  "use strict";
  var cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  var WIDTH = 96;
  var HEIGHT = 20;

  function points(series) {
    var most = Math.max.apply(null, series);
    var step = series.length > 1 ? WIDTH / (series.length - 1) : 0;
    return series.map(function (value, place) {
      var y = most > 0 ? HEIGHT - 2 - (value / most) * (HEIGHT - 4) : HEIGHT - 2;
      return (place * step).toFixed(1) + "," + y.toFixed(1);
    });
  }

  cells.AtlasSparkline = function (props) {
    var make = window.React.createElement;
    var series = props.value;
    if (!props.data || !props.data.claim) {
      return null;
    }
    if (!Array.isArray(series) || !series.length) {
      return make("span", { className: "spark-waiting", "aria-hidden": "true" });
    }
    var line = points(series);
    var area = ["0," + HEIGHT].concat(line, [WIDTH + "," + HEIGHT]);
    var most = window.dashAgGridFunctions.atlasShort(props.data.most);
    return make(
      "svg",
      {
        className: "spark",
        viewBox: "0 0 " + WIDTH + " " + HEIGHT,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": "Over time, at most " + most,
      },
      make("polygon", { points: area.join(" "), className: "spark-area" }),
      make("polyline", { points: line.join(" "), className: "spark-line" })
    );
  };

  cells.AtlasActions = function (props) {
    var make = window.React.createElement;
    if (!props.data || !props.data.claim) {
      return null;
    }
    function button(how, sign, what) {
      var label = what + " " + props.data.src + " → " + props.data.dst;
      return make(
        "button",
        {
          type: "button",
          className: "row-button",
          title: label,
          "aria-label": label,
          "data-claim": props.data.claim,
          "data-how": how,
        },
        sign
      );
    }
    return make(
      "span",
      { className: "row-buttons" },
      button("include", "+", "Include only"),
      button("exclude", "−", "Exclude")
    );
  };
})();
