// Named functions of the table; the grid calls them by name, no text is evaluated.
var dagfuncs = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

dagfuncs.atlasWhole = function (value) {
  return Number.isFinite(value) ? value.toLocaleString("en-US") : "";
};

dagfuncs.atlasGridTheme = function (theme) {
  return theme.themeQuartz.withParams({
    fontFamily: "inherit",
    fontSize: 12.5,
    backgroundColor: "var(--surface)",
    foregroundColor: "var(--text)",
    headerBackgroundColor: "var(--raised)",
    headerTextColor: "var(--muted)",
    borderColor: "var(--line)",
    rowHoverColor: "var(--raised)",
    accentColor: "var(--accent)",
    chromeBackgroundColor: "var(--raised)",
    wrapperBorder: false,
    wrapperBorderRadius: 0,
    browserColorScheme: "inherit",
    cellHorizontalPadding: 10,
  });
};
