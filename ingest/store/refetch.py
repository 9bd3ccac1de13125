"""Objects that a cache lost, looked up at their source and read again."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from ingest.config import AwsSettings
from ingest.errors import UsageError
from ingest.locations import S3Location, parse_source
from ingest.sources import LogObject, Source
from ingest.sources.local import LocalSource
from ingest.sources.s3 import S3Source

MakeSource = Callable[[S3Location], Source]
# Of one source and one layout: objects without a header need it again.
Group = tuple[Source, tuple[str, ...] | None]


class ListedSource:
    """Exactly these objects of another source."""

    def __init__(self, source: Source, objects: Iterable[LogObject]) -> None:
        self._source, self._objects = source, list(objects)
        self.name, self.max_transfers = source.name, source.max_transfers
        self.skipped: Counter[str] = Counter()
        self.retries = source.retries

    def objects(self, made_after: datetime | None = None) -> Iterator[LogObject]:  # noqa: ARG002
        """List them; all were asked for."""
        yield from self._objects

    def object_now(self, key: str) -> LogObject | None:
        """Look one up again."""
        return self._source.object_now(key)

    def local_path(self, log_object: LogObject) -> Path | None:
        """Return where it lies on this machine."""
        return self._source.local_path(log_object)

    def fetch(self, log_object: LogObject, file: BinaryIO) -> None:
        """Fetch it from its source."""
        self._source.fetch(log_object, file)


class Refetch:
    """What can be read again of some objects of a catalog.

    Attributes:
        found: By object number, the object as its source has it now.
    """

    def __init__(self, aws: AwsSettings, make_source: MakeSource | None = None) -> None:
        self._make_source = make_source or (lambda at: S3Source(at.bucket, settings=aws))
        self._sources: dict[str, Source] = {}
        self._groups: dict[tuple[str, str | None], list[LogObject]] = defaultdict(list)
        self.found: dict[int, LogObject] = {}

    def look_up(self, catalog: sqlite3.Connection, object_ids: Collection[int]) -> None:
        """Ask the sources which of some objects they still have.

        Raises:
            SourceError: A source cannot be asked: nothing is known to be lost then.
        """
        for object_id in object_ids:
            row = catalog.execute(
                "SELECT key, fields FROM objects WHERE object_id = ?", (object_id,)
            ).fetchone()
            source = self._source_of(row[0]) if row else None
            if source is None:
                continue
            now = source[1].object_now(row[0])
            if now is not None:
                self.found[object_id] = now
                self._groups[source[0], row[1]].append(now)

    def sources(self) -> Iterator[Group]:
        """Return the objects that were found as sources to load, with their layouts."""
        for (name, layout), objects in self._groups.items():
            # Several layouts come from header lines of the object's own.
            fields = tuple(layout.split()) if layout and ";" not in layout else None
            yield ListedSource(self._sources[name], objects), fields

    def _source_of(self, key: str) -> tuple[str, Source] | None:
        if key.startswith("/"):
            return "/", self._sources.setdefault("/", LocalSource(Path("/")))
        try:
            where = parse_source(key)
        except UsageError:
            return None
        if not isinstance(where, S3Location):
            return None  # A stream that has passed, such as standard input.
        if where.bucket not in self._sources:
            self._sources[where.bucket] = self._make_source(where)
        return where.bucket, self._sources[where.bucket]


def still_missing(catalog: sqlite3.Connection, found: Mapping[int, LogObject]) -> list[str]:
    """Return the keys of objects that a catalog does not know in the version that was found."""
    return [
        now.key
        for now in found.values()
        if catalog.execute(
            "SELECT 1 FROM objects WHERE key = ? AND etag = ?", (now.key, now.etag)
        ).fetchone()
        is None
    ]
