"""Which views of a Spark session exist, without Spark."""

from __future__ import annotations

import pytest

from dashboard.analysis.engines.spark_views import Views


class Session:
    """Keeps what would be views."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.dropped: list[str] = []
        self.views = Views(self.dropped.append, kept=2)

    def ask(self, *keys: str) -> list[str]:
        """Hold views as a query does; returns their names."""
        with self.views.held(dict.fromkeys(keys, self.made.append)) as names:
            return names


def test_a_view_is_made_once_and_the_oldest_goes() -> None:
    """Two are kept; names are never used twice."""
    session = Session()
    one, two = session.ask("one", "two")
    assert session.ask("one") == [one]
    (three,) = session.ask("three")

    assert session.made == [one, two, three]
    assert session.dropped == [two]
    assert session.ask("two") not in ([one], [two], [three])


def test_a_view_in_use_stays() -> None:
    """A query that runs keeps its views, however many others come."""
    session = Session()
    with session.views.held({"mine": session.made.append}) as (mine,):
        session.ask("one", "two", "three")
        assert mine not in session.dropped
        assert session.ask("mine") == [mine]


def test_a_view_that_could_not_be_made_is_tried_again() -> None:
    """A missing file may come back."""
    session = Session()

    def fail(name: str) -> None:
        raise FileNotFoundError(name)

    with pytest.raises(FileNotFoundError), session.views.held({"part": fail}):
        pass

    assert session.ask("part") == session.made
    assert session.dropped == []
