import csv
import gzip
import ipaddress
import re
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingest.simulate import DEFAULT_FIELDS, INCIDENTS, V5_FIELDS, SimulationReport, simulate
from ingest.simulate.topology import HOSTS, zone_id

KEY = re.compile(
    r"AWSLogs/123456789012/vpcflowlogs/eu-central-1/(\d{4})/(\d\d)/(\d\d)/"
    r"123456789012_vpcflowlogs_eu-central-1_fl-[0-9a-f]{17}_(\d{8})T\d{4}Z_[0-9a-f]{8}\.log\.gz"
)
RESERVED = [
    ipaddress.ip_network(block)
    for block in (
        "10.0.0.0/16", "198.18.0.0/15", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
        "2001:db8::/32",
    )
]  # fmt: skip

Row = dict[str, str]


def objects(root: Path) -> list[Path]:
    return sorted((root / "AWSLogs").rglob("*.log.gz"))


def read_rows(root: Path) -> list[Row]:
    rows = []
    for path in objects(root):
        header, *lines = gzip.decompress(path.read_bytes()).decode().splitlines()
        names = header.split(" ")
        rows += [dict(zip(names, line.split(" "), strict=True)) for line in lines]
    return rows


def read_labels(root: Path) -> list[dict]:
    return pq.read_table(root / "labels.parquet").to_pylist()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> SimulationReport:
    """Three hours with every incident."""
    out = tmp_path_factory.mktemp("simulated")
    return simulate(out, hours=3, records=20_000, seed=7, incidents=INCIDENTS)


@pytest.fixture(scope="module")
def rows(run) -> list[Row]:
    return read_rows(run.root)


@pytest.fixture(scope="module")
def traffic(rows) -> list[Row]:
    return [row for row in rows if row["log-status"] == "OK"]


@pytest.fixture(scope="module")
def labels(run) -> list[dict]:
    return read_labels(run.root)


def five_tuple(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("srcaddr", "dstaddr", "srcport", "dstport", "protocol"))


def label_tuples(label: dict) -> tuple[tuple[str, ...], tuple[str, ...]]:
    near = (label["initiator"], str(label["initiator_port"] or 0))
    far = (label["responder"], str(label["service_port"] or 0))
    protocol = str(label["protocol"])
    return (
        (near[0], far[0], near[1], far[1], protocol),
        (far[0], near[0], far[1], near[1], protocol),
    )


def test_equal_arguments_give_equal_bytes(tmp_path):
    """Two runs differ in nothing; another seed differs."""
    written = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate(tmp_path / name, hours=1, records=3_000, seed=seed, incidents=["port-scan"])
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        written.append({p.relative_to(tmp_path / name): p.read_bytes() for p in files})

    assert written[0] == written[1]
    assert written[0] != written[2]


@pytest.mark.parametrize(
    ("hours", "records", "interval_s"), [(0.2, 1_000, 60), (24, 30_000, 60), (30, 8_000, 600)]
)
def test_number_of_records_is_within_one_percent(tmp_path, hours, records, interval_s):
    """The rows written are the rows asked for, whatever the range and interval."""
    report = simulate(tmp_path, hours=hours, records=records, interval_s=interval_s)

    assert abs(report.records - records) <= records / 100
    assert len(read_rows(tmp_path)) == report.records


def test_many_spans_give_the_records_asked_for(tmp_path, monkeypatch):
    """Conversations that go on into the next span are reported once in every window."""
    monkeypatch.setattr("ingest.simulate.simulation._RECORDS_PER_SPAN", 900)
    report = simulate(tmp_path, hours=2, records=15_000, incidents=["exfiltration"])

    assert abs(report.records - 15_000) <= 150
    assert_labels_match(read_rows(tmp_path), read_labels(tmp_path))


def test_keys_follow_the_layout_of_aws(run):
    """Every object's key has AWS's form, and its date is the folder's."""
    keys = [path.relative_to(run.root).as_posix() for path in objects(run.root)]
    matches = [KEY.fullmatch(key) for key in keys]

    assert len(keys) == run.objects
    assert all(match and match[1] + match[2] + match[3] == match[4] for match in matches)


def test_late_records_lie_under_the_next_day(tmp_path):
    """Records from before midnight are delivered after it."""
    simulate(tmp_path, hours=24, records=5_000)

    days = {path.parent.name for path in objects(tmp_path)}
    assert days == {"02", "03"}


def test_report_counts_what_lies_in_the_folder(run, labels):
    """Objects, bytes and conversations of the report are those of the files."""
    assert run.bytes_gzip == sum(path.stat().st_size for path in objects(run.root))
    assert run.conversations == len(labels)
    assert run.end - run.start == 3 * 3_600


def test_labels_hold_the_bytes_that_were_reported(rows, labels):
    """Whichever interface logged a conversation, it reports the label's bytes and packets."""
    assert_labels_match(rows, labels)


def is_through_nat(row: Row) -> bool:
    return row["dstaddr"] == "10.0.0.20" and row["pkt-dstaddr"] != row["dstaddr"]


def assert_labels_match(rows: list[Row], labels: list[dict]) -> None:
    truth: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for label in labels:
        there, back = label_tuples(label)
        truth[there][0] += label["packets"]
        truth[there][1] += label["bytes"]
        if label["return_packets"]:
            truth[back][0] += label["return_packets"]
            truth[back][1] += label["return_bytes"]
    seen: dict[tuple[str, ...], dict[str, list[int]]] = defaultdict(
        lambda: defaultdict(lambda: [0, 0])
    )
    gateway = next(row["interface-id"] for row in rows if is_through_nat(row))
    for row in rows:
        # What the NAT gateway passes on is no conversation of its own.
        is_passed_on = row["interface-id"] == gateway and row["action"] == "ACCEPT"
        if row["log-status"] == "OK" and not is_passed_on:
            sums = seen[five_tuple(row)][row["interface-id"]]
            sums[0] += int(row["packets"])
            sums[1] += int(row["bytes"])

    assert seen.keys() == truth.keys()
    for flow, by_eni in seen.items():
        for sums in by_eni.values():
            assert sums == truth[flow]


def test_both_interfaces_report_inside_traffic(traffic):
    """A flow inside the VPC is logged as egress at one interface and as ingress at the other."""
    sides = defaultdict(set)
    for row in traffic:
        if row["srcaddr"].startswith("10.0.") and row["dstaddr"].startswith("10.0."):
            sides[five_tuple(row)].add((row["interface-id"], row["flow-direction"]))

    inside = [found for flow, found in sides.items() if "10.0.0.20" not in flow]
    assert len(inside) > 1_000
    assert all({d for _, d in found} == {"ingress", "egress"} for found in inside)
    assert all(len({eni for eni, _ in found}) == 2 for found in inside)


def test_initiator_sends_the_first_syn(traffic, labels):
    """In its first window the initiator has SYN and the responder SYN-ACK; later none has."""
    flags = defaultdict(list)
    for row in traffic:
        key = (*five_tuple(row), row["interface-id"])
        flags[key].append((int(row["start"]), int(row["tcp-flags"])))
    openers = {label_tuples(label)[0] for label in labels if label["protocol"] == 6}
    answers = {label_tuples(label)[1] for label in labels if label["protocol"] == 6}

    for key, found in flags.items():
        first, *later = [value for _, value in sorted(found)]
        if key[:5] in openers:
            assert first in (2, 3)
            assert not any(value & 2 for value in later)
        elif key[:5] in answers:
            assert first in (18, 19)
        if key[4] != "6":
            assert {value for _, value in found} == {0}


def test_nat_gateway_writes_four_records_an_exchange(traffic):
    """Both sides of an exchange are there; the packet's ends stay with the inner side."""
    exchange = next(r for r in traffic if is_through_nat(r))
    eni, host, remote = exchange["interface-id"], exchange["srcaddr"], exchange["pkt-dstaddr"]
    shapes = {
        (r["srcaddr"], r["dstaddr"], r["pkt-srcaddr"], r["pkt-dstaddr"], r["flow-direction"])
        for r in traffic
        if r["interface-id"] == eni
    }

    nat = "10.0.0.20"
    assert {
        (host, nat, host, remote, "ingress"),
        (nat, remote, nat, remote, "egress"),
        (remote, nat, remote, nat, "ingress"),
        (nat, host, remote, host, "egress"),
    } <= shapes


def test_nat_gateway_keeps_bytes_and_times(traffic, labels):
    """What the gateway passes on is what the hosts exchange through it."""
    through = sum(
        int(r["bytes"]) for r in traffic if r["srcaddr"] == "10.0.0.20" and r["traffic-path"] == "8"
    )
    known = {h.address() for h in HOSTS}
    outward = sum(
        label["bytes"]
        for label in labels
        if label["initiator"] in known
        and label["responder"] not in known
        and label["action"] == "ACCEPT"
        and not is_in(label["responder"], "203.0.113.0/27")
    )
    newcomer = sum(label["bytes"] for label in labels if label["incident"] == "new-service")

    assert through == outward - newcomer


def is_in(address: str, block: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(block)


def test_services_and_paths_are_named(traffic):
    """S3 is reached through its endpoint, DynamoDB through the NAT gateway."""
    paths = defaultdict(set)
    for row in traffic:
        if row["flow-direction"] == "egress":
            paths[row["pkt-dst-aws-service"]].add(row["traffic-path"])
        else:
            assert row["traffic-path"] == "-"

    assert paths["S3"] == {"7"}
    assert paths["DYNAMODB"] == {"1", "8"}


def test_denied_inside_is_accepted_at_the_source(traffic, labels):
    """A security group at the destination denies what the source's interface let go."""
    denied = [
        label
        for label in labels
        if label["rejected_at"] == "destination" and label["initiator_logged"]
    ]
    actions = defaultdict(set)
    for row in traffic:
        actions[five_tuple(row)].add((row["flow-direction"], row["action"]))

    assert len(denied) > 20
    for label in denied:
        assert actions[label_tuples(label)[0]] == {("egress", "ACCEPT"), ("ingress", "REJECT")}


def test_gaps_carry_no_traffic(rows):
    """NODATA and SKIPDATA rows have `-` for what belongs to a packet."""
    gaps = [row for row in rows if row["log-status"] != "OK"]

    assert {row["log-status"] for row in gaps} == {"NODATA", "SKIPDATA"}
    for row in gaps:
        empty = {name for name, value in row.items() if value == "-"}
        assert {*DEFAULT_FIELDS[3:10], "action", "tcp-flags", "flow-direction"} <= empty
        assert row["interface-id"].startswith("eni-")


def test_records_of_a_window_share_their_times(traffic):
    """Windows are at most one interval long, and some are a single second."""
    lengths = Counter(int(row["end"]) - int(row["start"]) for row in traffic)
    ends = defaultdict(set)
    for row in traffic:
        ends[row["interface-id"], row["start"]].add(row["end"])

    assert min(lengths) == 0
    assert max(lengths) < 60
    assert all(len(found) == 1 for found in ends.values())


def test_every_address_is_reserved_for_examples(traffic):
    """No address of a real host appears."""
    addresses = {row[name] for row in traffic for name in ("srcaddr", "dstaddr", "pkt-srcaddr")}

    for text in addresses:
        address = ipaddress.ip_address(text)
        assert any(address in block for block in RESERVED if block.version == address.version)


def test_every_incident_is_labelled(run, labels):
    """Each incident asked for has conversations of its own, inside the range."""
    by_incident = defaultdict(list)
    for label in labels:
        by_incident[label["incident"]].append(label)

    assert by_incident.keys() == {None, *INCIDENTS}
    assert len({label["service_port"] for label in by_incident["port-scan"]}) >= 200
    sweep = by_incident["port-sweep"]
    assert len({label["responder"] for label in sweep}) == len(HOSTS) - 1
    assert {label["service_port"] for label in sweep} == {3389}
    assert sum(label["bytes"] for label in by_incident["exfiltration"]) > 4e9
    assert len(by_incident["beacon"]) == 36
    middle = (run.start + run.end) / 2
    assert min(label["start"] for label in by_incident["new-service"]) >= middle
    assert all(run.start <= label["start"] <= label["end"] < run.end for label in labels)


def test_denied_burst_is_ten_times_the_usual(run, labels):
    """Within its quarter of an hour the burst is far above the base traffic's denials."""
    burst = [label["start"] for label in labels if label["incident"] == "denied-burst"]
    usual = sum(label["action"] == "REJECT" and not label["incident"] for label in labels)

    assert max(burst) - min(burst) <= 900
    assert len(burst) / 900 > 5 * usual / (run.end - run.start)


def test_lost_share_is_left_out(tmp_path):
    """A fifth of the records is missing; the labels are those of the whole."""
    whole = simulate(tmp_path / "whole", hours=2, records=10_000)
    gappy = simulate(tmp_path / "gappy", hours=2, records=10_000, lost=0.2)

    assert 0.78 < gappy.records / whole.records < 0.83
    assert gappy.labels.read_bytes() == whole.labels.read_bytes()


def test_default_format_is_version_2(tmp_path):
    """The 14 default fields come in AWS's order and say version 2."""
    simulate(tmp_path, hours=1, records=1_000, fields=DEFAULT_FIELDS)
    rows = read_rows(tmp_path)

    assert tuple(rows[0]) == DEFAULT_FIELDS
    assert " ".join(DEFAULT_FIELDS).startswith("version account-id interface-id srcaddr dstaddr")
    assert {row["version"] for row in rows} == {"2"}


def test_fields_are_written_in_the_order_given(tmp_path):
    """Any choice of fields holds the same values as the full format."""
    chosen = ("tcp-flags", "bytes", "version", "dstaddr", "az-id", "log-status", "srcaddr")
    simulate(tmp_path / "all", hours=1, records=1_000)
    simulate(tmp_path / "few", hours=1, records=1_000, fields=chosen)

    few = read_rows(tmp_path / "few")
    everything = read_rows(tmp_path / "all")
    assert {row["version"] for row in few} == {"4"}
    for short, full in zip(few, everything, strict=True):
        assert {**short, "version": "5"} == {name: full[name] for name in chosen}


def test_without_ipv6_there_is_none(tmp_path):
    """No record is of type IPv6; with it, some are."""
    simulate(tmp_path / "with", hours=1, records=2_000)
    simulate(tmp_path / "without", hours=1, records=2_000, ipv6=False)

    assert {row["type"] for row in read_rows(tmp_path / "with")} == {"IPv4", "IPv6", "-"}
    assert {row["type"] for row in read_rows(tmp_path / "without")} == {"IPv4", "-"}


def test_progress_reaches_the_number_asked_for(tmp_path, monkeypatch):
    """Progress only grows, and ends near the total."""
    monkeypatch.setattr("ingest.simulate.simulation._RECORDS_PER_SPAN", 500)
    calls = []
    simulate(tmp_path, hours=1, records=2_000, on_progress=lambda *call: calls.append(call))

    assert calls == sorted(calls)
    assert len(calls) == 4
    assert calls[-1][0] >= 1_980
    assert {total for _, total in calls} == {2_000}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"incidents": ["flood"]}, "unknown incident 'flood'. Choose among: denied-burst, port-"),
        ({"incidents": ["beacon", "beacon"]}, "incident 'beacon' is given twice"),
        ({"fields": ["version", "src"]}, "unknown field 'src'. Choose among: version, account-id"),
        ({"fields": []}, "no fields. Choose among: version, account-id"),
        ({"hours": 0}, "hours=0 is not in (0, 8784]."),
        ({"records": 10}, "records=10 is too few. Ask for at least 100."),
        ({"interval_s": 5}, "interval_s=5 is none of (60, 600)."),
        ({"lost": 1.0}, "lost=1.0 is not a share in [0, 1)."),
        ({"account": "12"}, "account='12' is not an AWS account number of 12 digits."),
        ({"region": "here"}, "region='here' is not a region. Try eu-central-1."),
        ({"seed": -1}, "seed=-1 is negative. Give 0 or more."),
        ({"start": -1}, "start=-1 is no time in epoch seconds, as 1772409600."),
        (
            {"records": 500, "incidents": ["beacon"]},
            "500 records have no room for the incidents, which take ",
        ),
    ],
)
def test_bad_arguments_are_named(tmp_path, arguments, message):
    """A caller's mistake names the value and the valid ones."""
    with pytest.raises(ValueError, match=re.escape(message)):
        simulate(tmp_path, **arguments)


def test_every_host_has_a_known_name():
    """The list of known addresses names each machine of the VPC, by both its addresses."""
    path = Path(__file__).parents[2] / "data" / "sample" / "known_ips.csv"
    with path.open(newline="") as lines:
        known = {row["address"]: row["name"] for row in csv.DictReader(lines)}

    for host in HOSTS:
        assert known[host.address()] == host.name
        if host.has_ipv6:
            assert known[host.address_v6()] == host.name
    assert all(ipaddress.ip_network(address) for address in known)


@pytest.mark.parametrize(
    ("region", "expected"),
    [("us-east-1", "use1-az1"), ("ap-southeast-2", "apse2-az1"), ("eu-central-1", "euc1-az1")],
)
def test_zone_ids_have_the_short_form(region, expected):
    """AWS writes zone ids without hyphens in the region."""
    assert zone_id(region, 1) == expected


def test_all_fields_up_to_version_5_are_offered():
    """29 fields, as many as AWS had with version 5."""
    assert len(DEFAULT_FIELDS) == 14
    assert len(V5_FIELDS) == 29
