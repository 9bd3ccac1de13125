"""Queries as Ibis expressions over the cache's tables."""
