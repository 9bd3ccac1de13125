"""Flow logs in, cache of typed flow records out."""
