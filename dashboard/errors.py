"""Errors that the dashboard reports in one sentence."""


class DashboardError(Exception):
    """What went wrong, with which input, and what to do about it."""


class EmptyCacheError(DashboardError):
    """The cache folder is missing or holds no flow records."""

    def __init__(self, cache: str, *, exists: bool) -> None:
        self.cache, self.exists = cache, exists
        state = "holds no flow records yet" if exists else "does not exist"
        super().__init__(
            f"{cache}: this cache {state}. "
            f"Fill it with: python -m ingest load SOURCE --cache {cache}"
        )


class BadQueryError(DashboardError):
    """A filter has a value that cannot be used."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        self.field, self.value, self.expected = field, value, expected
        super().__init__(f"{field}: {value!r} is not usable. Give {expected}.")
