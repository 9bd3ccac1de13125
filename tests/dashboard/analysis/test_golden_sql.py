"""The SQL of every view for every engine, as it was when somebody last looked at it.

Spark's and DuckDB's are run by other tests. Athena's is not run anywhere: here it is at
least the text that was read, and a parser of Athena's dialect takes it.

After a change of a query, delete its files below `golden_sql`, run this test once, which
writes them, and read the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query import editions
from dashboard.analysis.query.source import FlowSource
from tests.dashboard.analysis.hand_made import make_flow, numbered, write_cache

FOLDER = Path(__file__).parent / "golden_sql"
DIALECTS = {"duckdb": "duckdb", "pyspark": "spark", "athena": "athena"}
START = 1_767_600_000
QUERY = FlowQuery(
    start=START + 600, end=START + 9_060, filter='src in 192.0.2.0/24 and port < 1024', top_k=7
)  # fmt: skip

Ask = Callable[[FlowSource], Any]
ASKED: dict[str, Ask] = {
    "distinct_places": lambda source: source.edges(QUERY),
    "own_ends": lambda source: source.edges(QUERY),
    "top_conversations": lambda source: source.edges(QUERY),
    "logged_sums": lambda source: source.totals(QUERY),
    "coverage_sums": lambda source: source.totals(QUERY),
    "top_talkers": lambda source: source.talkers(QUERY),
    "top_sides": lambda source: source.sides(QUERY, "pair"),
    "top_ports": lambda source: source.ports(QUERY),
    "binned": lambda source: source.timeline(QUERY),
    "series_limits": lambda source: source.timeline(QUERY),
    "changes": lambda source: source.changes(QUERY, QUERY.replace(start=START)),
    "breakdown": lambda source: source.breakdown(QUERY, ("protocol", "action")),
    "edge_bins": lambda source: source.edge_bins(QUERY),
    "first_records": lambda source: source.records(QUERY),
    "coverage_by_hour": lambda source: source.coverage(QUERY),
    "records_by_rule": lambda source: source.initiators(QUERY),
    "coverage_by_interface": lambda source: source.quality(QUERY),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> FlowSource:
    """Answers over three hours of hand-made records."""
    flows = [make_flow(start=START + 60 * n, end=START + 60 * n + 30) for n in range(180)]
    return FlowSource(write_cache(tmp_path_factory.mktemp("golden") / "cache", flows), KnownNames())


@pytest.fixture(scope="module")
def compiled(source: FlowSource) -> dict[tuple[str, str], str]:
    """Every view that the questions run, by its name and dialect."""
    return texts_of(source, DIALECTS)


@pytest.fixture(scope="module")
def compiled_by_numbers(
    source: FlowSource, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], str]:
    """The same over parts that number their places, for the one engine that reads them so."""
    source.facts()
    cache = numbered(source.reader().cache, tmp_path_factory.mktemp("golden") / "numbered")
    return texts_of(FlowSource(cache, KnownNames()), ["duckdb"])


def texts_of(source: FlowSource, dialects: Iterable[str]) -> dict[tuple[str, str], str]:
    """Ask everything and note what is compiled for some dialects."""
    texts: dict[tuple[str, str], str] = {}
    prepare = editions.prepare

    def noting(view: Any, *arguments: Any, **options: Any) -> Any:
        for dialect in dialects:
            prepared = prepare(view, *arguments, **{**options, "dialect": dialect})
            texts[view.__name__, dialect] = f"{prepared.sql.strip()}\n"
        return prepare(view, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(editions, "prepare", noting)
        for ask in dict.fromkeys(ASKED.values()):
            ask(source)
    return texts


NUMBERED = ("met_places", "numbered_places", "top_conversations", "top_talkers", "changes")


@pytest.mark.parametrize("view", NUMBERED)
def test_sql_by_numbers_is_what_was_read(
    compiled_by_numbers: dict[tuple[str, str], str], view: str
) -> None:
    """Nodes are codes; what holds no numbers joins by its texts."""
    check_text(FOLDER / "duckdb_by_numbers" / f"{view}.sql", compiled_by_numbers[view, "duckdb"])


def check_text(path: Path, text: str) -> None:
    """Compare a text with the one that is kept; write it where there is none."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        pytest.fail(f"{path}: written. Read it, and run the test again.")
    assert text == path.read_text()


def test_every_view_is_kept(compiled: dict[tuple[str, str], str]) -> None:
    """A new view without a line above fails here."""
    assert {view for view, _ in compiled} == set(ASKED)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("view", ASKED)
def test_sql_is_what_was_read(
    compiled: dict[tuple[str, str], str], view: str, dialect: str
) -> None:
    """A changed text is looked at before it is believed."""
    check_text(FOLDER / dialect / f"{view}.sql", compiled[view, dialect])


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("view", ASKED)
def test_sql_is_of_its_dialect(
    compiled: dict[tuple[str, str], str], view: str, dialect: str
) -> None:
    """It parses; Athena is told no function that only another engine has."""
    statement = sqlglot.parse_one(
        compiled[view, dialect].replace("$", ":"), dialect=DIALECTS[dialect]
    )

    assert statement.find(sqlglot.exp.Select) is not None
    unknown = {str(found.this).upper() for found in statement.find_all(sqlglot.exp.Anonymous)}
    assert unknown == set()
