"""The simulation itself: draw, cut into windows, write, span by span.

Memory holds one span's records and the conversations that are still open, so
the number of records has no limit but the disk.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ingest.schema import FLOW_COLUMNS
from ingest.simulate.conversations import Conversations, concatenate
from ingest.simulate.incidents import INCIDENTS, draw_incident
from ingest.simulate.labels import LabelWriter
from ingest.simulate.lines import NODATA, SKIPDATA
from ingest.simulate.topology import IDLE_HOSTS, NEWCOMER, AddressBook, address_book
from ingest.simulate.traffic import DayCurve, TrafficSource
from ingest.simulate.windows import (
    Array,
    Legs,
    Records,
    WindowClock,
    concatenate_fields,
    legs_of,
    records_of,
    records_per_conversation,
)
from ingest.simulate.writer import Gaps, LogWriter

MONDAY = 1_772_409_600
"""2026-03-02T00:00Z, where a simulation starts unless told otherwise."""

DEFAULT_FIELDS: tuple[str, ...] = tuple(c.field for c in FLOW_COLUMNS if c.since == 2)
V5_FIELDS: tuple[str, ...] = tuple(c.field for c in FLOW_COLUMNS if c.since <= 5)
INTERVALS_S = (60, 600)

_RECORDS_PER_SPAN = 200_000
_MOST_PENDING = 400_000
_GAP_SHARE = 0.03
_RECORDS_PER_SKIPDATA = 50_000


@dataclass(frozen=True)
class SimulationReport:
    """What a simulation wrote.

    Attributes:
        root: The folder that holds `AWSLogs`.
        labels: The file of labels.
        objects: Log objects.
        records: Rows in them, NODATA and SKIPDATA included, lost records not.
        bytes_gzip: Size of the objects.
        conversations: Rows in the labels.
        start: Begin of the simulated range, epoch seconds; `end` is not part of it.
        end: Records may end up to one interval later.
        seconds: Wall time taken.
    """

    root: Path
    labels: Path
    objects: int
    records: int
    bytes_gzip: int
    conversations: int
    start: int
    end: int
    seconds: float


def simulate(
    out: Path,
    *,
    hours: float = 24,
    records: int = 200_000,
    seed: int = 1,
    incidents: Sequence[str] = (),
    fields: Sequence[str] = V5_FIELDS,
    interval_s: int = 60,
    start: int | None = None,
    account: str = "123456789012",
    region: str = "eu-central-1",
    lost: float = 0.0,
    ipv6: bool = True,
    on_progress: Callable[[int, int], None] | None = None,
) -> SimulationReport:
    """Write a simulated VPC's log objects and the truth about them.

    Equal arguments give equal files, byte for byte. Objects of another run in
    the same folder stay and would be read along: give an empty folder.

    Args:
        out: Gets `AWSLogs/…` and `labels.parquet`; made if absent.
        hours: Length of the simulated range.
        records: How many rows to write, reached within 1 %, before `lost`.
        seed: Another seed gives other traffic in the same network.
        incidents: Names out of `INCIDENTS`, each at most once.
        fields: Names out of `V5_FIELDS`, in the order to write.
        interval_s: Aggregation interval, one of `INTERVALS_S`.
        start: Begin of the range, epoch seconds; `MONDAY` by default.
        account: 12 digits.
        region: As in AWS, `eu-central-1`.
        lost: Share of records that are left out at random; labels keep all.
        ipv6: Whether there is traffic over IPv6.
        on_progress: Called with rows made so far and rows in all.

    Raises:
        ValueError: An argument is out of range or names something unknown.
    """
    begin = MONDAY if start is None else start
    _check(hours, records, seed, incidents, fields, interval_s, begin, account, region, lost)
    begun = time.perf_counter()
    seconds = math.ceil(hours * 3_600)
    out.mkdir(parents=True, exist_ok=True)
    book = address_book()
    clock = WindowClock(seed, len(book.interfaces), interval_s)
    curve = DayCurve(begin, seconds)
    source = TrafficSource(
        book, curve, interval_s=interval_s, end=seconds, ipv6=ipv6,
        n_users=max(2_000, min(120_000, records // 20)),
    )  # fmt: skip
    writer = LogWriter(
        out, book, clock, fields=fields, start=begin, account=account, region=region, seed=seed
    )
    labels = LabelWriter(out / "labels.parquet", book, begin)
    run = _Run(source, clock, writer, labels, seed=seed, records=records, lost=lost)
    run.stage(
        [draw_incident(name, source, seed, records) for name in INCIDENTS if name in incidents]
    )
    run.play(seconds, on_progress)
    labels.close()
    return SimulationReport(
        root=out, labels=labels.path, objects=writer.n_objects, records=writer.n_records,
        bytes_gzip=writer.n_bytes, conversations=labels.n_rows, start=begin, end=begin + seconds,
        seconds=time.perf_counter() - begun,
    )  # fmt: skip


class _Run:
    """State of one simulation between spans."""

    def __init__(
        self,
        source: TrafficSource,
        clock: WindowClock,
        writer: LogWriter,
        labels: LabelWriter,
        *,
        seed: int,
        records: int,
        lost: float,
    ) -> None:
        self.source, self.clock, self.writer, self.labels = source, clock, writer, labels
        self.seed, self.records, self.lost = seed, records, lost
        self.book: AddressBook = source.book
        self.staged: Conversations | None = None
        self.open: Legs | None = None
        self.n_fixed = 0
        self.n_drawn = 0
        self.n_each = 5.0
        self.first_window = np.zeros(len(self.book.interfaces), dtype=np.int64)
        positions = {eni.host: number for number, eni in enumerate(self.book.interfaces)}
        self.idle_enis = np.array([positions[name] for name in IDLE_HOSTS])
        # The newcomer has no ENI most of the time, so its silence is not logged.
        self.logged_enis = np.array([n for name, n in positions.items() if name != NEWCOMER.name])
        rng = np.random.default_rng([seed, 2])
        self.n_skipped = max(1, min(500, records // _RECORDS_PER_SKIPDATA))
        self.skipped_enis = rng.choice(self.logged_enis, self.n_skipped)
        self.skipped_at = np.sort(rng.random(self.n_skipped)) * (source.end - 1)

    def stage(self, incidents: list[Conversations]) -> None:
        """Fix the incidents' conversations, before any base traffic."""
        if incidents:
            self.staged = concatenate(incidents)
            self.n_fixed = int(records_per_conversation(self.staged, self.book, self.clock).sum())
        self.n_fixed += self.n_skipped
        if self.n_fixed > 0.8 * self.records:
            msg = (
                f"{self.records} records have no room for the incidents, which take "
                f"{self.n_fixed}. Ask for at least {math.ceil(self.n_fixed / 0.8)} records, "
                "or for fewer incidents or hours."
            )
            raise ValueError(msg)

    def play(self, seconds: int, on_progress: Callable[[int, int], None] | None) -> None:
        """Go through the range in spans of about equal numbers of records."""
        n_spans = max(1, math.ceil(self.records / _RECORDS_PER_SPAN))
        edges = np.linspace(0, 1, n_spans + 1)[1:-1]
        grid = np.arange(0, seconds + 1, max(1, min(60, seconds // (8 * n_spans))))
        shares = np.array([self.source.curve.share_until(float(second)) for second in grid])
        inner = np.unique(grid[np.searchsorted(shares, edges)])
        begins = [0, *(int(second) for second in inner if 0 < second < seconds)]
        for number, (begin, end) in enumerate(zip(begins, [*begins[1:], seconds], strict=True)):
            rng = np.random.default_rng([self.seed, 3, number])
            is_last = end == seconds
            # Windows are cut off at their end: the last ones end after the range.
            until = end + self.clock.interval_s if is_last else end
            self._span(rng, begin, end, until)
            if is_last or self.writer.n_pending > _MOST_PENDING:
                self.writer.flush()
            else:
                self.writer.flush(until)
            if on_progress is not None:
                on_progress(min(self.n_fixed + self.n_drawn, self.records), self.records)

    def _span(self, rng: np.random.Generator, begin: int, end: int, until: int) -> None:
        last_window = self.clock.last_ended(until)
        due = (self.records - self.n_fixed) * self.source.curve.share_until(end)
        span_due = due - self.n_drawn
        n_idle = int((last_window - self.first_window + 1)[self.idle_enis].sum())
        n_gaps = max(0, min(round(_GAP_SHARE * span_due), n_idle))
        drawn = self._draw(rng, round(span_due) - n_gaps, begin, end)
        if self.staged is not None:
            now = (self.staged.start >= begin) & (self.staged.start < end)
            drawn.append(self.staged.take(now))
        found = concatenate(drawn)
        self.labels.add(found)
        legs = legs_of(found, self.book, self.clock)
        if self.open is not None:
            legs = concatenate_fields([self.open, legs])
        rows = records_of(legs, self.clock, self.first_window, last_window)
        self.open = legs.take(legs.last_window > last_window[legs.eni])
        gaps = self._gaps(rows, last_window, n_gaps)
        self.n_drawn += n_gaps
        if self.lost:
            rows = rows.take(rng.random(len(rows)) >= self.lost)
        self.writer.add(rows, gaps)
        self.first_window = last_window + 1

    def _draw(
        self, rng: np.random.Generator, budget: int, begin: int, end: int
    ) -> list[Conversations]:
        """Return base traffic that gives as many records as asked for, or a few fewer."""
        parts = [self.source.draw(rng, 0, begin, end)]
        tolerance = budget // 500
        for _ in range(40):
            if budget <= tolerance:
                break
            found = self.source.draw(rng, math.ceil(budget / self.n_each * 1.02) + 2, begin, end)
            sizes = records_per_conversation(found, self.book, self.clock)
            self.n_each = max(1.0, float(sizes.mean()))
            total = np.cumsum(sizes)
            n_kept = int(np.searchsorted(total, budget, side="right"))
            if n_kept:
                parts.append(found.take(np.arange(n_kept)))
                budget -= int(total[n_kept - 1])
                self.n_drawn += int(total[n_kept - 1])
        return parts

    def _gaps(self, rows: Records, last_window: Array, n_nodata: int) -> Gaps:
        """Return NODATA rows for windows without traffic, and the SKIPDATA rows now due."""
        width = int((last_window - self.first_window).max()) + 1
        key = rows.eni.astype(np.int64) * width + (rows.window - self.first_window[rows.eni])
        n_rows = np.bincount(key, minlength=len(self.book.interfaces) * width)
        eni, offset = np.divmod(np.flatnonzero(n_rows == 0), width)
        window = offset + self.first_window[eni]
        is_real = (window <= last_window[eni]) & np.isin(eni, self.logged_enis)
        eni, window = eni[is_real], window[is_real]
        chosen = np.argsort(self.clock.order(eni, window), kind="stable")[:n_nodata]
        skipped = self.clock.window(self.skipped_enis, self.skipped_at)
        is_due = (skipped >= self.first_window[self.skipped_enis]) & (
            skipped <= last_window[self.skipped_enis]
        )
        n_skipped = int(is_due.sum())
        return Gaps(
            eni=np.concatenate([eni[chosen], self.skipped_enis[is_due]]),
            window=np.concatenate([window[chosen], skipped[is_due]]),
            status=np.repeat([NODATA, SKIPDATA], [len(chosen), n_skipped]),
        )


def _check(
    hours: float,
    records: int,
    seed: int,
    incidents: Sequence[str],
    fields: Sequence[str],
    interval_s: int,
    start: int,
    account: str,
    region: str,
    lost: float,
) -> None:
    """Raise ValueError for the first argument that cannot be."""
    problems = (
        (not 0 < hours <= 24 * 366, f"hours={hours} is not in (0, {24 * 366}]."),
        (records < 100, f"records={records} is too few. Ask for at least 100."),
        (seed < 0, f"seed={seed} is negative. Give 0 or more."),
        (not 0 <= lost < 1, f"lost={lost} is not a share in [0, 1)."),
        (not 3_600 <= start < 2**32, f"start={start} is no time in epoch seconds, as 1772409600."),
        (interval_s not in INTERVALS_S, f"interval_s={interval_s} is none of {INTERVALS_S}."),
        (
            len(account) != 12 or not account.isdecimal(),
            f"account={account!r} is not an AWS account number of 12 digits.",
        ),
        (len(region.split("-")) < 3, f"region={region!r} is not a region. Try eu-central-1."),
        (not fields, f"no fields. Choose among: {', '.join(V5_FIELDS)}."),
    )
    for is_wrong, message in problems:
        if is_wrong:
            raise ValueError(message)
    for what, given, valid in (("incident", incidents, INCIDENTS), ("field", fields, V5_FIELDS)):
        for name in given:
            if name not in valid:
                msg = f"unknown {what} {name!r}. Choose among: {', '.join(valid)}."
                raise ValueError(msg)
            if given.count(name) > 1:
                msg = f"{what} {name!r} is given twice. Give each once."
                raise ValueError(msg)
