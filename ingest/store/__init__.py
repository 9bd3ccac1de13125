"""The cache: partition layout, catalog, atomic writes, files for a time range."""
