"""One module a view: ids to analysis to figures."""
