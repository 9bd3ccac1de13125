"""Dated names in a cache: what AWS called each address, and from when until when.

`names/index.json` names one folder for each account and region that an inventory was
taken of. A folder holds all that is known of it, former times included: every row carries
the time in which it was true. A run that finds a change writes a new folder beside and
then names it, so that a reader never sees half of one; what it replaced stays for a while.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.errors import CacheError, CacheLockedError
from ingest.store.disk import cannot_create

Row = Mapping[str, str | None]

_PLACE = ("account_id", "account_name", "region")
NAME_TABLES: dict[str, tuple[str, ...]] = {
    "addresses": (
        "address", "vpc_id", "name", "kind", "owner", "subnet_id", "subnet_name", "vpc_name",
        *_PLACE, "az", "az_id", "interface_id", "instance_id", "security_groups",
        "security_group_ids", "tags",
    ),
    "networks": (
        "id", "name", "kind", "vpc_id", "vpc_name", *_PLACE, "az", "az_id", "cidr", "owner", "tags",
    ),
    "security_groups": ("id", "name", "description", "vpc_id", *_PLACE, "owner", "tags"),
}  # fmt: skip
"""The tables of a folder and their text columns; `valid_from` and `valid_to`, epoch s, follow."""

_VALIDITY = ("valid_from", "valid_to")
_FOLDER, _INDEX, _LOCK, _TMP = "names", "index.json", "lock", "tmp"
_INDEX_VERSION = 1
_GRACE_S = 600  # Longer than any reader takes between index and files.


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an inventory of one account and region found.

    Attributes:
        account_id, region: Where it was taken.
        tables: Rows for each of `NAME_TABLES`.
        attached: When an interface was attached, epoch s, where AWS tells.
    """

    account_id: str
    region: str
    tables: Mapping[str, Iterable[Row]]
    attached: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What a snapshot changed: rows that begin with it, rows that end, and all that hold."""

    began: int
    ended: int
    addresses: int

    @property
    def is_change(self) -> bool:
        """Whether anything differs from what was known."""
        return bool(self.began or self.ended)


class NamesWriter:
    """Writes names into a cache; a context manager that holds their lock.

    Loads hold another lock: names can be fetched beside a load that never ends.

    Raises:
        CacheLockedError: Another process writes names to this cache.
        CacheError: The folder cannot be made or written, or its index is damaged.
    """

    def __init__(self, cache: Path) -> None:
        self.folder = cache.resolve() / _FOLDER
        self._inventories: dict[tuple[str, str], dict[str, Any]] = {}
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / _LOCK).open("a+")
        except OSError as error:
            raise cannot_create(self.folder, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._inventories = {
                (entry["account_id"], entry["region"]): entry for entry in _read_index(self.folder)
            }
            self._sweep()
        except BlockingIOError as error:
            self.__exit__()
            msg = f"{self.folder}: another process writes names here. Wait for it, or stop it."
            raise CacheLockedError(msg) from error
        except OSError as error:
            self.__exit__()
            raise cannot_create(self.folder, error) from error
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def write(self, snapshot: Snapshot, taken: int) -> Change:
        """Keep what a snapshot says from its time on; the same again changes no file of names.

        What it no longer holds ends at `taken`, or where its address went to another
        interface in between and AWS tells when, at that time. The first snapshot of an
        account and region stands for all time before it as well.

        Args:
            snapshot: An account's region.
            taken: When it was, epoch s.

        Raises:
            CacheError: The disk refuses; the names are as before then.
        """
        entry = self._inventories.get((snapshot.account_id, snapshot.region))
        if entry is not None:
            taken = max(taken, entry["seen"])  # A clock set back must not turn times around.
        history = _read_folder(self.folder, entry) if entry else None
        began = ended = 0
        tables: dict[str, pa.Table] = {}
        for kind, columns in NAME_TABLES.items():
            rows = [tuple(map(row.get, columns)) for row in snapshot.tables.get(kind, ())]
            if history is None or entry is None:
                tables[kind] = _table(kind, [(*row, None, None) for row in dict.fromkeys(rows)])
                began += len(tables[kind])
                continue
            times = _Times(entry["seen"], taken, snapshot.attached)
            tables[kind], n_began, n_ended = _continued(kind, history[kind], rows, times)
            began, ended = began + n_began, ended + n_ended
        change = Change(began, ended, _n_open(tables["addresses"]))
        try:
            if entry is not None and not change.is_change:
                entry["seen"] = taken
                self._write_index()
            else:
                self._place(snapshot.account_id, snapshot.region, tables, taken)
        except OSError as error:
            raise self._refused(error) from error
        return change

    def forget_before(self, moment: int) -> int:
        """Drop names that had ended by then, epoch s; return how many rows went."""
        dropped = 0
        for entry in list(self._inventories.values()):
            tables = _read_folder(self.folder, entry)
            kept = {kind: _lasting(table, moment) for kind, table in tables.items()}
            n_gone = sum(len(tables[kind]) - len(kept[kind]) for kind in tables)
            if n_gone:
                try:
                    self._place(entry["account_id"], entry["region"], kept, entry["seen"])
                except OSError as error:
                    raise self._refused(error) from error
                dropped += n_gone
        return dropped

    def _place(self, account_id: str, region: str, tables: dict[str, pa.Table], taken: int) -> None:
        place = Path(f"account={account_id}", f"region={region}")
        stamp = taken
        while (self.folder / place / _taken(stamp)).exists():
            stamp += 1
        path = place / _taken(stamp)
        temporary = self.folder / _TMP
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        for kind, table in tables.items():
            with (temporary / f"{kind}.parquet").open("wb") as file:
                pq.write_table(table, file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
        (self.folder / place).mkdir(parents=True, exist_ok=True)
        temporary.rename(self.folder / path)
        _sync(self.folder / path, self.folder / place, self.folder)
        self._inventories[account_id, region] = {
            "account_id": account_id,
            "region": region,
            "path": path.as_posix(),
            "taken": taken,
            "seen": taken,
            "addresses": _n_open(tables["addresses"]),
        }
        self._write_index()

    def _refused(self, error: OSError) -> CacheError:
        return CacheError(
            f"{self.folder}: writing failed ({error}). The names are as before; make space or fix "
            "the disk, then run the same command again."
        )

    def _write_index(self) -> None:
        entries = [self._inventories[key] for key in sorted(self._inventories)]
        temporary = self.folder / f"{_INDEX}.tmp"
        with temporary.open("w", encoding="utf-8") as file:
            json.dump({"version": _INDEX_VERSION, "inventories": entries}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.folder / _INDEX)
        _sync(self.folder)

    def _sweep(self) -> None:
        """Remove what a killed run left, and folders that no reader looks for any more."""
        shutil.rmtree(self.folder / _TMP, ignore_errors=True)
        named = {self.folder / entry["path"] for entry in self._inventories.values()}
        limit = time.time() - _GRACE_S
        for folder in self.folder.glob("account=*/region=*/taken=*"):
            if folder not in named and folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)


def names_stamp(cache: Path) -> Hashable:
    """Return what tells one state of a cache's names from another; None without any."""
    try:
        status = (cache / _FOLDER / _INDEX).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def read_names(cache: Path) -> dict[str, pa.Table]:
    """Read all names of a cache: the tables of `NAME_TABLES`, empty where there are none.

    Raises:
        CacheError: Index or files are damaged.
    """
    folder = cache / _FOLDER
    for is_last in (False, True):
        try:
            folders = [_read_folder(folder, entry) for entry in _read_index(folder)]
        except FileNotFoundError as error:
            # A writer has replaced the folder, and its grace time was over.
            if is_last:
                raise _damaged(folder, error) from error
        else:
            break
    return {
        kind: pa.concat_tables([empty, *(tables[kind] for tables in folders)])
        for kind, empty in no_names().items()
    }


def no_names() -> dict[str, pa.Table]:
    """Return the tables of `NAME_TABLES` without rows."""
    return {kind: _table(kind, []) for kind in NAME_TABLES}


@dataclass(frozen=True, slots=True)
class _Times:
    """When a snapshot was taken, and the last one before it; when interfaces came."""

    before: int
    taken: int
    attached: Mapping[str, int]

    def beginning(self, interface_id: str | None) -> int:
        since = self.attached.get(interface_id or "", self.taken)
        return since if self.before < since < self.taken else self.taken


def _continued(
    kind: str, history: pa.Table, rows: list[tuple[str | None, ...]], times: _Times
) -> tuple[pa.Table, int, int]:
    """Carry a table on: its rows after the snapshot, how many began, how many ended."""
    columns = NAME_TABLES[kind]
    of_interface = columns.index("interface_id") if "interface_id" in columns else None
    now = dict.fromkeys(rows)
    kept: list[tuple[Any, ...]] = []
    ending: list[tuple[Any, ...]] = []
    for row in _tuples(history):
        if row[-1] is not None:
            kept.append(row)
        elif row[:-2] in now:
            kept.append(row)
            del now[row[:-2]]
        else:
            ending.append(row)
    taken_over: dict[tuple[Any, ...], int] = {}
    for row in now:
        begin = times.beginning(row[of_interface] if of_interface is not None else None)
        kept.append((*row, begin, None))
        taken_over[row[:2]] = min(begin, taken_over.get(row[:2], begin))
    for row in ending:
        end = taken_over.get(row[:2], times.taken)
        if row[-2] is None or row[-2] < end:
            kept.append((*row[:-1], end))
    return _table(kind, kept), len(now), len(ending)


def _table(kind: str, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * (len(NAME_TABLES[kind]) + len(_VALIDITY))
    fields = [(name, pa.string()) for name in NAME_TABLES[kind]]
    fields += [(name, pa.int64()) for name in _VALIDITY]
    arrays = [pa.array(values, type_) for values, (_, type_) in zip(columns, fields, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _tuples(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _n_open(table: pa.Table) -> int:
    return int(table.column("valid_to").null_count)


def _lasting(table: pa.Table, moment: int) -> pa.Table:
    ends = table.column("valid_to").to_pylist()
    return table.filter(pa.array([end is None or end > moment for end in ends], pa.bool_()))


def _read_index(folder: Path) -> list[dict[str, Any]]:
    try:
        told = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        entries: list[dict[str, Any]] = told["inventories"]
        version = told["version"]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, error) from error
    if version != _INDEX_VERSION:
        msg = (
            f"{folder / _INDEX}: these names have version {version}, this program reads "
            f"{_INDEX_VERSION}. Move the folder away and fetch the names again."
        )
        raise CacheError(msg)
    return entries


def _read_folder(folder: Path, entry: Mapping[str, Any]) -> dict[str, pa.Table]:
    try:
        return {
            kind: pq.read_table(folder / entry["path"] / f"{kind}.parquet", partitioning=None)
            for kind in NAME_TABLES
        }
    except pa.ArrowInvalid as error:
        raise _damaged(folder / entry["path"], error) from error


def _damaged(path: Path, error: Exception) -> CacheError:
    return CacheError(
        f"{path}: these names are damaged ({error}). "
        "Move the folder names away and fetch them again: python -m ingest names."
    )


def _taken(epoch_s: int) -> str:
    return f"taken={datetime.fromtimestamp(epoch_s, UTC):%Y-%m-%dT%H%M%SZ}"


def _sync(*folders: Path) -> None:
    for folder in folders:
        with _opened(folder) as descriptor:
            os.fsync(descriptor)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
