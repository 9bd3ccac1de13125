"""Facts joined when asked: names, scopes, ports."""
