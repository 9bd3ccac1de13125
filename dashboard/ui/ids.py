"""Every component id of the page, as `<area>-<what>`."""

PAGE_PROVIDER = "page-provider"
PAGE_URL = "page-url"
PAGE_CLOCK = "page-clock"
PAGE_THEME = "page-theme"
PAGE_DISPLAY = "page-display"
PAGE_VIEW = "page-view"
PAGE_VERSION = "page-version"
PAGE_STALE = "page-stale"
PAGE_NOTICE = "page-notice"
PAGE_COMMAND = "page-command"

# What asks the server for a part of the page: it holds the turn of the view that was asked for.
TABLE_ASKED = "table-asked"
SANKEY_ASKED = "sankey-asked"
MATRIX_ASKED = "matrix-asked"
CHANGES_ASKED = "changes-asked"
QUALITY_ASKED = "quality-asked"
DRAWER_ASKED = "drawer-asked"
QUESTIONS_ASKED = "questions-asked"

HEADER_RANGE = "header-range"
HEADER_FRESHNESS = "header-freshness"
HEADER_TOTALS = "header-totals"
HEADER_THEME = "header-theme"

DISPLAY_SUMMARY = "display-summary"
DISPLAY_ZONE = "display-zone"
DISPLAY_UNITS = "display-units"

CONTROLS_SPAN = "controls-span"
CONTROLS_START = "controls-start"
CONTROLS_END = "controls-end"
CONTROLS_ACTION = "controls-action"
CONTROLS_METRIC = "controls-metric"
CONTROLS_THRESHOLD = "controls-threshold"
CONTROLS_TOP_K = "controls-top-k"
CONTROLS_LEVEL = "controls-level"
CONTROLS_INTERNET = "controls-internet"
CONTROLS_COMPARE = "controls-compare"
CONTROLS_SHARING = "controls-sharing"
CONTROLS_EARLIER = "controls-earlier"
CONTROLS_LATER = "controls-later"
CONTROLS_WIDER = "controls-wider"
CONTROLS_RESET = "controls-reset"
CONTROLS_COPY = "controls-copy"

FILTER_TEXT = "filter-text"
FILTER_CHIPS = "filter-chips"
FILTER_TROUBLE = "filter-trouble"

QUESTION_DENIED = "question-denied"
QUESTION_EXPOSED = "question-exposed"
QUESTION_LEAVING = "question-leaving"
QUESTION_NEW = "question-new"
QUESTION_ADMIN = "question-admin"
QUESTION_DATABASES = "question-databases"
QUESTION_ZONES = "question-zones"
QUESTION_NAT = "question-nat"

VIEWS_LIST = "views-list"
VIEWS_NAME = "views-name"
VIEWS_SAVE = "views-save"
VIEWS_COMMAND = "views-command"
VIEWS_NOTICE = "views-notice"

MAIN_TAB = "main-tab"


def panel(tab: str) -> str:
    """Return the id of what lies under a tab, as the component library calls it."""
    return f"{MAIN_TAB}-panel-{tab}"


PANEL_TABLE = panel("table")
PANEL_SANKEY = panel("sankey")
PANEL_MATRIX = panel("matrix")
PANEL_CHANGES = panel("changes")
PANEL_QUALITY = panel("quality")

NETWORK_GRAPH = "network-graph"
NETWORK_SUMMARY = "network-summary"
NETWORK_STYLED = "network-styled"
NETWORK_EMPTY = "network-empty"
NETWORK_SHOW_ALL = "network-show-all"
NETWORK_DETAILS = "network-details"
NETWORK_FIT = "network-fit"
NETWORK_FORGET = "network-forget"
NETWORK_LAYOUT = "network-layout"
NETWORK_SEARCH = "network-search"
NETWORK_FOCUS = "network-focus"
NETWORK_NEARER = "network-nearer"
NETWORK_FARTHER = "network-farther"
NETWORK_HIDE = "network-hide"
NETWORK_UNHIDE = "network-unhide"
NETWORK_PIN = "network-pin"
NETWORK_OTHER = "network-other"
NETWORK_ZOOM_IN = "network-zoom-in"
NETWORK_ZOOM_OUT = "network-zoom-out"
NETWORK_MAP = "network-map"
NETWORK_SELECTION = "network-selection"
NETWORK_EXPAND = "network-expand"
NETWORK_COMMAND = "network-command"

TABLE_GRID = "table-grid"

TIMELINE_GRAPH = "timeline-graph"
TIMELINE_BRUSH = "timeline-brush"
TIMELINE_LEGEND = "timeline-legend"

RANKINGS_KIND = "rankings-kind"
RANKINGS_HOW = "rankings-how"
RANKINGS_LIST = "rankings-list"
RANKINGS_NOTE = "rankings-note"
RANKINGS_MORE = "rankings-more"
TABLE_LISTED = "table-listed"
TABLE_NOTE = "table-note"
TABLE_EMPTY = "table-empty"
SANKEY_GRAPH = "sankey-graph"
SANKEY_FIRST = "sankey-first"
SANKEY_SECOND = "sankey-second"
SANKEY_THIRD = "sankey-third"
SANKEY_HOW = "sankey-how"
MATRIX_GRAPH = "matrix-graph"
MATRIX_ROWS = "matrix-rows"
MATRIX_COLUMNS = "matrix-columns"
MATRIX_HOW = "matrix-how"


def question(key: str) -> str:
    """Return the id of a ready question's place."""
    return f"question-{key}"


DRAWER_PANEL = "drawer-panel"
DRAWER_TITLE = "drawer-title"
DRAWER_TAB = "drawer-tab"
DRAWER_RECORDS = "drawer-records"
DRAWER_RECORDS_NOTE = "drawer-records-note"
DRAWER_OFFSET = "drawer-offset"
DRAWER_EARLIER = "drawer-earlier"
DRAWER_LATER = "drawer-later"
DRAWER_RULES = "drawer-rules"

CHANGES_SUMMARY = "changes-summary"
CHANGES_KIND = "changes-kind"
CHANGES_GRID = "changes-grid"
CHANGES_EMPTY = "changes-empty"
CHANGES_DOWNLOAD = "changes-download"
CHANGES_LEGEND = "changes-legend"

QUALITY_REPORT = "quality-report"

TAKE_OPEN = "take-open"
TAKE_DIALOG = "take-dialog"
TAKE_CONTENT = "take-content"
TAKE_PNG = "take-png"
TAKE_UPLOAD = "take-upload"
TAKE_TROUBLE = "take-trouble"
LOADED_DIALOG = "loaded-dialog"
LOADED_SUMMARY = "loaded-summary"
LOADED_CONTENT = "loaded-content"
LOADED_BACK = "loaded-back"
