"""The Athena engine against moto and against prepared answers.

moto runs no SQL: a query of nonsense succeeds. So these tests show the calls, their order,
paging, stopping, trouble and cost, and not that Athena takes the SQL; no test meets AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
import requests
from botocore.config import Config
from botocore.stub import ANY, Stubber
from moto import mock_aws

from dashboard.analysis.engines.athena import (
    AthenaEngine,
    AthenaSettings,
    BadEngineUrlError,
    QueryCostError,
    QueryTooLongError,
)
from dashboard.analysis.engines.protocol import (
    EngineRefusedError,
    EngineUnreachableError,
    Inputs,
    PartMissingError,
    TotalTooLargeError,
)
from dashboard.analysis.engines.stopping import (
    Cancellation,
    QueryCancelledError,
    QueryTimeoutError,
)

NOTHING = Inputs({})
BUCKET = "s3://bucket/cache"
SETTINGS = AthenaSettings(database="flows", workgroup="team", output="s3://results/", max_gb=1)
COLUMNS = [
    {"Name": "node", "Type": "varchar"},
    {"Name": "bytes", "Type": "bigint"},
    {"Name": "part", "Type": "integer"},
    {"Name": "is_named", "Type": "boolean"},
]


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that are nobody's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")


@pytest.fixture
def client() -> Any:
    """A client whose answers are prepared."""
    return boto3.client("athena", region_name="eu-west-1")


@pytest.fixture
def answers(client: Any) -> Iterator[Stubber]:
    """Answers in order; at the end, all of them must have been asked for."""
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def engine(client: Any, tmp_path: Path) -> AthenaEngine:
    return AthenaEngine(tmp_path, BUCKET, SETTINGS, client=client)


def started(answers: Stubber) -> None:
    """Answer the start of a query."""
    answers.add_response(
        "start_query_execution",
        {"QueryExecutionId": "q-1"},
        {
            "QueryString": "SELECT 1",
            "ClientRequestToken": ANY,
            "QueryExecutionContext": {"Database": "flows"},
            "WorkGroup": "team",
            "ResultConfiguration": {"OutputLocation": "s3://results/"},
        },
    )


def state(answers: Stubber, name: str, reason: str = "", scanned: int = 0) -> None:
    """Answer one look at the query."""
    status = {"State": name} | ({"StateChangeReason": reason} if reason else {})
    execution = {"Status": status, "Statistics": {"DataScannedInBytes": scanned}}
    answers.add_response(
        "get_query_execution", {"QueryExecution": execution}, {"QueryExecutionId": "q-1"}
    )


def page(answers: Stubber, rows: list[list[str | None]], token: str, following: str) -> None:
    """Answer one page of results."""
    result = {
        "Rows": [
            {"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]}
            for row in rows
        ],
        "ResultSetMetadata": {"ColumnInfo": COLUMNS},
    }
    asked: dict[str, Any] = {"QueryExecutionId": "q-1", "MaxResults": 1_000}
    answer: dict[str, Any] = {"ResultSet": result}
    if token:
        asked["NextToken"] = token
    if following:
        answer["NextToken"] = following
    answers.add_response("get_query_results", answer, asked)


def test_rows_come_page_by_page_with_their_types(answers: Stubber, engine: AthenaEngine) -> None:
    """The first row of the first page is the header; an empty text is no null."""
    started(answers)
    state(answers, "QUEUED")
    state(answers, "RUNNING", scanned=20_000_000)
    state(answers, "SUCCEEDED", scanned=40_000_000)
    page(answers, [[str(c["Name"]) for c in COLUMNS], ["a", "7", "0", "true"]], "", "more")
    page(answers, [["", "-1", "1", "false"], [None, None, None, None]], "more", "")

    rows = engine.fetch("SELECT 1", NOTHING)

    assert rows.to_pydict() == {
        "node": ["a", "", None],
        "bytes": [7, -1, None],
        "part": [0, 1, None],
        "is_named": [True, False, None],
    }
    assert rows.schema.types == [pa.string(), pa.int64(), pa.int32(), pa.bool_()]
    spent = engine.spending
    assert (spent.queries, spent.scanned, round(spent.usd, 9)) == (1, 40_000_000, 0.0002)


def test_a_small_query_costs_ten_megabytes(answers: Stubber, engine: AthenaEngine) -> None:
    """That much is billed at least; no row is an answer too."""
    started(answers)
    state(answers, "SUCCEEDED", scanned=12)
    page(answers, [[str(c["Name"]) for c in COLUMNS]], "", "")

    assert engine.fetch("SELECT 1", NOTHING).num_rows == 0
    assert round(engine.spending.usd, 9) == 0.00005


@pytest.mark.parametrize("is_late", [True, False])
def test_a_query_is_stopped_at_athena(
    answers: Stubber, client: Any, tmp_path: Path, is_late: bool
) -> None:
    """Its time is over, or nobody waits any more; else it would go on reading."""
    engine = AthenaEngine(tmp_path, BUCKET, SETTINGS, client=client, time_limit_s=0.01)
    cancellation = Cancellation()
    started(answers)
    state(answers, "RUNNING", scanned=5)
    answers.add_response("stop_query_execution", {}, {"QueryExecutionId": "q-1"})
    if not is_late:
        cancellation.cancel()

    with pytest.raises(QueryTimeoutError if is_late else QueryCancelledError):
        engine.fetch("SELECT 1", NOTHING, cancel=cancellation)

    assert engine.spending.queries == 1


def test_a_query_that_reads_too_much_is_stopped(answers: Stubber, engine: AthenaEngine) -> None:
    """What it read until then is counted."""
    started(answers)
    state(answers, "RUNNING", scanned=1_500_000_000)
    answers.add_response("stop_query_execution", {}, {"QueryExecutionId": "q-1"})

    with pytest.raises(QueryCostError, match=r"read 1\.5 GB, more than 1 GB, and was stopped"):
        engine.fetch("SELECT 1", NOTHING)

    assert engine.spending.scanned == 1_500_000_000


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 1 + 2", TotalTooLargeError),
        (f"HIVE_CANNOT_OPEN_SPLIT: Error opening {BUCKET}/a.parquet (NoSuchKey)", PartMissingError),
        ("SYNTAX_ERROR: line 1:8: Column 'x' cannot be resolved", EngineRefusedError),
    ],
)
def test_a_failed_query_says_why(
    answers: Stubber, engine: AthenaEngine, reason: str, expected: type[Exception]
) -> None:
    """In one sentence, by the class that the page knows."""
    started(answers)
    state(answers, "FAILED", f"{reason}\nstack")

    with pytest.raises(expected) as failed:
        engine.fetch("SELECT 1", NOTHING)

    assert "stack" not in str(failed.value)


def test_a_refused_call_and_no_answer_are_told_apart(
    answers: Stubber, engine: AthenaEngine, tmp_path: Path
) -> None:
    """A missing right is AWS's answer; a wrong address is none."""
    answers.add_client_error("start_query_execution", "AccessDeniedException", "not for you")
    with pytest.raises(EngineRefusedError, match="not for you"):
        engine.fetch("SELECT 1", NOTHING)

    config = Config(retries={"total_max_attempts": 1})
    away = boto3.client(
        "athena", region_name="eu-west-1", endpoint_url="http://127.0.0.1:1", config=config
    )
    with pytest.raises(EngineUnreachableError, match=r"127\.0\.0\.1:1"):
        AthenaEngine(tmp_path, BUCKET, SETTINGS, client=away).fetch("SELECT 1", NOTHING)


def test_a_text_that_is_too_long_is_not_sent(engine: AthenaEngine) -> None:
    """Every name of an address is in it."""
    names = pa.table({"address": [f"192.0.2.{n % 256}" for n in range(20_000)]})

    with pytest.raises(QueryTooLongError, match=r"Athena takes 262,144"):
        engine.fetch("SELECT 1", Inputs({}, {"names": names}))


def test_moto_keeps_the_query_that_was_sent(tmp_path: Path) -> None:
    """Start, wait and results in one go, with moto in Athena's place."""
    part = tmp_path / "ports/date=2026-03-02/part-1.parquet"
    prepared = {
        "rows": [
            {"Data": [{"VarCharValue": "n"}]},
            {"Data": [{"VarCharValue": "7"}]},
        ],
        "column_info": [
            {
                "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": "n",
                "Label": "n", "Type": "bigint", "Precision": 19, "Scale": 0,
                "Nullable": "UNKNOWN", "CaseSensitive": False,
            }
        ],
    }  # fmt: skip
    with mock_aws():
        requests.post(
            "http://motoapi.amazonaws.com/moto-api/static/athena/query-results",
            json={"results": [prepared], "region": "eu-west-1"},
            timeout=10,
        )
        settings = AthenaSettings(database="flows", region="eu-west-1", output="s3://results/")
        engine = AthenaEngine(tmp_path, BUCKET, settings)
        inputs = Inputs({"ports": [str(part)]})

        rows = engine.fetch(
            "SELECT count(*) AS n FROM ports WHERE bytes > $low", inputs, {"low": 3}
        )

        client = boto3.client("athena", region_name="eu-west-1")
        (execution,) = client.list_query_executions()["QueryExecutionIds"]
        sent = client.get_query_execution(QueryExecutionId=execution)["QueryExecution"]
        engine.close()

    assert rows.to_pydict() == {"n": [7]}
    assert sent["WorkGroup"] == "primary"
    assert sent["QueryExecutionContext"]["Database"] == "flows"
    assert sent["Query"].endswith("SELECT count(*) AS n FROM ports WHERE bytes > 3")
    assert f"'{BUCKET}/ports/date=2026-03-02/part-1.parquet'" in sent["Query"]


@pytest.mark.parametrize(
    "url",
    ["sc://flows", "athena://", "athena://Flows!", "athena://f?color=red", "athena://f?max_gb=x"],
)
def test_an_address_that_means_nothing_is_refused(url: str) -> None:
    """The message lists what can be said."""
    with pytest.raises(BadEngineUrlError, match="is not usable"):
        AthenaSettings.from_url(url)


def test_an_address_says_how_athena_is_asked() -> None:
    """What is left out has its default."""
    url = "athena://flows?workgroup=team&output=s3://results/x/&usd_per_tb=6.5&region=eu-west-1"

    assert AthenaSettings.from_url(url) == AthenaSettings(
        database="flows", workgroup="team", output="s3://results/x/", usd_per_tb=6.5,
        region="eu-west-1",
    )  # fmt: skip
    assert AthenaSettings.from_url(None) == AthenaSettings()
