"""Levels, equal addresses in several VPCs, and the views beside graph, charts and header."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dashboard.analysis.enrich.known_ips import KnownNames
from dashboard.analysis.flow_query import FlowQuery
from dashboard.analysis.query.source import FlowSource
from dashboard.errors import BadQueryError
from tests.dashboard.analysis.hand_made import make_flow, write_cache

NOON = 1_767_614_400
ALL = FlowQuery(threshold=0)
A, B = "vpc-aaaa", "vpc-bbbb"


class Inventory:
    """A book with what a test says of addresses: `{address: {attribute: text}}`."""

    def __init__(self, known: dict[str, Any] | None = None) -> None:
        self.known = known or {}

    def stamp(self) -> Hashable:
        """Return one state for ever."""
        return 1

    def attributes(self, ends: pa.Table) -> pa.Table:
        """Return the rows asked, each once or as often as its facts changed."""
        rows: list[dict[str, Any]] = []
        for address, vpc_id in zip(
            *(ends[n].to_pylist() for n in ("address", "vpc_id")), strict=True
        ):
            told = self.known.get((address, vpc_id), self.known.get(address, {}))
            known = told if isinstance(told, list) else [told]
            rows += [{"address": address, "vpc_id": vpc_id, **facts} for facts in known]
        names = [
            "address",
            "vpc_id",
            "name",
            "subnet_id",
            "subnet_name",
            "kind",
            "tags",
            "aws_service",
            "country",
            "asn",
            "az_id",
            "scope",
            "security_groups",
        ]
        columns = {n: pa.array([row.get(n) for row in rows], pa.string()) for n in names}
        columns |= {
            n: pa.array([row.get(n) for row in rows], pa.int64())
            for n in ("valid_from", "valid_to")
        }
        return pa.table(columns)

    def scope(self, address: str) -> str:
        """Return a coarse scope."""
        return KnownNames().scope(address)


def edges_of(source: FlowSource, query: FlowQuery) -> list[tuple[Any, ...]]:
    """Return source, destination and flows of each edge."""
    rows = source.edges(query).rows
    return sorted(rows[["src", "dst", "flows"]].itertuples(index=False, name=None))


def flow(**facts: Any) -> dict[str, Any]:
    """Return a record between two private addresses."""
    return make_flow(**({"srcaddr": "10.0.0.5", "dstaddr": "10.0.0.9", "start": NOON} | facts))


@pytest.fixture
def two_vpcs(tmp_path: Path) -> Path:
    """Two VPCs with the same addresses, and a format that says which is which."""
    return write_cache(
        tmp_path / "cache",
        [
            flow(src_vpc_id=A, dst_vpc_id=A, subnet_id="subnet-a", reporter="dst", vpc_id=A),
            flow(src_vpc_id=A, dst_vpc_id=A, subnet_id="subnet-a", reporter="dst", vpc_id=A),
            flow(src_vpc_id=B, dst_vpc_id=B, subnet_id="subnet-b", reporter="dst", vpc_id=B),
            flow(srcaddr="203.0.113.9", dst_vpc_id=B, reporter="dst", vpc_id=B),
        ],
    )  # fmt: skip


def test_equal_addresses_in_two_vpcs_are_two_nodes(two_vpcs: Path) -> None:
    """An audit must not add up two machines."""
    source = FlowSource(two_vpcs, KnownNames())

    assert edges_of(source, ALL.replace(level="address")) == [
        ("10.0.0.5 (vpc-aaaa)", "10.0.0.9 (vpc-aaaa)", 2),
        ("10.0.0.5 (vpc-bbbb)", "10.0.0.9 (vpc-bbbb)", 1),
        ("203.0.113.9", "10.0.0.9 (vpc-bbbb)", 1),
    ]
    assert edges_of(source, ALL.replace(filter=f"dst.vpc = {A}")) == [
        ("10.0.0.5 (vpc-aaaa)", "10.0.0.9 (vpc-aaaa)", 2)
    ]
    names = source.talkers(ALL.replace(level="address")).rows["node"].tolist()
    assert names[:2] == ["10.0.0.9 (vpc-aaaa)", "10.0.0.5 (vpc-aaaa)"] or len(set(names)) == 5


def test_names_of_equal_addresses_do_not_mix(two_vpcs: Path) -> None:
    """The inventory's VPC decides which machine is meant."""
    book = Inventory({("10.0.0.9", A): {"name": "db-a"}, ("10.0.0.9", B): {"name": "db-b"}})

    assert edges_of(FlowSource(two_vpcs, book), ALL) == [
        ("10.0.0.5 (vpc-aaaa)", "db-a", 2),
        ("10.0.0.5 (vpc-bbbb)", "db-b", 1),
        ("203.0.113.9", "db-b", 1),
    ]


def test_a_far_end_whose_vpc_nobody_knows_is_told_so(tmp_path: Path) -> None:
    """It may be either of the two, so it is neither."""
    cache = write_cache(
        tmp_path / "cache",
        [flow(src_vpc_id=A, dst_vpc_id=A), flow(src_vpc_id=B, dst_vpc_id=B), flow(dst_vpc_id=A)],
    )

    found = edges_of(FlowSource(cache, KnownNames()), ALL.replace(level="address"))

    assert ("10.0.0.5 (VPC not known)", "10.0.0.9 (vpc-aaaa)", 1) in found


def test_levels_are_what_the_logs_say(two_vpcs: Path) -> None:
    """Subnet and VPC of an interface come with its own records; the internet is one node."""
    source = FlowSource(two_vpcs, KnownNames())

    assert edges_of(source, ALL.replace(level="vpc")) == [
        ("internet", B, 1), (A, A, 2), (B, B, 1),
    ]  # fmt: skip
    assert edges_of(source, ALL.replace(level="subnet")) == [
        ("10.0.0.0/24", "subnet-a", 2), ("10.0.0.0/24", "subnet-b", 1), ("internet", "subnet-b", 1),
    ]  # fmt: skip
    assert edges_of(source, ALL.replace(level="/16")) == [
        ("10.0.0.0/16", "10.0.0.0/16", 3), ("203.0.0.0/16", "10.0.0.0/16", 1),
    ]  # fmt: skip


def test_an_expanded_node_shows_what_is_inside(two_vpcs: Path) -> None:
    """The rest stays as it is."""
    source = FlowSource(two_vpcs, Inventory({("10.0.0.9", A): {"name": "db-a"}}))

    assert edges_of(source, ALL.replace(level="vpc", expand=(A,))) == [
        ("10.0.0.5 (vpc-aaaa)", "db-a", 2), ("internet", B, 1), (B, B, 1),
    ]  # fmt: skip


def test_the_internet_can_be_split(two_vpcs: Path) -> None:
    """By service, country or network; what nobody knows is told so."""
    book = Inventory({"203.0.113.9": {"aws_service": "S3", "country": "DE", "scope": "public"}})
    source = FlowSource(two_vpcs, book)

    def first(internet: str) -> str:
        query = ALL.replace(level="vpc", internet=internet)
        return str(edges_of(source, query)[0][0])

    assert first("service") == "internet S3"
    assert first("country") == "internet DE"
    assert first("asn") == "internet not known"
    assert first("one") == "internet"
    assert first("address") == "203.0.113.9"


def test_a_name_holds_for_its_days(tmp_path: Path) -> None:
    """An address that was given away has the old name before and the new one after."""
    cache = write_cache(tmp_path / "cache", [flow(start=NOON), flow(start=NOON + 86_400)])
    change = NOON + 40_000
    book = Inventory(
        {
            "10.0.0.5": [
                {"name": "old", "valid_to": change},
                {"name": "new", "valid_from": change},
            ]
        }
    )

    assert edges_of(FlowSource(cache, book), ALL) == [
        ("new", "10.0.0.9", 1),
        ("old", "10.0.0.9", 1),
    ]


@pytest.mark.parametrize(
    ("claim", "n_flows"),
    [
        ("dst.kind = database", 2),
        ("not dst.kind = database", 2),
        ("tag.team = PAYMENTS", 2),
        ("tag.other = payments", 0),
        ("security_group = sg-2", 2),
        ('name ~ "db-?"', 2),
        ("crosses = az", 2),
        ("crosses != az", 2),
        ("scope = internet", 1),
        ("src.scope = internal", 3),
        ("interface = eni-9", 0),
        ('node ~ "db*" and direction = ingress', 2),
        ('service = s3 or asn = as16509 or asn = "AS16509 Amazon"', 1),
        ("reject_reason = BPA", 0),
        ("rule = tcp-flags", 0),
    ],
)
def test_filters_ask_what_is_known_of_ends(two_vpcs: Path, claim: str, n_flows: int) -> None:
    """What is not known fits no claim, and its opposite."""
    database = {
        "name": "db-a", "kind": "database", "tags": '{"team": "payments"}',
        "security_groups": "sg-1,sg-2", "az_id": "az-1", "scope": "private",
    }  # fmt: skip
    book = Inventory(
        {
            ("10.0.0.9", A): database,
            ("10.0.0.5", A): {"az_id": "az-2", "scope": "private"},
            "203.0.113.9": {"asn": "AS16509 Amazon", "scope": "public", "aws_service": "S3"},
        }
    )

    assert FlowSource(two_vpcs, book).totals(ALL.replace(filter=claim)).volume.flows == n_flows


def test_named_bytes_lie_between_two_names(two_vpcs: Path) -> None:
    """The header says how much of the traffic has names at both ends."""
    book = Inventory({"10.0.0.9": {"name": "db"}, ("10.0.0.5", A): {"name": "app"}})

    totals = FlowSource(two_vpcs, book).totals(ALL)

    assert (totals.named_bytes, totals.volume.bytes) == (80, 160)


def test_names_that_read_like_nodes_of_ours_stay_apart(two_vpcs: Path) -> None:
    """A tag is hostile text: it must not merge with an address or with the internet."""
    book = Inventory(
        {("10.0.0.9", A): {"name": "203.0.113.9"}, ("10.0.0.9", B): {"name": "internet"}}
    )

    nodes = {dst for _, dst, _ in edges_of(FlowSource(two_vpcs, book), ALL)}

    assert nodes == {"203.0.113.9 (name)", "internet (name)"}


def test_changes_compare_two_ranges_edge_by_edge(tmp_path: Path) -> None:
    """Added, gone, grew, shrank, same; the sums hold all of them."""
    day = 86_400
    before = [flow(dstaddr=f"10.0.1.{n}", bytes=100) for n in (1, 2, 3, 4)]
    now = [
        flow(dstaddr="10.0.1.1", bytes=100, start=NOON + day),
        flow(dstaddr="10.0.1.2", bytes=150, start=NOON + day),
        flow(dstaddr="10.0.1.3", bytes=40, start=NOON + day, action="REJECT"),
        flow(dstaddr="10.0.1.5", bytes=7, start=NOON + day),
    ]
    source = FlowSource(write_cache(tmp_path / "cache", before, now), KnownNames())
    query = ALL.replace(start=NOON + day, end=NOON + day + 3_600, metric="bytes")

    found = source.changes(query, query.replace(start=NOON, end=NOON + 3_600))

    assert found.scale == 1
    assert found.rows[
        ["change", "dst", "bytes", "bytes_before", "difference"]
    ].to_numpy().tolist() == [
        ["gone", "10.0.1.4", 0, 100, -100],
        ["shrank", "10.0.1.3", 40, 100, -60],
        ["grew", "10.0.1.2", 150, 100, 50],
        ["added", "10.0.1.5", 7, 0, 7],
    ]
    sums = found.sums.set_index("change")
    assert sums["edges"].to_dict() == {"gone": 1, "shrank": 1, "grew": 1, "added": 1, "same": 1}
    assert sums["bytes"].sum() == source.totals(query).volume.bytes
    shrank = found.rows.set_index("change").loc["shrank"]
    assert shrank[["rejected", "rejected_before"]].tolist() == [1, 0]
    only = source.changes(query, query.replace(start=NOON, end=NOON + 3_600), ("added",))
    assert only.rows["dst"].tolist() == ["10.0.1.5"]


def test_ranges_of_different_length_are_compared_by_rate(tmp_path: Path) -> None:
    """Twice as much in twice the time is the same."""
    flows = [flow(start=NOON + 3_600 * n, bytes=100) for n in range(3)]
    source = FlowSource(write_cache(tmp_path / "cache", flows), KnownNames())
    query = ALL.replace(start=NOON + 3_600, end=NOON + 3 * 3_600, metric="bytes")

    found = source.changes(query, query.replace(start=NOON, end=NOON + 3_600))

    assert found.scale == 2
    assert found.sums["change"].tolist() == ["same"]


def test_a_breakdown_adds_up_to_everything(two_vpcs: Path) -> None:
    """What is cut is a row of its own, apart from values that are null."""
    source = FlowSource(two_vpcs, KnownNames())

    found = source.breakdown(ALL.replace(level="address"), ("src", "port"), 1)

    assert found.rows["flows"].sum() == 4
    assert found.rows["src_other"].tolist().count(True) == 1
    with pytest.raises(BadQueryError, match="different ones of src, dst"):
        source.breakdown(ALL, ("src", "src"))


def test_records_name_their_object_and_line(two_vpcs: Path) -> None:
    """Behind every number stand log lines."""
    source = FlowSource(two_vpcs, KnownNames())
    query = ALL.replace(filter=f"dst.vpc = {A}")

    page = source.records(query, limit=1, offset=1)

    assert (page.total, page.offset, len(page.rows)) == (2, 1, 1)
    row = page.rows.iloc[0]
    assert (row["srcaddr"], row["line"], row["is_counted"]) == ("10.0.0.5", 1, True)
    assert row["src"] == "10.0.0.5 (vpc-aaaa)"


def test_edges_over_time_add_up_to_the_edges(two_vpcs: Path) -> None:
    """Statistics and sparklines are of the same records."""
    source = FlowSource(two_vpcs, KnownNames())

    bins = source.edge_bins(ALL)

    assert bins.rows["flows"].sum() == source.edges(ALL).rows["flows"].sum()
    assert (bins.start, bins.bin_s) == (NOON, 60)


def test_sides_count_each_flow_once(two_vpcs: Path) -> None:
    """Initiators, responders and pairs are ranked beside talkers."""
    source = FlowSource(two_vpcs, KnownNames())
    query = ALL.replace(level="address")

    assert source.sides(query, "src", 1).rows["src"].tolist() == ["10.0.0.5 (vpc-aaaa)"]
    assert source.sides(query, "dst", 1).total.flows == 4
    assert source.sides(query, "pair", 5).rows[["src", "dst", "flows"]].iloc[0].tolist() == [
        "10.0.0.5 (vpc-aaaa)", "10.0.0.9 (vpc-aaaa)", 2,
    ]  # fmt: skip


def test_what_is_known_can_be_completed(two_vpcs: Path) -> None:
    """Values that begin with what was typed come first."""
    book = Inventory({("10.0.0.9", A): {"name": "web-db"}, ("10.0.0.9", B): {"name": "db-web"}})
    source = FlowSource(two_vpcs, book)

    assert source.known_values("name", "db", ALL) == ["db-web", "web-db"]
    assert source.known_values("vpc", "", ALL) == [A, B]
    assert source.known_values("subnet", "b", ALL) == ["subnet-a", "subnet-b"]
