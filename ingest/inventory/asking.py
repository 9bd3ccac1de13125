"""Ask one region of one account, page by page; what it refuses is noted, and the rest goes on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError

from ingest.errors import PermissionDeniedError
from ingest.inventory.listings import DESCRIBE_TASKS, Listing
from ingest.sources import TransferError
from ingest.sources.s3_access import Access
from ingest.sources.s3_errors import Asked, explain
from ingest.sources.s3_retry import ANSWERS

_DENIED = {
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError",
    "NotAuthorized", "403", "Forbidden",
}  # fmt: skip
_TASKS_AT_ONCE = 100  # DescribeTasks takes no more.


@dataclass(frozen=True, slots=True)
class Trouble:
    """A call that AWS did not answer.

    Attributes:
        state: `denied`: a right is missing; `failed`: anything else.
        where: Account and region.
        what: What goes unnamed.
        detail: What happened, to which input, what to do.
        action: The IAM action that is missing; None where none is.
    """

    state: Literal["denied", "failed"]
    where: str
    what: str
    detail: str
    action: str | None = None


class RegionAsker:
    """One region of one account.

    Args:
        access: Whoever asks.
        account_id: The account that answers.
        region: The region asked.
        page_size: Resources a page, at most; None: as many as AWS gives.

    Attributes:
        troubles: Calls that were not answered, each once.
    """

    def __init__(
        self, access: Access, account_id: str, region: str, page_size: int | None = None
    ) -> None:
        self._access, self._page_size = access, page_size
        self.account_id, self.region = account_id, region
        self.troubles: list[Trouble] = []

    def rows(self, listing: Listing, **arguments: Any) -> list[Any]:
        """Return all resources of a listing; nothing where AWS refuses, which is noted.

        Raises:
            PermissionDeniedError: AWS does not know who asks.
            TransferError: It cannot be reached, or kept failing.
        """
        return self.try_rows(listing, **arguments) or []

    def try_rows(self, listing: Listing, **arguments: Any) -> list[Any] | None:
        """As `rows`, but None where AWS refuses."""
        try:
            return list(self._pages(listing, arguments))
        except ANSWERS as error:
            self._note(error, listing.action, listing.service, listing.what)
            return None

    def tasks(self, cluster: str, arns: Iterable[str]) -> list[Any]:
        """Describe the tasks of an ECS cluster, with their tags."""
        found: list[Any] = []
        ecs = self._access.client("ecs", self.region)
        try:
            for some in _batched(arns, _TASKS_AT_ONCE):
                found += ecs.describe_tasks(cluster=cluster, tasks=some, include=["TAGS"])["tasks"]
        except ANSWERS as error:
            self._note(error, DESCRIBE_TASKS, "ecs", "tasks")
        return found

    def _pages(self, listing: Listing, arguments: dict[str, Any]) -> Iterator[Any]:
        client = self._access.client(listing.service, self.region)
        size = min(listing.page_size, self._page_size or listing.page_size)
        pages = client.get_paginator(listing.operation).paginate(
            **arguments, PaginationConfig={"PageSize": size}
        )
        for page in pages:
            yield from page.get(listing.rows, [])

    def _note(self, error: Exception, action: str, service: str, what: str) -> None:
        is_denied = isinstance(error, ClientError) and (
            error.response.get("Error", {}).get("Code", "") in _DENIED
        )
        where = f"{self.account_id}/{self.region}"
        told = explain(error, Asked(f"{service} of {where}", action, service), self._access)
        # Credentials that AWS does not know fail everywhere; and half of an inventory that a
        # broken connection leaves would read as if the rest were gone.
        if isinstance(told, PermissionDeniedError | TransferError) and not is_denied:
            raise told from error
        trouble = Trouble(
            "denied" if is_denied else "failed",
            where,
            what,
            str(told),
            action if is_denied else None,
        )
        if trouble not in self.troubles:
            self.troubles.append(trouble)


def _batched(items: Iterable[str], n: int) -> Iterator[list[str]]:
    rest = iter(items)
    while some := list(itertools.islice(rest, n)):
        yield some
