"""Object keys: what they tell, and which of them a question needs.

The four layouts are those of "Publish flow logs to Amazon S3" in the VPC user guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from urllib.parse import unquote_plus

Layout = Literal["default", "hourly", "hive", "hive-hourly"]

DELIVERY_FOLDER = "AWSLogs"
SERVICE = "vpcflowlogs"

# A file's stamp may be the begin or the end of its five minutes: nothing that starts
# at `since` lies in a file stamped an hour earlier. Delivery has no upper bound; a day
# is what AWS's own tools allow for.
LOOK_BACK = timedelta(hours=1)
LOOK_AHEAD = timedelta(days=1)

_PLAIN_FOLDERS = re.compile(
    r"(?:^|/)AWSLogs/(?P<account>\d{12})/(?P<service>[\w-]+)/(?P<region>[a-z0-9-]+)"
    r"/(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)(?:/(?P<hour>\d\d))?/(?P<file>[^/]+)$"
)
_HIVE_FOLDERS = re.compile(
    r"(?:^|/)AWSLogs/aws-account-id=(?P<account>\d{12})/aws-service=(?P<service>[\w-]+)"
    r"/aws-region=(?P<region>[a-z0-9-]+)/year=(?P<year>\d{4})/month=(?P<month>\d\d)"
    r"/day=(?P<day>\d\d)(?:/hour=(?P<hour>\d\d))?/(?P<file>[^/]+)$"
)
_FILE = re.compile(
    r"\d{12}_[\w-]+?_[a-z0-9-]+_(?P<flow_log_id>fl-[0-9a-f]+)_(?P<stamp>\d{8}T\d{4})Z_[^/]*"
)


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a key tells of its object. Record times are not among it.

    Attributes:
        day: UTC day of the folder: when the object was made.
        hour: Hour of the folder, in hourly layouts.
        stamp: Epoch s of the time in the file's name; None where the name is not AWS's.
        flow_log_id: From the file's name, or None.
    """

    account: str
    service: str
    region: str
    day: date
    hour: int | None
    stamp: int | None
    flow_log_id: str | None
    layout: Layout


def parse_key(key: str) -> KeyFacts | None:
    """Return what a key, URL or path tells; None where it has none of AWS's layouts.

    Event notifications send keys percent-encoded; they are understood as well.
    """
    facts = _parse_key(key)
    return facts if facts or "%" not in key else _parse_key(unquote_plus(key))


def _parse_key(key: str) -> KeyFacts | None:
    plain = _PLAIN_FOLDERS.search(key)
    match = plain or _HIVE_FOLDERS.search(key)
    if match is None:
        return None
    hour = match["hour"]
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    layout: Layout = (
        ("hourly" if hour else "default") if plain else ("hive-hourly" if hour else "hive")
    )
    file = _FILE.fullmatch(match["file"])
    return KeyFacts(
        account=match["account"],
        service=match["service"],
        region=match["region"],
        day=day,
        hour=int(hour) if hour else None,
        stamp=_stamp(file["stamp"]) if file else None,
        flow_log_id=file["flow_log_id"] if file else None,
        layout=layout,
    )


def _stamp(text: str) -> int | None:
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Pruning:
    """Which objects are wanted, as far as keys can tell; empty or None: all.

    Attributes:
        since: First record time wanted, UTC.
        until: End of the record times wanted, not included.
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def first(self) -> datetime | None:
        """The earliest making of an object that can hold wanted records."""
        return self.since - LOOK_BACK if self.since else None

    @property
    def end(self) -> datetime | None:
        """From here on objects hold no wanted records."""
        return self.until + LOOK_AHEAD if self.until else None

    def wants(self, facts: KeyFacts) -> bool:
        """Tell whether the object may hold wanted records."""
        if self.accounts and facts.account not in self.accounts:
            return False
        if self.regions and facts.region not in self.regions:
            return False
        if facts.stamp is not None:
            made = latest = datetime.fromtimestamp(facts.stamp, UTC)
        else:
            made = datetime(facts.day.year, facts.day.month, facts.day.day, tzinfo=UTC)
            latest = made + timedelta(days=1)
        return (self.first is None or latest >= self.first) and (
            self.end is None or made < self.end
        )


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys to list: those with a prefix, after one key and before another.

    Attributes:
        after: Keys up to this text are left out by the server.
        before: Listing ends at the first key from here on.
    """

    prefix: str
    after: str | None = None
    before: str | None = None


Children = Callable[[str], Sequence[str]]
"""Names of the folders directly below a prefix, in order; one request or more."""


def plan_ranges(prefix: str, pruning: Pruning, children: Children) -> Iterator[KeyRange]:
    """Turn a prefix and what is wanted of it into ranges of keys, in key order.

    Below `AWSLogs` only folders of VPC Flow Logs are entered. Accounts and regions are
    looked up where they are not given; days never are: within a region keys sort by
    day, so one range leaves out what is earlier and stops at what is later. A prefix
    without `AWSLogs` in or directly below it is one range.

    Args:
        prefix: Empty, or ending in a slash; may end at any depth of the layout.
        pruning: What is wanted.
        children: Looks up folders.
    """
    folders = prefix.split("/")[:-1]
    if DELIVERY_FOLDER in folders:
        depth = folders.index(DELIVERY_FOLDER) + 1
        tree = _Tree(folders[:depth], folders[depth:], pruning, children)
    else:
        # Not the children of the prefix itself: it may hold a million files of its own.
        accounts = children(f"{prefix}{DELIVERY_FOLDER}/")
        if not accounts:
            yield KeyRange(prefix)
            return
        tree = _Tree([*folders, DELIVERY_FOLDER], [], pruning, children, accounts)
    yield from tree.ranges()


class _Tree:
    """One `AWSLogs` folder, entered along account, service and region."""

    def __init__(
        self,
        root: list[str],
        given: list[str],
        pruning: Pruning,
        children: Children,
        known_accounts: Sequence[str] | None = None,
    ) -> None:
        self._root, self._given = "/".join(root) + "/", given
        self._pruning, self._children = pruning, children
        self._known_accounts = known_accounts

    def ranges(self) -> Iterator[KeyRange]:
        for account in self._accounts():
            hive = account.startswith("aws-account-id=")
            service = self._given[1] if len(self._given) > 1 else _named(hive, "service", SERVICE)
            below = f"{self._root}{account}/{service}/"
            for region in self._regions(below, hive=hive):
                days = below + region + "/"
                yield KeyRange(
                    days + "".join(f"{folder}/" for folder in self._given[3:]),
                    days + _day(hive, self._pruning.first) if self._pruning.first else None,
                    days + _day(hive, self._pruning.end, up=True) if self._pruning.end else None,
                )

    def _accounts(self) -> Sequence[str]:
        wanted = self._pruning.accounts
        if self._given:
            return [self._given[0]] if not wanted or _value(self._given[0]) in wanted else []
        if wanted and self._known_accounts is None:
            # Which layout an account uses is unknown: both are asked for.
            return sorted(name for a in wanted for name in (a, _named(True, "account-id", a)))
        names = self._known_accounts or self._children(self._root)
        return [
            name
            for name in names
            if re.fullmatch(r"(aws-account-id=)?\d{12}", name)
            if not wanted or _value(name) in wanted
        ]

    def _regions(self, below: str, *, hive: bool) -> Sequence[str]:
        wanted = self._pruning.regions
        if len(self._given) > 2:
            return [self._given[2]] if not wanted or _value(self._given[2]) in wanted else []
        if wanted:
            return sorted(_named(hive, "region", region) for region in wanted)
        return self._children(below)


def _named(hive: bool, label: str, value: str) -> str:
    return f"aws-{label}={value}" if hive else value


def _value(folder: str) -> str:
    return folder.rpartition("=")[2]


def _day(hive: bool, moment: datetime, *, up: bool = False) -> str:
    """Return the folder of a moment's day, or with `up` of the first day from it on."""
    if up and moment.time() != moment.min.time():
        moment += timedelta(days=1)
    return f"{moment:year=%Y/month=%m/day=%d/}" if hive else f"{moment:%Y/%m/%d/}"
