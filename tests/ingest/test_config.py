"""Where settings come from, and what is wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.config import AwsSettings, IngestConfig, load_config
from ingest.errors import ConfigError, UsageError
from ingest.locations import STDIN, CloudWatchGroup, S3Location, parse_source

ACCESS_KEY = "AKIAEXAMPLE000000001"
MARKER = "marker-secret-51c0"


def write_dotenv(folder: Path, *lines: str) -> Path:
    path = folder / ".env"
    path.write_text("\n".join(lines), encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://logs", S3Location("logs")),
        ("s3://logs/", S3Location("logs")),
        ("s3://logs/team a/AWSLogs/", S3Location("logs", "team a/AWSLogs/")),
        ("S3://logs/x", S3Location("logs", "x")),
        ("arn:aws:s3:::logs/team-a", S3Location("logs", "team-a")),
        (
            "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/flows/AWSLogs",
            S3Location("arn:aws:s3:eu-west-1:123456789012:accesspoint/flows", "AWSLogs"),
        ),
        ("cloudwatch:/vpc/flow-logs", CloudWatchGroup("/vpc/flow-logs")),
        ("-", STDIN),
        ("logs/flows.log.gz", Path("logs/flows.log.gz")),
        ("./s3:logs", Path("s3:logs")),
    ],
)
def test_every_form_of_source_is_understood(text, expected):
    """Buckets by URL or ARN, log groups, standard input, and paths."""
    assert parse_source(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("s3://", "'' cannot be the name of a bucket"),
        ("s3://a b/x", "'a b' cannot be the name of a bucket"),
        ("s3:logs/x", "s3: is not a place"),
        ("https://logs.s3.amazonaws.com/x", "https: is not a place"),
        ("cloudwatch:", "'' cannot be the name of a log group"),
        ("a\0b", "no text"),
    ],
)
def test_nonsense_is_answered_with_the_valid_forms(text, reason):
    """The error names the reason and every form that works."""
    with pytest.raises(UsageError) as caught:
        parse_source(text)

    assert reason in str(caught.value)
    assert "Give s3://BUCKET/PREFIX, a folder, a file, cloudwatch:GROUP, or -" in str(caught.value)


def test_an_environment_variable_beats_the_file_and_a_flag_beats_both(tmp_path):
    """Defaults < .env < environment < flags."""
    dotenv = write_dotenv(tmp_path, "AWS_REGION=eu-west-1", "AWS_ENDPOINT_URL=http://file:1")
    env = {"AWS_ENDPOINT_URL": "http://env:2"}

    assert load_config({}, None).aws.endpoint_url is None
    assert load_config({}, dotenv).aws.endpoint_url == "http://file:1"
    assert load_config(env, dotenv).aws.endpoint_url == "http://env:2"
    assert load_config(env, dotenv, endpoint_url="http://f:3").aws.endpoint_url == "http://f:3"
    assert load_config(env, dotenv).aws.region == "eu-west-1"


def test_the_names_of_older_dotenv_files_are_understood(tmp_path):
    """AWS_ACCESS_KEY stands for AWS_ACCESS_KEY_ID; a dollar sign is kept; the bucket is SOURCE."""
    dotenv = write_dotenv(
        tmp_path,
        f"AWS_ACCESS_KEY={ACCESS_KEY}",
        "AWS_SECRET_ACCESS_KEY=s$ecret${HOME}",
        "AWS_DEFAULT_REGION=us-west-2",
        "AWS_S3_BUCKET_NAME=logs",
        "AWS_S3_PREFIX=team-a/",
    )

    config = load_config({}, dotenv)

    assert config.aws.access_key_id == ACCESS_KEY
    assert config.aws.secret_access_key == "s$ecret${HOME}"  # noqa: S105 - not a real one
    assert config.aws.region == "us-west-2"
    assert config.source == S3Location("logs", "team-a/")


@pytest.mark.parametrize("name", ["logs", "logs/", "s3://logs", "s3://logs/", "arn:aws:s3:::logs"])
def test_a_bucket_name_may_be_written_as_a_url(tmp_path, name):
    """AWS_S3_BUCKET_NAME holds a name, a URL or an ARN."""
    config = load_config({}, write_dotenv(tmp_path, f"AWS_S3_BUCKET_NAME={name}"))

    assert config.source == S3Location("logs")


def test_an_argument_beats_the_bucket_of_the_environment():
    """SOURCE is used when given."""
    assert load_config({"AWS_S3_BUCKET_NAME": "logs"}, source="-").source is STDIN
    assert load_config({"AWS_S3_BUCKET_NAME": ""}).source is None


def test_credentials_are_never_joined_from_two_places(tmp_path):
    """A key of the environment with the secret of a file would sign with a wrong pair."""
    dotenv = write_dotenv(
        tmp_path, "AWS_ACCESS_KEY_ID=AKIAFILE", "AWS_SECRET_ACCESS_KEY=f", "AWS_SESSION_TOKEN=t"
    )
    env = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "e"}

    aws = load_config(env, dotenv).aws

    assert (aws.access_key_id, aws.secret_access_key, aws.session_token) == ("AKIAENV", "e", None)
    with pytest.raises(ConfigError, match="AWS_SECRET_ACCESS_KEY is not"):
        load_config({"AWS_ACCESS_KEY_ID": "AKIAENV"}, dotenv)


def test_a_profile_beats_keys_of_a_lower_level(tmp_path):
    """A profile flag beats all keys, a profile of the environment those of .env."""
    dotenv = write_dotenv(tmp_path, "AWS_ACCESS_KEY_ID=AKIAFILE", "AWS_SECRET_ACCESS_KEY=f")
    env = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "e"}

    assert load_config(env, dotenv, profile="audit").aws.access_key_id is None
    assert load_config(env, dotenv, profile="audit").aws.profile == "audit"
    assert load_config({"AWS_PROFILE": "work"}, dotenv).aws.profile == "work"
    assert load_config({"AWS_PROFILE": "work"}, dotenv).aws.access_key_id is None


def test_credentials_stay_out_of_every_repr():
    """A logged configuration gives nothing away."""
    env = {
        "AWS_ACCESS_KEY_ID": MARKER,
        "AWS_SECRET_ACCESS_KEY": MARKER,
        "AWS_SESSION_TOKEN": MARKER,
    }
    role = "arn:aws:iam::123456789012:role/reader"

    config = load_config(env, role_arn=role, external_id=MARKER)

    assert MARKER not in f"{config!r} {config} {config.aws!r}"


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o644, True), (0o640, True)])
def test_a_dotenv_file_that_others_can_read_is_warned_about(tmp_path, mode, warned):
    """The warning names the file, its mode and the command that helps."""
    dotenv = write_dotenv(tmp_path, "AWS_REGION=eu-west-1")
    dotenv.chmod(mode)

    warnings = load_config({}, dotenv).warnings

    expected = f"{dotenv}: others can read it (mode {mode:04o}). Run chmod 600 {dotenv}."
    assert warnings == ((expected,) if warned else ())


def test_a_missing_dotenv_file_is_no_error(tmp_path):
    """Everything has a default."""
    assert load_config({}, tmp_path / "none") == IngestConfig()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T14:00Z", datetime(2026, 11, 1, 14, tzinfo=UTC)),
        ("2026-11-01T14:00+02:00", datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ("36h", datetime(2026, 11, 21, 0, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 15, 12, tzinfo=UTC)),
    ],
)
def test_times_are_dates_or_ages(text, expected):
    """What has no zone is UTC; an age counts back from now."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    assert load_config({}, since=text, now=now).since == expected


@pytest.mark.parametrize(
    ("flags", "error", "message"),
    [
        ({"since": "yesterday"}, UsageError, "--since yesterday: not a time. Write 2025-01-31"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, UsageError, "is not before"),
        ({"accounts": ["1234"]}, UsageError, "1234: not an account. An account id has 12 digits."),
        ({"regions": ["europe"]}, UsageError, "europe: not a region. Regions read like eu-west-1"),
        ({"role_arn": "reader"}, ConfigError, "reader: not the ARN of a role."),
        ({"external_id": "x"}, ConfigError, "external id is given without a role"),
        ({"endpoint_url": "localhost"}, ConfigError, "localhost: not an endpoint."),
        ({"max_transfers": 0}, ConfigError, "0 transfers at once: choose 1 to 64."),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(flags, error, message):
    """The message shows the value and the valid form."""
    with pytest.raises(error, match=message):
        load_config({}, **flags)


def test_settings_are_checked_wherever_they_are_built():
    """A role's session has the length that AWS allows."""
    with pytest.raises(ConfigError, match="AWS allows 900 to 43200"):
        AwsSettings(role_duration_s=60)
