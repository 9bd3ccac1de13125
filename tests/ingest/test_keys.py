"""What keys tell, and which ranges of them a question needs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.keys import KeyFacts, KeyRange, Pruning, parse_key, plan_ranges

FILE = "123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_20261102T2355Z_0a1b2c3d.log.gz"
PLAIN = "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/02"
HIVE = (
    "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1"
    "/year=2026/month=11/day=02"
)
STAMP = int(datetime(2026, 11, 2, 23, 55, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("key", "hour", "layout"),
    [
        (f"{PLAIN}/{FILE}", None, "default"),
        (f"{PLAIN}/23/{FILE}", 23, "hourly"),
        (f"{HIVE}/{FILE}", None, "hive"),
        (f"{HIVE}/hour=23/{FILE}", 23, "hive-hourly"),
        (f"team a/{PLAIN}/{FILE}", None, "default"),
        (f"s3://logs/x/{HIVE}/{FILE}", None, "hive"),
        (f"/srv/logs/{PLAIN}/{FILE}", None, "default"),
        (f"team+a%2F{HIVE}/{FILE}".replace("=", "%3D"), None, "hive"),
        (f"100%25/{PLAIN}/{FILE}", None, "default"),
    ],
)
def test_all_four_layouts_tell_the_same(key, hour, layout):
    """Also below a prefix, in URLs and paths, and percent-encoded as in events."""
    assert parse_key(key) == KeyFacts(
        account="123456789012",
        service="vpcflowlogs",
        region="eu-west-1",
        day=date(2026, 11, 2),
        hour=hour,
        stamp=STAMP,
        flow_log_id="fl-0123456789abcdef0",
        layout=layout,
    )


@pytest.mark.parametrize(
    ("name", "stamp", "flow_log_id"),
    [
        (FILE.replace("fl-0123456789abcdef0", "fl-0a1b2c3d"), STAMP, "fl-0a1b2c3d"),
        (FILE.replace(".log.gz", ".log.parquet"), STAMP, "fl-0123456789abcdef0"),
        (FILE.replace("20261102T2355Z", "20261302T2355Z"), None, "fl-0123456789abcdef0"),
        ("copy of logs.gz", None, None),
    ],
)
def test_the_name_of_a_file_may_tell_less(name, stamp, flow_log_id):
    """Old and new ids; what is no time, or not AWS's name, is None."""
    facts = parse_key(f"{PLAIN}/{name}")

    assert facts is not None
    assert (facts.stamp, facts.flow_log_id) == (stamp, flow_log_id)


@pytest.mark.parametrize(
    "key",
    [
        "",
        FILE,
        f"{PLAIN}/",
        f"Other{PLAIN}/{FILE}",
        f"{PLAIN}/deeper/{FILE}",
        f"{PLAIN.replace('/11/', '/13/')}/{FILE}",
        f"{HIVE.replace('aws-region=', '')}/{FILE}",
        "AWSLogs/123456789012/elasticloadbalancing/a.log.gz",
    ],
)
def test_a_key_of_no_layout_tells_nothing(key):
    """No guesses from names alone."""
    assert parse_key(key) is None


def test_another_service_is_named_as_such():
    """CloudTrail uses the same folders."""
    facts = parse_key("AWSLogs/123456789012/CloudTrail/eu-west-1/2026/11/02/x.json.gz")

    assert facts is not None
    assert facts.service == "CloudTrail"


@pytest.mark.parametrize(
    ("since", "until", "wanted"),
    [
        (None, None, True),
        ("2026-11-03T00:00", None, True),  # Made five minutes before: within the hour.
        ("2026-11-03T00:55", None, True),
        ("2026-11-03T00:56", None, False),
        (None, "2026-11-02T00:00", True),  # Made within a day after the end.
        (None, "2026-11-01T23:55", False),
    ],
)
def test_late_files_are_wanted_and_old_ones_are_not(since, until, wanted):
    """An hour back, a day ahead, by the stamp of 2 November 23:55."""

    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text + "Z") if text else None

    facts = parse_key(f"{PLAIN}/{FILE}")

    assert facts is not None
    assert Pruning(since=moment(since), until=moment(until)).wants(facts) is wanted


def test_without_a_stamp_the_whole_day_counts():
    """A renamed file may have been made at any time of its folder's day."""
    facts = parse_key(f"{PLAIN}/renamed.log.gz")
    assert facts is not None

    assert Pruning(since=datetime(2026, 11, 3, 1, tzinfo=UTC)).wants(facts)
    assert not Pruning(since=datetime(2026, 11, 3, 1, 1, tzinfo=UTC)).wants(facts)
    assert Pruning(until=datetime(2026, 11, 1, 0, 1, tzinfo=UTC)).wants(facts)
    assert not Pruning(until=datetime(2026, 11, 1, tzinfo=UTC)).wants(facts)


def test_accounts_and_regions_are_compared():
    """Either leaves out the object."""
    facts = parse_key(f"{PLAIN}/{FILE}")
    assert facts is not None

    assert Pruning(accounts=("123456789012",), regions=("eu-west-1",)).wants(facts)
    assert not Pruning(accounts=("111111111111",)).wants(facts)
    assert not Pruning(regions=("eu-west-2",)).wants(facts)


class Folders:
    """Folders of a bucket, and which were looked up."""

    def __init__(self, *keys: str) -> None:
        self._keys, self.asked = keys, []

    def __call__(self, prefix: str) -> list[str]:
        """Return the folders directly below."""
        self.asked.append(prefix)
        below = [key.removeprefix(prefix) for key in self._keys if key.startswith(prefix)]
        return sorted({rest.split("/")[0] for rest in below if "/" in rest})


def test_what_is_given_is_not_looked_up():
    """Account and region of a known delivery folder: no look-up, both layouts planned."""
    folders = Folders()
    pruning = Pruning(accounts=("123456789012",), regions=("eu-west-1", "eu-north-1"))

    ranges = list(plan_ranges("AWSLogs/", pruning, folders))

    assert folders.asked == []
    hive = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region="
    assert ranges == [
        KeyRange("AWSLogs/123456789012/vpcflowlogs/eu-north-1/"),
        KeyRange("AWSLogs/123456789012/vpcflowlogs/eu-west-1/"),
        KeyRange(f"{hive}eu-north-1/"),
        KeyRange(f"{hive}eu-west-1/"),
    ]


def test_what_is_not_given_is_looked_up():
    """Accounts and regions; folders that are no account are not entered."""
    folders = Folders(f"x/{PLAIN}/{FILE}", f"x/{HIVE}/{FILE}", "x/AWSLogs/o-org/123456789012/x/y")

    ranges = list(plan_ranges("x/", Pruning(), folders))

    assert ranges == [
        KeyRange("x/AWSLogs/123456789012/vpcflowlogs/eu-west-1/"),
        KeyRange(
            "x/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/"
        ),
    ]
    assert folders.asked == [
        "x/AWSLogs/",
        "x/AWSLogs/123456789012/vpcflowlogs/",
        "x/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/",
    ]


@pytest.mark.parametrize(
    ("root", "after", "before"),
    [
        ("AWSLogs/123456789012/vpcflowlogs/eu-west-1/", "2026/10/31/", "2026/11/04/"),
        (
            "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/",
            "year=2026/month=10/day=31/",
            "year=2026/month=11/day=04/",
        ),
    ],
)
def test_days_bound_the_range_of_a_region(root, after, before):
    """From the day before midnight of since to a day after until."""
    pruning = Pruning(
        since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 11, 3, tzinfo=UTC)
    )

    assert list(plan_ranges(root, pruning, Folders())) == [
        KeyRange(root, root + after, root + before)
    ]


def test_a_prefix_of_another_account_plans_nothing():
    """The prefix and what is asked for contradict."""
    prefix = "AWSLogs/123456789012/vpcflowlogs/eu-west-1/"

    assert list(plan_ranges(prefix, Pruning(accounts=("111111111111",)), Folders())) == []
    assert list(plan_ranges(prefix, Pruning(regions=("eu-west-2",)), Folders())) == []


def test_a_folder_without_awslogs_is_one_range():
    """Whatever lies there is listed."""
    assert list(plan_ranges("x/", Pruning(), Folders("x/a/b"))) == [KeyRange("x/")]


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds of the strategy have no zone


@given(record=MOMENTS, made_after=st.timedeltas(timedelta(), timedelta(hours=23)), data=st.data())
def test_no_file_that_holds_wanted_records_is_pruned(record, made_after, data):
    """Any record in the range, in a file made up to 23 hours later, in any layout."""
    since = record - data.draw(st.timedeltas(timedelta(), timedelta(days=40)))
    until = record + data.draw(st.timedeltas(timedelta(seconds=1), timedelta(days=40)))
    made = record + made_after
    name = f"123456789012_vpcflowlogs_eu-west-1_fl-0a1b2c3d_{made:%Y%m%dT%H%M}Z_0a1b2c3d.log.gz"
    folder = data.draw(
        st.sampled_from(
            [
                f"AWSLogs/123456789012/vpcflowlogs/eu-west-1/{made:%Y/%m/%d}",
                f"AWSLogs/123456789012/vpcflowlogs/eu-west-1/{made:%Y/%m/%d/%H}",
                "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1"
                f"/{made:year=%Y/month=%m/day=%d}",
                "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1"
                f"/{made:year=%Y/month=%m/day=%d/hour=%H}",
            ]
        )
    )
    key = f"{folder}/{name}"
    pruning = Pruning(since=since, until=until)

    (keys,) = plan_ranges("", pruning, Folders(key))

    facts = parse_key(key)
    assert facts is not None
    assert pruning.wants(facts)
    assert key.startswith(keys.prefix)
    assert keys.after is not None
    assert keys.before is not None
    assert keys.after < key < keys.before
