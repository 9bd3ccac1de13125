"""Functions that return components; no data."""
