// Named functions of the table; the grid calls them by name, no text is evaluated.
var dagfuncs = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

dagfuncs.atlasWhole = function (value) {
  return Number.isFinite(value) ? value.toLocaleString("en-US") : "";
};
