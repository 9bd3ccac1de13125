"""The command line: the page's answers without a page, and one line for trouble."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dashboard import cli
from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.export.graph_json import graph_json
from dashboard.analysis.export.pseudonyms import Pseudonyms
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.source import FlowSource
from dashboard.cli.printing import plain
from dashboard.config import DashboardConfig
from dashboard.errors import DashboardError
from tests.dashboard.analysis.hand_made import make_flow, write_cache
from tests.ports import free_port

START = 1_767_600_000


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small cache, in a folder of its own with no `.env` and no settings around."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FLOW_ATLAS_")]:
        monkeypatch.delenv(name)
    flows = [make_flow(start=START + 60 * n, end=START + 60 * n + 30) for n in range(120)]
    flows += [make_flow(srcaddr="192.0.2.9", service_port=22, action="REJECT")] * 5
    return write_cache(tmp_path / "cache", flows)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int | str | None:
    """Run the command line in this process; returns its exit code."""
    monkeypatch.setattr(sys, "argv", ["dashboard", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return left.value.code


def pseudonyms(cache: Path) -> set[str]:
    """The pseudonyms of all addresses, under the key that the command has made."""
    key = Pseudonyms((cache / "share.key").read_text())
    return set(key.of(["192.0.2.1", "192.0.2.9", "198.51.100.2"]).values())


def test_graph_writes_the_bytes_of_the_page(cache, tmp_path, monkeypatch, capfdbinary) -> None:
    """Download and command are one function of cache and question."""
    out = tmp_path / "graph.json"
    code = run(
        monkeypatch, "graph", "--cache", cache, "--start", "2026-01-05T08:07Z",
        "--end", "2026-01-05T09:20Z", "--action", "accept", "--metric", "bytes",
        "--threshold", 1, "--top", 7, "--level", "address", "-o", out,
    )  # fmt: skip
    query = FlowQuery(
        start=START + 420, end=START + 4_800, action="accept", metric="bytes", threshold=1,
        top_k=7, level="address",
    )  # fmt: skip

    assert code == 0
    assert out.read_bytes() == graph_json(FlowSource(cache, KnownNames()), query)
    assert b"graph.json" in capfdbinary.readouterr().err


def test_graph_prints_to_stdout(cache, monkeypatch, capfdbinary) -> None:
    """Nothing but the file goes there."""
    assert run(monkeypatch, "graph", "--cache", cache, "--version", 1) == 0

    written = capfdbinary.readouterr().out
    assert json.loads(written)["edges"] == [
        {"src": "192.0.2.1", "dst": "198.51.100.2", "count": 120}
    ]


def test_last_counts_back_from_the_newest_record(cache, monkeypatch, capfdbinary) -> None:
    """A cache of last month answers `--last 24h` too."""
    assert run(monkeypatch, "graph", "--cache", cache, "--last", "30m", "--threshold", 0) == 0

    meta = json.loads(capfdbinary.readouterr().out)["meta"]
    assert meta["query"]["start"] == "2026-01-05T09:29:00Z"
    assert meta["totals"]["flows"] == 31


def test_a_folder_keeps_runs_and_shares(cache, tmp_path, monkeypatch) -> None:
    """Sharing mode makes its key beside the cache, for the owner alone."""
    folder = tmp_path / "graphs"
    assert run(monkeypatch, "graph", "--cache", cache, "--share", "-o", folder) == 0

    text = (folder / "latest.json").read_text()
    assert set(json.loads(text)["nodes"]) <= pseudonyms(cache)
    key = cache / "share.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text().strip() not in text


def test_top_prints_a_table_and_json(cache, monkeypatch, capfd) -> None:
    """Rows and other are everything."""
    assert run(monkeypatch, "top", "ports", "--cache", cache) == 0
    table = capfd.readouterr().out
    assert "TCP 443 (https)" in table
    assert "125" in table.splitlines()[-1]

    assert run(monkeypatch, "top", "--cache", cache, "--top", 1, "--json") == 0
    record = json.loads(capfd.readouterr().out)
    assert record["rows"][0]["node"] == "198.51.100.2"
    assert record["rows"][0]["flows"] + record["other"]["flows"] == record["total"]["flows"] == 250

    assert run(monkeypatch, "top", "--cache", cache, "--share", "--json") == 0
    nodes = {row["node"] for row in json.loads(capfd.readouterr().out)["rows"]}
    assert nodes == pseudonyms(cache)


@pytest.mark.parametrize(
    ("what", "first"),
    [
        ("initiators", {"src": "192.0.2.1", "flows": 120}),
        ("responders", {"dst": "198.51.100.2", "flows": 125}),
        ("pairs", {"src": "192.0.2.1", "dst": "198.51.100.2", "flows": 120}),
        ("talkers", {"node": "198.51.100.2", "flows": 125}),
        ("ports", {"port": 443, "protocol": 6, "flows": 120}),
    ],
)
def test_top_ranks_each_side(cache, monkeypatch, capfd, what: str, first: dict[str, Any]) -> None:
    """What is below the threshold is in other."""
    arguments = ("top", what, "--cache", cache, "--threshold", 100, "--json")
    assert run(monkeypatch, *arguments) == 0

    record = json.loads(capfd.readouterr().out)
    row = record["rows"][0]
    assert {name: row[name] for name in first} == first
    shown = sum(row["flows"] for row in record["rows"])
    assert shown + record["other"]["flows"] == record["total"]["flows"]
    assert all(row["flows"] >= 100 for row in record["rows"])
    if what not in ("talkers", "responders"):
        assert record["other"]["flows"] == 5


def test_all_commands_take_the_same_question(cache, monkeypatch, capfd) -> None:
    """A filter typed on the page says the same to each command."""
    question = ("--cache", cache, "--filter", "port = 22", "--level", "/24", "--action", "reject")
    assert run(monkeypatch, "graph", *question, "--threshold", 0) == 0
    graph = json.loads(capfd.readouterr().out)
    assert graph["nodes"] == ["192.0.2.0/24", "198.51.100.0/24"]
    assert graph["meta"]["query"]["filter"] == "port = 22"

    assert run(monkeypatch, "top", "pairs", *question, "--json") == 0
    assert json.loads(capfd.readouterr().out)["rows"][0]["flows"] == 5
    assert run(monkeypatch, "flows", *question) == 0
    assert len(capfd.readouterr().out.splitlines()) == 1 + 5
    before = ("--base-start", "2026-01-04", "--base-end", "2026-01-05")
    assert run(monkeypatch, "diff", *question, *before, "--threshold", 0, "--json") == 0
    (change,) = json.loads(capfd.readouterr().out)["changes"]
    assert (change["change"], change["flows"]) == ("added", 5)


@pytest.mark.parametrize("suffix", [".graphml", ".dot", ".svg", ".csv", ".parquet", ".html"])
def test_the_suffix_chooses_the_format(cache, tmp_path, monkeypatch, suffix: str) -> None:
    """The file appears whole, and sharing applies to it."""
    monkeypatch.setenv("FLOW_ATLAS_SHARE_KEY", "07" * 32)
    out, hidden = tmp_path / f"out{suffix}", tmp_path / f"hidden{suffix}"
    assert run(monkeypatch, "graph", "--cache", cache, "-o", out) == 0
    assert run(monkeypatch, "graph", "--cache", cache, "--share", "-o", hidden) == 0

    assert b"198.51.100.2" in out.read_bytes()
    assert not re.search(rb"198\.51\.100\.2(?!\d)", hidden.read_bytes())
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".ndjson"])
def test_flows_writes_every_record(cache, tmp_path, monkeypatch, capfd, suffix: str) -> None:
    """In a file by its suffix; how many is said on stderr."""
    out = tmp_path / f"flows{suffix}"

    assert run(monkeypatch, "flows", "--cache", cache, "--last", "30m", "-o", out) == 0

    assert capfd.readouterr().err == f"{out}: 31 records\n"
    n_rows = (
        pq.read_metadata(out).num_rows
        if suffix == ".parquet"
        else len(out.read_bytes().splitlines()) - (suffix == ".csv")
    )
    assert n_rows == 31


def test_diff_tells_what_changed(cache, tmp_path, monkeypatch, capfd) -> None:
    """A table for people, CSV and JSON for programs; the same range on page and terminal."""
    question = ("--cache", cache, "--start", "2026-01-05T09:00Z", "--end", "2026-01-05T10:00Z",
                "--threshold", 0)  # fmt: skip
    assert run(monkeypatch, "diff", *question) == 0
    table = capfd.readouterr().out
    assert table.splitlines()[1].split()[:3] == ["gone", "192.0.2.9", "198.51.100.2"]

    out = tmp_path / "changes.csv"
    assert run(monkeypatch, "diff", *question, "--base", "previous", "-o", out) == 0
    assert out.read_bytes().startswith(b"change,src,dst,port,protocol,")
    assert run(monkeypatch, "diff", *question, "--share", "--json") == 0
    record = json.loads(capfd.readouterr().out)
    assert record["base"] == {"start": "2026-01-05T08:00:00Z", "end": "2026-01-05T09:00:00Z"}
    assert {row["src"] for row in record["changes"]} <= pseudonyms(cache)


def test_a_name_cannot_reach_the_terminal(cache, tmp_path, monkeypatch, capfd) -> None:
    """Neither markup nor control characters of a name have an effect."""
    names = tmp_path / "names.csv"
    names.write_text("address,name,kind,owner\n192.0.2.1,[red]a,,\n")

    assert run(monkeypatch, "top", "--cache", cache, "--known-ips", names) == 0

    assert "[red]a" in capfd.readouterr().out
    assert plain("a\x1b[2Jb").plain == "a\N{REPLACEMENT CHARACTER}[2Jb"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("graph", "--cache", "nowhere"), "nowhere: this cache does not exist. Fill it with"),
        (("graph", "--action", "drop"), "action: 'drop' is not usable. Give one of all, accept"),
        (("graph", "--top", 0), "top: 0 is not usable. Give a whole number from 1 to 3,000."),
        (("graph", "--version", 3), "version: 3 is not usable. Give 1 or 2."),
        (("graph", "--last", "soon"), "last: 'soon' is not usable. Give an age such as 90m"),
        (("graph", "--last", "1h", "--start", "2026-01-05"), "either --last, or --start and --end"),
        (("graph", "-o", "cache/catalog.sqlite/x.json"), "x.json: cannot be written"),
        (("graph", "--known-ips", "bad.csv"), "bad.csv: line 1: 'x' is no address or CIDR"),
        (("serve", "--host", "192.0.2.1"), "no login. Keep to 127.0.0.1"),
        (("serve", "--port", 99_999), "port: 99999 is not usable"),
        (("graph", "-o", "out.xlsx"), "output: 'out.xlsx' is not usable. Give a file that ends in"),
        (("graph", "--filter", "port ="), "filter: at character 7, the text ends too early"),
        (("graph", "--level", "rack"), "level: 'rack' is not usable. Give one of name, address"),
        (("flows", "-o", "out.txt"), "output: 'out.txt' is not usable. Give a file that ends in"),
        (("flows", "-o", "cache/catalog.sqlite/x.csv"), "x.csv: cannot be written"),
        (("diff", "--base", "year"), "base: 'year' is not usable. Give one of previous, day, week"),
        (("diff", "--base", "day", "--base-end", "2026-01-05"), "either --base, or --base-start"),
        (("diff", "-o", "out.xml"), "output: 'out.xml' is not usable. Give a file that ends in"),
        (("top", "--engine", "flink"), "--engine flink: is unknown. Give one of duckdb, spark"),
        (("top", "--engine", "spark"), "--engine-url is missing: --engine spark needs"),
    ],
)
def test_expected_trouble_is_one_line(cache, monkeypatch, capfd, arguments, sentence) -> None:
    """What happened, with which input, what to do; no traceback; exit code 1."""
    Path("bad.csv").write_text("x,y\n")
    given = arguments if "nowhere" in arguments else (*arguments, "--cache", cache)

    assert run(monkeypatch, *given) == 1

    error = capfd.readouterr().err
    assert error.startswith("error: ")
    assert sentence in error
    assert error.count("\n") == 1


def test_ddl_prints_statements_for_athena(monkeypatch, capfd) -> None:
    """They can be pasted as they are; what cannot be a place or a day is refused."""
    assert run(monkeypatch, "ddl", "--location", "s3://bucket/cache", "--since", "2026-01-01") == 0
    statements = capfd.readouterr().out.split(";\n\n")
    assert statements[0] == "CREATE DATABASE IF NOT EXISTS `flow_atlas`"
    assert "LOCATION 's3://bucket/cache/flows/'" in statements[1]

    for wrong in (("--location", "/data"), ("--location", "s3://b", "--since", "soon")):
        assert run(monkeypatch, "ddl", *wrong) == 1
        assert "Give" in capfd.readouterr().err


def test_an_unknown_option_is_a_usage_error(monkeypatch, capfd) -> None:
    """Exit code 2, as of every program of its kind."""
    assert run(monkeypatch, "graph", "--colour") == 2
    assert "--colour" in capfd.readouterr().err


def test_a_port_in_use_is_one_sentence(cache, monkeypatch, capfd) -> None:
    """No retries, no traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(monkeypatch, "serve", "--cache", cache, "--port", port) == 1

    assert capfd.readouterr().err == (
        f"error: Port {port} on 127.0.0.1 is in use. Stop that program, or give another --port.\n"
    )


def test_a_server_that_is_stopped_says_nothing_of_it(cache) -> None:
    """Ctrl+C ends it, after answers too, with exit code 0 and not a line but its first."""
    port = free_port()
    root = Path(__file__).resolve().parents[2]
    server = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "dashboard", "serve", "--cache", cache, "--port", str(port)],
        env=os.environ | {"PYTHONPATH": str(root)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stderr is not None
    first = server.stderr.readline()
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/graph.json", timeout=30) as answer:
        graph = json.load(answer)
    server.send_signal(signal.SIGINT)
    said = server.communicate(timeout=30)

    assert first == f"Flow Atlas: http://127.0.0.1:{port}  (Ctrl+C stops it)\n"
    assert graph["edges"]
    assert said == ("", "")
    assert server.returncode == 0


def test_flags_go_before_the_environment() -> None:
    """Defaults < environment < flags; None is not given."""
    environment = {
        "FLOW_ATLAS_PORT": "9000", "FLOW_ATLAS_WORKERS": "4", "FLOW_ATLAS_SHARE_KEY": "secret",
        "FLOW_ATLAS_MEMORY_LIMIT": "4GB",
    }  # fmt: skip

    config = DashboardConfig.from_settings(environment, port=9001, workers=None)

    assert (config.port, config.workers, config.limits.memory) == (9001, 4, "1GB")
    assert "secret" not in repr(config)
    with pytest.raises(DashboardError, match="FLOW_ATLAS_PORT: 'x' is not usable"):
        DashboardConfig.from_settings({"FLOW_ATLAS_PORT": "x"})


@pytest.mark.usefixtures("cache")
def test_the_module_runs_as_a_program() -> None:
    """`python -m dashboard` ends with the exit code."""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "dashboard", "graph", "--cache", "nowhere"],
        env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith("error: nowhere: this cache does not exist.")
    assert "Traceback" not in done.stderr
