// Cells of the table of changes: React elements, never HTML.
(function () {
  "use strict";
  var cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  var functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

  cells.AtlasChange = function (props) {
    var make = window.React.createElement;
    if (!props.data) {
      return null;
    }
    var line = make("i", { className: "line change-" + props.data.change, "aria-hidden": "true" });
    return make("span", { className: "change-name" }, line, props.value);
  };

  // A bar to the right for more, to the left for less.
  cells.AtlasDifference = function (props) {
    var make = window.React.createElement;
    if (!Number.isFinite(props.value)) {
      return null;
    }
    var width = Math.max(Math.abs(props.value) * 50, 1);
    var style = { width: width + "%", left: props.value < 0 ? 50 - width + "%" : "50%" };
    var bar = make("i", { className: "change-bar change-" + props.data.change, style: style });
    return make("span", { className: "change-track", "aria-hidden": "true" }, bar);
  };

  functions.atlasChangePercent = function (value) {
    if (!Number.isFinite(value)) {
      return "";
    }
    var sign = value > 0 ? "+" : "";
    return sign + value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 10 ? 1 : 0 }) + " %";
  };
})();
