"""What comes back from a question: small, frozen, the same for page, file and terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import pandas as pd

from dashboard.analysis.flow_query import FlowQuery
from ingest.store.read import CacheFacts

Side = Literal["src", "dst", "pair"]


@dataclass(frozen=True, slots=True)
class Volume:
    """Sums over flow records.

    Attributes:
        records: Log records as they came; a flow logged at two interfaces is two.
        flows: Records counted once. `accepted + rejected <= flows`: formats without
            `action` give flows that are neither.
        accepted: Of the flows, those with action ACCEPT.
        rejected: Of the flows, those with action REJECT.
        packets: Both directions added, counted once.
        bytes: Both directions added, counted once.
        return_packets: Of the packets, responder to initiator.
        return_bytes: Of the bytes, responder to initiator.
    """

    records: int = 0
    flows: int = 0
    accepted: int = 0
    rejected: int = 0
    packets: int = 0
    bytes: int = 0
    return_packets: int = 0
    return_bytes: int = 0

    def __add__(self, more: Volume) -> Volume:
        return Volume(*(getattr(self, n) + getattr(more, n) for n in VOLUME_COLUMNS))

    def __sub__(self, less: Volume) -> Volume:
        return Volume(*(getattr(self, n) - getattr(less, n) for n in VOLUME_COLUMNS))


VOLUME_COLUMNS: tuple[str, ...] = tuple(Volume.__slots__)


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything that fits the question, before threshold and top-K.

    Attributes:
        volume: Its sums; equal to edges plus "other", and to the sum of each chart.
        logged_packets: As logged, second reports of a flow included. A filter does not
            apply to what is logged: it is of the range and the action.
        logged_bytes: The same for bytes.
        edges: Distinct edges, shown or not.
        nodata: Rows in the range that say: no traffic at an interface.
        skipdata: Rows in the range that say: records were lost.
        first: Smallest `start` of what fits, epoch s; None where nothing fits.
        last: Largest `end` of what fits.
        named_bytes: Of the volume's bytes, those between two ends that have names.
    """

    volume: Volume
    logged_packets: int
    logged_bytes: int
    edges: int
    nodata: int
    skipdata: int
    first: int | None
    last: int | None
    named_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Edges:
    """The edges of the graph and of the table.

    Attributes:
        rows: One row per edge (`src`, `dst`, `port`, `protocol`), largest metric first,
            ties by that key. `src` and `dst` are node ids: a known name, or an address.
            `port` is Int64 and null for protocols without ports; `protocol` Int64, null
            where the format lacks it. Then VOLUME_COLUMNS, `first_seen` and `last_seen`
            (epoch s, Int64).
        total: Everything that fits the question.
        other: `total` less the rows: cut by threshold or top-K, or without addresses.
        other_edges: How many edges were cut.
        addressless: Of `other`, records that name no two ends.
    """

    rows: pd.DataFrame
    total: Volume
    other: Volume
    other_edges: int
    addressless: Volume


@dataclass(frozen=True, slots=True)
class Ranking:
    """A top list.

    Attributes:
        rows: Largest metric first, ties by key. Talkers: `node`, then `sent_packets`,
            `sent_bytes`, `received_packets`, `received_bytes` and VOLUME_COLUMNS without
            `return_*`. Ports: `port` (Int64, null: none), `protocol` (Int64), VOLUME_COLUMNS
            without `return_*`. `accepted_metric` and `rejected_metric` split the
            question's metric by action for stacked bars; formats without action are in neither.
        other: Everything that fits and is in no row.
        total: rows plus other. For talkers each flow counts at both of its ends, so this
            is twice the sum of the addressed flows.
    """

    rows: pd.DataFrame
    other: Volume
    total: Volume


@dataclass(frozen=True, slots=True)
class Timeline:
    """Traffic over time, by action.

    Attributes:
        rows: `bin_start` (epoch s, Int64), `action` (ACCEPT, REJECT, or NONE where the
            format has no action), `flows`, `records`, `packets`, `bytes`. In time order,
            then by action. Bins without traffic are absent.
        bin_s: Width of a bin in seconds; a bin starts at a multiple of it.
        start: First second of the range drawn, a multiple of `bin_s`.
        end: First second after it.
        undated: What fits and has no time, so is in no bin.
    """

    rows: pd.DataFrame
    bin_s: int
    start: int
    end: int
    undated: Volume


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What is known of a node.

    Attributes:
        node: Its id: a known name, or an address.
        is_named: The id is a name.
        kind: What the inventory or the known-IPs file calls it: `server`, `database`, ...
        owner: Who answers for it.
        scope: `internal` (private, shared, link-local or unique local space), `internet`,
            or `multicast`; `mixed` for a name over several scopes.
        addresses: The addresses behind it, at most 20, in address order.
        n_addresses: How many there are.
        details: What else is known and one for all of them: `subnet_id`, `vpc_id`,
            `account_id`, `instance_id`, `tags`, `aws_service`, …, as names and texts.
    """

    node: str
    is_named: bool
    kind: str | None
    owner: str | None
    scope: str
    addresses: tuple[str, ...] = field(default=())
    n_addresses: int = 1
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two time ranges.

    Attributes:
        rows: One row per edge: `change` (added, gone, grew, shrank, same), `src`, `dst`,
            `port`, `protocol`, then `flows`, `bytes`, `packets`, `accepted` and `rejected`,
            each with `<name>_before`, and `difference` of the question's metric against the
            range before, scaled to equal length. Largest difference first, ties by key.
        sums: One row for each `change`, over everything above the threshold: the question's
            metric, now and before, `difference` and `edges`; the rows are part of it.
        scale: Length of the range now over that of the range before.
    """

    rows: pd.DataFrame
    sums: pd.DataFrame
    scale: float


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Volumes by two or three dimensions.

    Attributes:
        rows: For each dimension its column and `<name>_other` (the sum of all that was
            cut), then volumes without returns. Largest metric first. They add up to all.
        dimensions: Their names.
    """

    rows: pd.DataFrame
    dimensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Records:
    """Raw flow records behind a number.

    Attributes:
        rows: As `query.records` describes, with `object` (key or path) for `object_id`.
        total: How many fit.
        offset: How many come before the rows.
    """

    rows: pd.DataFrame
    total: int
    offset: int


@dataclass(frozen=True, slots=True)
class EdgeBins:
    """The metric of some edges over time.

    Attributes:
        rows: `src`, `dst`, `port`, `protocol`, `bin_start` and the question's metric, in
            the order of the key and of time. Bins without traffic are absent.
        bin_s: Width of a bin in seconds.
        start: First second of the first bin.
        end: First second after the last.
    """

    rows: pd.DataFrame
    bin_s: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Quality:
    """What the logs and their reading lack.

    Attributes:
        interfaces: As `query.coverage.coverage_by_interface` describes.
        rejects: `reason`, `rows`, `objects`; most first.
        set_aside: `status`, `objects`; why nothing was taken from objects.
        formats: `fields` (AWS's names in order, separated by spaces), `objects`, `rows`.
    """

    interfaces: pd.DataFrame
    rejects: pd.DataFrame
    set_aside: pd.DataFrame
    formats: pd.DataFrame


class FlowAnswers(Protocol):
    """What the page and the commands ask; `FlowSource` answers it from a cache."""

    def facts(self) -> CacheFacts:
        """Return what the whole cache holds now."""

    def state(self) -> str:
        """Name the state of records and names: in equal states equal questions agree."""

    def totals(self, query: FlowQuery) -> Totals:
        """Sum up everything that fits."""

    def edges(self, query: FlowQuery) -> Edges:
        """Return the top edges above the threshold."""

    def talkers(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Rank nodes by what they sent plus received."""

    def sides(self, query: FlowQuery, side: Side, top: int = 10) -> Ranking:
        """Rank initiators, responders or pairs."""

    def ports(self, query: FlowQuery, top: int = 10) -> Ranking:
        """Rank service ports."""

    def timeline(self, query: FlowQuery, max_bins: int = 240) -> Timeline:
        """Return traffic over time in at most `max_bins` bins."""

    def changes(self, query: FlowQuery, base: FlowQuery, kinds: tuple[str, ...] = ()) -> Changes:
        """Compare a question's range with that of another."""

    def breakdown(self, query: FlowQuery, dimensions: tuple[str, ...], top: int = 8) -> Breakdown:
        """Sum up by dimensions."""

    def edge_bins(self, query: FlowQuery, max_bins: int = 48) -> EdgeBins:
        """Return the question's edges over time."""

    def records(self, query: FlowQuery, limit: int = 100, offset: int = 0) -> Records:
        """Return raw records that fit."""

    def quality(self, query: FlowQuery) -> Quality:
        """Return what the logs and their reading lack."""

    def coverage(self, query: FlowQuery) -> pd.DataFrame:
        """Return coverage by hour, as `query.gaps` describes."""

    def initiators(self, query: FlowQuery) -> pd.DataFrame:
        """Return records by the rule that named the initiator, as `query.initiators` does."""

    def nodes(self, names: tuple[str, ...], query: FlowQuery) -> dict[str, NodeFacts]:
        """Return what is known of these node ids."""

    def known_values(self, field: str, begun: str, query: FlowQuery) -> list[str]:
        """Return values of a filter's field that hold a text, for completion."""
