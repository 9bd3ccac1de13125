// Named functions of the table; the grid calls them by name, no text is evaluated.
var dagfuncs = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

dagfuncs.atlasWhole = function (value) {
  return Number.isFinite(value) ? value.toLocaleString("en-US") : "";
};

// As wording.short: three digits with a decimal prefix.
dagfuncs.atlasShort = function (value) {
  if (!Number.isFinite(value)) {
    return "";
  }
  var prefixes = ["", " k", " M", " G", " T", " P", " E"];
  var power = 0;
  while (Math.abs(value) >= 999.5 && power < prefixes.length - 1) {
    value /= 1000;
    power += 1;
  }
  var places = power === 0 ? (Number.isInteger(value) ? 0 : 1) : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return value.toFixed(places) + prefixes[power];
};

// As wording.percent: never "0 %" for some, nor "100 %" for not all.
dagfuncs.atlasPercent = function (value) {
  if (!Number.isFinite(value)) {
    return "";
  }
  if (value > 0 && value < 0.1) {
    return "< 0.1 %";
  }
  if (value < 100 && value > 99.9) {
    return "> 99.9 %";
  }
  return value.toFixed(Number.isInteger(value) || (value >= 10 && value < 99.5) ? 0 : 1) + " %";
};

dagfuncs.atlasPort = function (value, row) {
  if (!Number.isFinite(value)) {
    return "";
  }
  return row && row.service ? value + " " + row.service : String(value);
};

// A click on a row, or Enter on one of its cells, selects its edge.
dagfuncs.atlasRow = function (params) {
  var event = params.event || {};
  var isKey = event.type === "keydown";
  if (!params.data || !params.data.claim || (isKey && event.key !== "Enter")) {
    return;
  }
  if (!isKey && (window.getSelection() || "").toString()) {
    return; // Somebody marks text to copy it.
  }
  window.flowAtlasCharts.select(event.target, params.data);
};
