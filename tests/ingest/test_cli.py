"""`python -m ingest` as its users meet it: output, messages, exit codes."""

import gzip
import json
import re

import pytest

from tests.conftest import log_text, make_flows, write_log
from tests.ingest.loading import Row, cached_rows, run_ingest


def one_line(stderr: str) -> str:
    """Return the message; it has no second line and no traceback."""
    assert stderr.count("\n") == 1, stderr
    assert "Traceback" not in stderr
    return stderr.strip()


@pytest.fixture
def damaged(tmp_path):
    """A folder of one good and one truncated object."""
    write_log(tmp_path / "logs/a.log.gz", make_flows())
    (tmp_path / "logs/b.log.gz").write_bytes(gzip.compress(log_text(make_flows()))[:-4])
    return tmp_path / "logs"


def test_a_missing_folder_exits_with_69(tmp_path):
    """The message names the folder and what to check."""
    result = run_ingest("load", "nowhere", "--cache", tmp_path / "cache", cwd=tmp_path)

    assert result.returncode == 69
    assert one_line(result.stderr) == "error: nowhere: no such file or folder. Check the path."


def test_an_empty_folder_exits_with_69(tmp_path):
    """Nothing to load is no success."""
    (tmp_path / "logs").mkdir()
    result = run_ingest("load", "logs", "--cache", tmp_path / "cache", cwd=tmp_path)

    assert result.returncode == 69
    assert one_line(result.stderr) == "error: logs: this folder holds no files. Check the path."


def test_a_corrupt_object_is_a_warning(tmp_path, damaged):
    """The others are loaded, and the exit code is 0."""
    result = run_ingest("load", damaged, "--cache", tmp_path / "cache")

    assert (result.returncode, result.stderr) == (0, "")
    assert "objects  2 listed = 0 known + 2 new + 0 not read\n" in result.stdout
    assert "rows     1 read = 1 stored + 0 rejected\n" in result.stdout
    assert "warning  objects that are not whole: 1 corrupt\n" in result.stdout
    assert f"  {damaged}/b.log.gz: corrupt: the gzip data ends early, after" in result.stdout


def test_a_corrupt_object_exits_with_65_where_asked(tmp_path, damaged):
    """With --strict anything that is not whole fails the command, after loading the rest."""
    result = run_ingest("load", damaged, "--cache", tmp_path / "cache", "--strict")

    assert result.returncode == 65
    assert len(cached_rows(tmp_path / "cache")) == 1


def test_strict_does_not_forget_what_an_earlier_load_rejected(tmp_path, damaged):
    """The same command fails again, not only once."""
    command = ("load", damaged, "--cache", tmp_path / "cache", "--strict")
    assert run_ingest(*command).returncode == 65

    assert run_ingest(*command).returncode == 65


def test_a_rejected_line_is_told_with_its_place(tmp_path):
    """Reason, file, line and field of the first one, and how many."""
    log = write_log(tmp_path / "a.log", make_flows({}, {"bytes": "5e3"}))
    result = run_ingest("load", log, "--cache", tmp_path / "cache", "--strict")

    assert result.returncode == 65
    assert "rejected 1 rows: not-a-number\n" in result.stdout
    assert f"{log}: 1 of 2 lines rejected, the first at line 3: not-a-number in bytes: 2 1" in (
        result.stdout
    )


def test_a_file_that_is_no_log_is_set_aside(tmp_path):
    """A picture among the logs is named, and costs nothing else."""
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    result = run_ingest("load", tmp_path / "x.png", "--cache", tmp_path / "cache")

    assert result.returncode == 0
    assert "warning  objects that are not whole: 1 not-a-log\n" in result.stdout


def test_no_source_exits_with_64(tmp_path):
    """Without argument and .env there is nothing to load from."""
    result = run_ingest("load", cwd=tmp_path)

    assert result.returncode == 64
    assert one_line(result.stderr) == (
        "error: No source given. Name one: s3://bucket/prefix, a folder or a file; "
        "or set AWS_S3_BUCKET_NAME in .env."
    )


def test_the_bucket_of_the_env_file_is_the_default_source(tmp_path):
    """`.env` of the working folder names the bucket; here it is none, and told as such."""
    (tmp_path / ".env").write_text("AWS_S3_BUCKET_NAME=_\nAWS_SECRET_ACCESS_KEY=hush\n")
    (tmp_path / ".env").chmod(0o600)
    result = run_ingest("load", "--cache", "cache", cwd=tmp_path)

    assert result.returncode == 64
    assert one_line(result.stderr).startswith(
        "error: 's3://_/' is no source: '_' cannot be the name of a bucket."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["load", "x", "--frist"], "error: No such option: --frist"),
        (["lode"], "error: No such command 'lode'"),
        (["load", "ftp://x"], "error: 'ftp://x' is no source: ftp: is not a place"),
        (["load", "x", "--account", "12"], "error: 12: not an account. An account id has 12"),
        (["load", "x", "--since", "soon"], "error: --since soon: not a time. Write 2025-01-31"),
        (["simulate", "out", "--incidents", "fire"], "error: "),
        (["simulate", "out", "--start", "soon"], "error: --start soon: no time."),
    ],
)
def test_a_wrong_command_line_exits_with_64(tmp_path, arguments, message):
    """What does not fit is shown as it came, in one line."""
    result = run_ingest(*arguments, cwd=tmp_path)

    assert result.returncode == 64
    assert one_line(result.stderr).startswith(message)


def test_a_wrong_format_exits_with_78(tmp_path):
    """A format that names no fields is shown with an example."""
    log = write_log(tmp_path / "a.log", make_flows())
    result = run_ingest("load", log, "--cache", tmp_path / "cache", "--format", "a,b")

    assert result.returncode == 78
    assert one_line(result.stderr).startswith("error: --format 'a,b': no list of field names.")


def test_a_format_reads_objects_without_a_header(tmp_path):
    """The format as AWS shows it is understood by the command line."""
    (tmp_path / "a.log").write_text("5 192.0.2.1 198.51.100.2\n")
    result = run_ingest("load", "a.log", "--cache", "cache", "--format",
                        "${bytes} ${srcaddr} ${dstaddr}", cwd=tmp_path)  # fmt: skip

    assert result.returncode == 0
    (row,) = cached_rows(tmp_path / "cache")
    assert (row["bytes"], row["srcaddr"], row["dstaddr"]) == (5, "192.0.2.1", "198.51.100.2")


def test_a_dry_run_says_what_a_load_would_read(tmp_path, damaged):
    """Objects and bytes are counted, and nothing is read."""
    result = run_ingest("load", damaged, "--cache", tmp_path / "cache", "--dry-run")

    assert result.returncode == 0
    assert result.stdout == (
        "2 objects listed, 0 of them in the cache. A load would read 2 objects, 0.0 MB.\n"
    )
    assert not (tmp_path / "cache").exists()


def test_the_report_can_be_read_by_programs(tmp_path, damaged):
    """With --json stdout is one JSON value, for load and status."""
    load = run_ingest("load", damaged, "--cache", tmp_path / "cache", "--json")
    status = run_ingest("status", "--cache", tmp_path / "cache", "--json")

    report, facts = json.loads(load.stdout), json.loads(status.stdout)
    assert (report["objects_new"], report["rows_stored"]) == (2, 1)
    assert report["by_status"] == {"ok": 1, "corrupt": 1}
    assert (facts["objects"], facts["objects_set_aside"], facts["records"]) == (2, 1, 1)


def test_status_of_no_cache_says_how_to_fill_one(tmp_path):
    """A cache that does not exist is one sentence."""
    result = run_ingest("status", "--cache", "none", cwd=tmp_path)

    assert result.returncode == 74
    assert one_line(result.stderr) == (
        "error: none: does not exist. Fill a cache with: python -m ingest load SOURCE --cache none"
    )


def test_help_lists_the_commands(tmp_path):
    """Without arguments the help is shown."""
    result = run_ingest("--help", cwd=tmp_path)

    assert result.returncode == 0
    for command in ("load", "simulate", "status"):
        assert re.search(rf"^  {command} ", result.stdout, re.MULTILINE)


def test_simulated_logs_are_loaded_whole(tmp_path):
    """simulate, load, status: each says the same numbers, and the rows add up to them."""
    made = run_ingest("simulate", "sim", "--hours", "1", "--records", "3000", cwd=tmp_path)
    loaded = run_ingest("load", "sim", "--cache", "cache", "--strict", cwd=tmp_path)
    status = run_ingest("status", "--cache", "cache", "--json", cwd=tmp_path)

    assert (made.returncode, loaded.returncode, status.returncode) == (0, 0, 0)
    records = int(made.stdout.split(" ")[0].replace(",", ""))
    assert f"rows     {records:,} read = {records:,} stored + 0 rejected\n" in loaded.stdout
    facts = json.loads(status.stdout)
    assert facts["rows_read"] == facts["rows_stored"] == records
    rows = [row for row in cached_rows(tmp_path / "cache") if row["log_status"] == "OK"]
    assert len(rows) == facts["records"]
    assert sum(row["bytes"] for row in rows) == facts["logged_bytes"]
    assert total(cached_rows(tmp_path / "cache", "edges"), "records") == facts["records"]
    assert (
        total(cached_rows(tmp_path / "cache", "series"), "logged_bytes") == (facts["logged_bytes"])
    )


def total(rows: list[Row], name: str) -> int:
    return sum(row[name] for row in rows)
