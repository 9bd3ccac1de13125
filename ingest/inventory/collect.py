"""Take the inventory of several accounts and regions, and keep it in a cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ingest.config import AwsSettings
from ingest.errors import ExitCode, IngestError, PermissionDeniedError
from ingest.inventory import listings
from ingest.inventory.asking import RegionAsker, Trouble
from ingest.inventory.resources import Resolve
from ingest.inventory.snapshot import take_snapshot
from ingest.inventory.tags import OWNER_TAGS
from ingest.sources.s3_access import Access
from ingest.sources.s3_errors import Asked, explain
from ingest.sources.s3_retry import ANSWERS
from ingest.store.names import NamesWriter, Snapshot

ALL_REGIONS = "all"
_REGIONS_AT_ONCE = 8

OnRegion = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one account and region.

    Attributes:
        addresses: Addresses with a name now.
        began, ended: Rows of names, networks and security groups that changed.
    """

    account_id: str
    region: str
    addresses: int
    began: int
    ended: int


@dataclass(slots=True)
class NamesReport:
    """What a run found, in order of accounts and regions.

    Attributes:
        taken: Inventories that are in the cache now.
        troubles: What AWS refused or did not answer.
    """

    taken: list[Taken] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """A missing right goes before whatever else was in the way."""
        states = {trouble.state for trouble in self.troubles}
        if "denied" in states:
            return ExitCode.NO_PERMISSION
        return ExitCode.SOURCE_UNAVAILABLE if states else ExitCode.OK


def fetch_names(
    cache: Path,
    identities: Sequence[AwsSettings],
    regions: Sequence[str] = (),
    *,
    owner_tags: Sequence[str] = OWNER_TAGS,
    page_size: int | None = None,
    resolve: Resolve | None = None,
    clock: Callable[[], float] = time.time,
    on_region: OnRegion | None = None,
) -> NamesReport:
    """Ask each account in each region for its names, and keep what changed.

    An account or region that does not answer keeps the names it had.

    Args:
        cache: Where names are kept; need not hold any log.
        identities: Whoever asks; each sees one account.
        regions: Regions of all accounts, `all`: those that an account has enabled;
            empty: that of the client.
        owner_tags: Tags that name an owner, best first.
        page_size: Resources a page; None: as many as AWS gives.
        resolve: Addresses behind a host name; None: DNS.
        clock: Epoch s.
        on_region: Told how many of how many regions are done.

    Raises:
        CacheLockedError: Another process writes names to this cache.
        CacheError: The disk refuses.
    """
    report = NamesReport()
    with NamesWriter(cache) as writer:
        askers = list(_askers(identities, regions, page_size, report.troubles))
        taken_at = int(clock())

        def take(asked: tuple[RegionAsker, str | None]) -> tuple[RegionAsker, Snapshot | None]:
            asker, account_name = asked
            try:
                return asker, take_snapshot(
                    asker, account_name, owner_tags=owner_tags, resolve=resolve
                )
            except IngestError as error:
                asker.troubles.append(_failed(f"{asker.account_id}/{asker.region}", error))
                return asker, None

        with ThreadPoolExecutor(_REGIONS_AT_ONCE) as pool:
            for n, (asker, snapshot) in enumerate(pool.map(take, askers), 1):
                report.troubles += asker.troubles
                if snapshot is not None:
                    change = writer.write(snapshot, taken_at)
                    report.taken.append(
                        Taken(
                            asker.account_id,
                            asker.region,
                            change.addresses,
                            change.began,
                            change.ended,
                        )
                    )
                if on_region is not None:
                    on_region(n, len(askers))
    return report


def _askers(
    identities: Iterable[AwsSettings],
    regions: Sequence[str],
    page_size: int | None,
    troubles: list[Trouble],
) -> Iterator[tuple[RegionAsker, str | None]]:
    """Find accounts and their regions; each pair once, whoever sees it first."""
    seen: set[tuple[str, str]] = set()
    for settings in identities:
        access = Access(settings, attempts=settings.attempts)
        try:
            account_id = _account_id(access)
            chosen = _regions(access, regions)
        except IngestError as error:
            where = settings.role_arn or settings.profile or "default credentials"
            troubles.append(_failed(where, error))
            continue
        fresh = [region for region in chosen if (account_id, region) not in seen]
        if not fresh:
            continue
        seen |= {(account_id, region) for region in fresh}
        asker = RegionAsker(access, account_id, fresh[0], page_size)
        try:
            aliases = asker.rows(listings.ALIASES)
        except IngestError as error:
            troubles.append(_failed(account_id, error))
            continue
        troubles += asker.troubles
        for region in fresh:
            account_name = str(aliases[0]) if aliases else None
            yield RegionAsker(access, account_id, region, page_size), account_name


def _account_id(access: Access) -> str:
    try:
        account_id: str = access.client("sts").get_caller_identity()["Account"]
    except ANSWERS as error:
        raise explain(error, Asked("AWS", "sts:GetCallerIdentity", "STS"), access) from error
    return account_id


def _regions(access: Access, regions: Sequence[str]) -> list[str]:
    own: str = access.client("ec2").meta.region_name
    if ALL_REGIONS not in regions:
        return list(dict.fromkeys(regions or [own]))
    try:
        told = access.client("ec2").describe_regions()["Regions"]
    except ANSWERS as error:
        asked = Asked(f"ec2 of {own}", listings.DESCRIBE_REGIONS, "EC2")
        raise explain(error, asked, access) from error
    return sorted(str(row["RegionName"]) for row in told)


def _failed(where: str, error: IngestError) -> Trouble:
    is_denied = isinstance(error, PermissionDeniedError)
    return Trouble("denied" if is_denied else "failed", where, "everything", str(error))
