"""List a bucket page by page, and say what is there when no flow logs are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ingest.config import AwsSettings
from ingest.errors import NothingFoundError, PermissionDeniedError
from ingest.keys import DELIVERY_FOLDER, KeyRange, Pruning
from ingest.sources.s3_access import Access
from ingest.sources.s3_errors import Asked, explain
from ingest.sources.s3_retry import ANSWERS, Requests

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectTypeDef

_SHOWN = 5


class Listing:
    """The keys of one bucket."""

    def __init__(
        self, bucket: str, settings: AwsSettings, access: Access, requests: Requests
    ) -> None:
        self._bucket, self._access, self._requests = bucket, access, requests
        self._payer: Any = {"RequestPayer": "requester"} if settings.request_payer else {}

    def url(self, prefix: str) -> str:
        """Return a prefix as the user writes it."""
        return f"s3://{self._bucket}/{prefix}"

    def keys(self, keys: KeyRange) -> Iterator[ObjectTypeDef]:
        """List a range of keys, in key order.

        Each page starts after the last key of the one before: unlike a continuation
        token, which S3 may forget, a key can be asked for again at any time.
        """
        after = keys.after
        while True:
            start = {"StartAfter": after} if after else {}
            page = self._page(Prefix=keys.prefix, **start)
            for item in page.get("Contents", []):
                if keys.before is not None and item["Key"] >= keys.before:
                    return
                yield item
            if not page["IsTruncated"] or not page.get("Contents"):
                return
            after = page["Contents"][-1]["Key"]

    def children(self, prefix: str) -> Sequence[str]:
        """List the folders directly below a prefix that is empty or ends in a slash."""
        names: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = self._page(Prefix=prefix, Delimiter="/", **token)
            names += [
                item["Prefix"].removeprefix(prefix).rstrip("/")
                for item in page.get("CommonPrefixes", [])
            ]
            if not page["IsTruncated"]:
                return names
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def single(self, key: str) -> ObjectTypeDef | None:
        """Return the one object of this key, if there is one and listing it is allowed."""
        if not key or key.endswith("/"):
            return None
        try:
            # Of all keys that start with it, the key itself comes first.
            first = next(self.keys(KeyRange(key)), None)
        except PermissionDeniedError:
            return None
        return first if first is not None and first["Key"] == key else None

    def first_names(self, prefix: str) -> list[str]:
        """Return the first few folders and files directly below a prefix."""
        page = self._page(Prefix=prefix, Delimiter="/", MaxKeys=100)
        folders = [item["Prefix"] for item in page.get("CommonPrefixes", [])]
        files = [item["Key"] for item in page.get("Contents", []) if item["Key"] != prefix]
        return (folders + files)[:_SHOWN]

    def _page(self, **what: Any) -> ListObjectsV2OutputTypeDef:
        def ask(s3: S3Client) -> ListObjectsV2OutputTypeDef:
            return s3.list_objects_v2(Bucket=self._bucket, **what, **self._payer)

        try:
            return self._requests.run(ask)
        except ANSWERS as error:
            asked = Asked(self.url(what["Prefix"]), "s3:ListBucket")
            raise explain(error, asked, self._access) from error


def explain_nothing(listing: Listing, prefix: str, pruning: Pruning) -> NothingFoundError:
    """Return the error for a listing that held no flow logs: what is there instead."""
    url = listing.url(prefix)
    there = listing.first_names(prefix)
    if not there:
        if not prefix:
            return NothingFoundError(f"{url}: this bucket is empty. Check its name.")
        return NothingFoundError(f"{url}: no keys below this prefix. {_advice(listing, prefix)}")
    if pruning != Pruning():
        return NothingFoundError(
            f"{url}: no flow logs of {_asked_for(pruning)}. Widen what is asked for."
        )
    names = ", ".join(name.removeprefix(prefix) for name in there)
    advice = _advice(listing, prefix) if prefix else "Check the prefix."
    return NothingFoundError(f"{url}: no VPC Flow Logs here, but {names}. {advice}")


def _advice(listing: Listing, prefix: str) -> str:
    """Look for `AWSLogs` beside the folders of a prefix, or say what lies there."""
    folders = prefix.rstrip("/").split("/")
    for depth in range(len(folders) - 1, -1, -1):
        parent = "".join(f"{name}/" for name in folders[:depth])
        names = _names_if_allowed(listing, parent)
        if f"{parent}{DELIVERY_FOLDER}/" in names:
            return f"{DELIVERY_FOLDER} lies further up: try {listing.url(parent)}."
        if names:
            shown = ", ".join(name.removeprefix(parent) for name in names)
            return f"{listing.url(parent)} holds {shown}."
    return "Check bucket and prefix."


def _names_if_allowed(listing: Listing, prefix: str) -> list[str]:
    """Return no names where a right is missing: advice must not fail over it."""
    try:
        return listing.first_names(prefix)
    except PermissionDeniedError:
        return []


def _asked_for(pruning: Pruning) -> str:
    parts = []
    if pruning.accounts:
        parts.append(f"account {', '.join(pruning.accounts)}")
    if pruning.regions:
        parts.append(f"region {', '.join(pruning.regions)}")
    if pruning.since:
        parts.append(f"since {pruning.since:%Y-%m-%dT%H:%MZ}")
    if pruning.until:
        parts.append(f"until {pruning.until:%Y-%m-%dT%H:%MZ}")
    return ", ".join(parts)
