"""What is known of an address: which source wins, in which VPC, and when."""

from __future__ import annotations

import ipaddress
import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dashboard.analysis.enrich.book import AddressBook
from dashboard.errors import DashboardError
from ingest.store.names import NamesWriter, Snapshot

T0, T1, T2 = 1_772_445_600, 1_772_449_200, 1_772_452_800
PLACE = {"account_id": "123456789012", "account_name": "shop", "region": "eu-west-1"}


def machine(address: str, name: str, vpc: str = "vpc-a", **more: str | None) -> dict[str, Any]:
    row = {
        "address": address, "name": name, "vpc_id": vpc, "vpc_name": f"{vpc} name",
        "kind": "instance", "interface_id": f"eni-{name}", "subnet_id": "subnet-1",
        "subnet_name": "first", "security_groups": "web,ssh",
    }  # fmt: skip
    return {**PLACE, **row, **more}


def network(cidr: str, resource_id: str, vpc: str = "vpc-a") -> dict[str, Any]:
    kind = "vpc" if resource_id == vpc else "private subnet"
    return {
        **PLACE, "id": resource_id, "name": f"{resource_id} name", "kind": kind, "vpc_id": vpc,
        "vpc_name": f"{vpc} name", "cidr": cidr, "az_id": None if kind == "vpc" else "euw1-az1",
    }  # fmt: skip


def write(cache: Path, taken: int, *rows: Mapping[str, Any], region: str = "eu-west-1") -> None:
    tables = {
        "addresses": [row for row in rows if "address" in row],
        "networks": [row for row in rows if "cidr" in row],
    }
    with NamesWriter(cache) as writer:
        writer.write(Snapshot("123456789012", region, tables), taken)


def told(book: AddressBook, *ends: tuple[str, str | None]) -> list[dict[str, Any]]:
    addresses, vpcs = zip(*ends, strict=True)
    table = pa.table({"address": addresses, "vpc_id": pa.array(vpcs, pa.string())})
    return book.attributes(table).to_pylist()


def test_an_interface_tells_everything_about_its_address(tmp_path: Path) -> None:
    """Name, place, groups and tags; one row where nothing ever changed."""
    write(tmp_path, T0, machine("10.0.0.5", "web-1", owner="shop", tags='{"stage": "live"}'))

    (row,) = told(AddressBook(None, tmp_path), ("10.0.0.5", "vpc-a"))

    assert row == {
        "address": "10.0.0.5", "vpc_id": "vpc-a", "valid_from": None, "valid_to": None,
        "name": "web-1", "kind": "instance", "owner": "shop", "subnet_id": "subnet-1",
        "subnet_name": "first", "inventory_vpc_id": "vpc-a", "vpc_name": "vpc-a name",
        "account_id": "123456789012", "account_name": "shop", "region": "eu-west-1",
        "az_id": None, "interface_id": "eni-web-1", "instance_id": None,
        "security_groups": "web,ssh", "security_group_ids": None, "tags": '{"stage": "live"}',
        "aws_service": None, "cloud": None, "country": None, "asn": None, "scope": "private",
    }  # fmt: skip


def test_known_ips_win_and_the_inventory_fills_the_rest(tmp_path: Path) -> None:
    """Each of name, kind and owner by itself."""
    known = tmp_path / "known_ips.csv"
    known.write_text("10.0.0.0/24,the office,,it\n")
    write(tmp_path, T0, machine("10.0.0.5", "web-1", owner="shop"))

    (row,) = told(AddressBook(known, tmp_path), ("10.0.0.5", "vpc-a"))

    assert (row["name"], row["kind"], row["owner"]) == ("the office", "instance", "it")
    assert row["interface_id"] == "eni-web-1"


def test_a_used_again_address_has_the_name_of_its_day(tmp_path: Path) -> None:
    """Rows cover all time; where nobody had the address there is no name."""
    write(tmp_path, T0, machine("10.0.0.5", "old"))
    write(tmp_path, T1)
    write(tmp_path, T2, machine("10.0.0.5", "new"))

    rows = told(AddressBook(None, tmp_path), ("10.0.0.5", None))

    assert [(row["name"], row["valid_from"], row["valid_to"]) for row in rows] == [
        ("old", None, T1), (None, T1, T2), ("new", T2, None),
    ]  # fmt: skip


def test_the_same_address_in_two_vpcs_is_two_machines(tmp_path: Path) -> None:
    """With its VPC each has its name; without, nobody can tell, and another VPC has neither."""
    write(
        tmp_path, T0, machine("10.0.0.5", "a"), machine("10.0.0.5", "b", "vpc-b"),
        machine("10.0.0.6", "alone"),
    )  # fmt: skip

    rows = told(
        AddressBook(None, tmp_path), ("10.0.0.5", "vpc-a"), ("10.0.0.5", "vpc-b"),
        ("10.0.0.5", None), ("10.0.0.5", "vpc-c"), ("10.0.0.6", None),
    )  # fmt: skip

    assert [row["name"] for row in rows] == ["a", "b", None, None, "alone"]
    assert rows[4]["inventory_vpc_id"] == "vpc-a"


def test_an_address_is_disputed_only_while_two_vpcs_have_it(tmp_path: Path) -> None:
    """Before and after it has one name."""
    write(tmp_path, T0, machine("10.0.0.5", "a"), region="eu-west-1")
    write(tmp_path, T0, region="eu-west-2")
    write(tmp_path, T1, machine("10.0.0.5", "b", "vpc-b"), region="eu-west-2")
    write(tmp_path, T2, region="eu-west-2")

    rows = told(AddressBook(None, tmp_path), ("10.0.0.5", None))

    assert [(row["name"], row["valid_from"], row["valid_to"]) for row in rows] == [
        ("a", None, T1), (None, T1, T2), ("a", T2, None),
    ]  # fmt: skip


def test_an_address_without_interface_lies_in_the_subnet_around_it(tmp_path: Path) -> None:
    """Within its VPC; without one, where a single subnet has it; else in the VPC alone."""
    write(
        tmp_path, T0, network("10.0.0.0/16", "vpc-a"), network("10.0.1.0/24", "subnet-a"),
        network("10.0.0.0/16", "vpc-b", "vpc-b"), network("10.0.1.0/24", "subnet-b", "vpc-b"),
        network("10.0.2.0/24", "subnet-c", "vpc-b"), network("2001:db8::/64", "subnet-6"),
    )  # fmt: skip

    rows = told(
        AddressBook(None, tmp_path), ("10.0.1.9", "vpc-a"), ("10.0.1.9", "vpc-b"),
        ("10.0.1.9", None), ("10.0.2.9", None), ("10.0.9.9", "vpc-a"), ("2001:db8::9", None),
        ("198.51.100.1", None),
    )  # fmt: skip

    assert [(row["subnet_id"], row["inventory_vpc_id"], row["vpc_name"]) for row in rows] == [
        ("subnet-a", "vpc-a", "vpc-a name"), ("subnet-b", "vpc-b", "vpc-b name"),
        (None, None, None), ("subnet-c", "vpc-b", "vpc-b name"), (None, "vpc-a", "vpc-a name"),
        ("subnet-6", "vpc-a", "vpc-a name"), (None, None, None),
    ]  # fmt: skip
    assert [row["name"] for row in rows] == [None] * 7
    assert rows[3]["az_id"] == "euw1-az1"
    assert rows[6]["account_id"] is None


def test_look_up_equals_a_search_row_by_row(tmp_path: Path) -> None:
    """Whatever comes and goes, at every time the answer is that of plain Python."""
    draw = random.Random(3)  # noqa: S311 - no secret
    times = [T0 + 100 * n for n in range(8)]
    states: list[dict[tuple[str, str], str]] = []
    for n, taken in enumerate(times):
        places = [(f"10.0.0.{draw.randrange(6)}", f"vpc-{draw.choice('ab')}") for _ in range(5)]
        held = {place: f"m{n}-{m}" for m, place in enumerate(dict.fromkeys(places))}
        if n and draw.random() < 0.3:
            held = states[-1]
        states.append(held)
        write(tmp_path, taken, *(machine(a, name, vpc) for (a, vpc), name in held.items()))
    ends = [(f"10.0.0.{n}", vpc) for n in range(6) for vpc in ("vpc-a", "vpc-b", None)]

    rows = told(AddressBook(None, tmp_path), *ends)

    for address, vpc in ends:
        own = [row for row in rows if (row["address"], row["vpc_id"]) == (address, vpc)]
        assert [row["valid_from"] for row in own[1:]] == [row["valid_to"] for row in own[:-1]]
        assert (own[0]["valid_from"], own[-1]["valid_to"]) == (None, None)
        for n, taken in enumerate([T0 - 50, *times]):
            state = states[max(0, n - 1)]
            found = {v: name for (a, v), name in state.items() if a == address and vpc in (v, None)}
            expected = next(iter(found.values())) if len(found) == 1 else None
            (row,) = [r for r in own if _holds(r, taken)]
            assert row["name"] == expected, (address, vpc, taken)


def test_named_tells_the_newest_name(tmp_path: Path) -> None:
    """Of an address that nobody has any more, the last one."""
    write(tmp_path, T0, machine("10.0.0.5", "old"), machine("10.0.0.6", "gone"))
    write(tmp_path, T1, machine("10.0.0.5", "new"))
    book = AddressBook(None, tmp_path)

    found = book.named(pa.array(["10.0.0.5", "10.0.0.6", "10.0.0.7"]))

    assert found.to_pylist() == [
        {"address": "10.0.0.5", "node": "new", "kind": "instance", "owner": None},
        {"address": "10.0.0.6", "node": "gone", "kind": "instance", "owner": None},
    ]
    assert book.scope("10.0.0.5") == "internal"


def test_networks_are_listed_with_their_times(tmp_path: Path) -> None:
    """A subnet that was deleted ends."""
    write(tmp_path, T0, network("10.0.0.0/16", "vpc-a"), network("10.0.1.0/24", "subnet-a"))
    write(tmp_path, T1, network("10.0.0.0/16", "vpc-a"))

    rows = AddressBook(None, tmp_path).networks().to_pylist()

    assert {(row["id"], row["kind"], row["cidr"], row["valid_to"]) for row in rows} == {
        ("vpc-a", "vpc", "10.0.0.0/16", None),
        ("subnet-a", "private subnet", "10.0.1.0/24", T1),
    }
    assert AddressBook(None, None).networks().num_rows == 0


def test_every_change_of_a_source_changes_the_stamp(tmp_path: Path) -> None:
    """And what is told afterwards; an unchanged source keeps it."""
    known, ranges = tmp_path / "known_ips.csv", tmp_path / "ip-ranges.json"
    ranges.write_text('{"prefixes": [], "ipv6_prefixes": []}')
    book = AddressBook(known, tmp_path, ranges)
    stamps = [book.stamp()]
    assert told(book, ("10.0.0.5", None))[0]["name"] is None

    write(tmp_path, T0, machine("10.0.0.5", "web-1"))
    stamps.append(book.stamp())
    assert told(book, ("10.0.0.5", None))[0]["name"] == "web-1"
    known.write_text("10.0.0.5,mine\n")
    stamps.append(book.stamp())
    assert told(book, ("10.0.0.5", None))[0]["name"] == "mine"
    ranges.write_text('{"prefixes": [],  "ipv6_prefixes": []}')
    stamps.append(book.stamp())

    assert len(set(stamps)) == 4
    assert book.stamp() == stamps[-1]


def test_ends_may_come_in_any_type_of_text(tmp_path: Path) -> None:
    """A column of nulls alone, large strings, several pieces, and no rows at all."""
    write(tmp_path, T0, machine("10.0.0.5", "web-1"))
    book = AddressBook(None, tmp_path)
    texts = pa.chunked_array([["10.0.0.5"], ["10.0.0.6"]], pa.large_string())

    found = book.attributes(pa.table({"address": texts, "vpc_id": pa.nulls(2)}))
    empty = book.attributes(found.select(["address", "vpc_id"]).slice(0, 0))

    assert found.column("name").to_pylist() == ["web-1", None]
    assert empty.num_rows == 0
    assert empty.schema == found.schema
    assert book.named(pa.array([], pa.string())).num_rows == 0


def test_damaged_names_are_told(tmp_path: Path) -> None:
    """Which file, and what to do."""
    write(tmp_path, T0, machine("10.0.0.5", "web-1"))
    (tmp_path / "names" / "index.json").write_text("{")

    with pytest.raises(DashboardError, match=r"names: these names are damaged .*ingest names"):
        told(AddressBook(None, tmp_path), ("10.0.0.5", None))


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """Tags come through as they are written."""
    tags = json.dumps({"Name": "<script>", "x": '"},{"'})
    write(tmp_path, T0, machine("10.0.0.5", "=cmd|' /C calc'!A0", tags=tags))

    (row,) = told(AddressBook(None, tmp_path), ("10.0.0.5", None))

    assert json.loads(row["tags"]) == {"Name": "<script>", "x": '"},{"'}


def test_two_hundred_thousand_ends_keep_their_order(tmp_path: Path) -> None:
    """Every end has its answer in its place, those that changed more than one."""
    write(tmp_path, T0, *(machine(f"10.0.{n // 250}.{n % 250}", f"m{n}") for n in range(5_000)))
    write(tmp_path, T1, *(machine(f"10.0.{n // 250}.{n % 250}", f"m{n}") for n in range(4_000)))
    addresses = [str(ipaddress.IPv4Address((10 << 24) + n)) for n in range(200_000)]
    table = pa.table({"address": addresses, "vpc_id": pa.nulls(len(addresses), pa.string())})

    found = AddressBook(None, tmp_path).attributes(table)

    first = found.filter(pa.compute.is_null(found.column("valid_from")))
    assert first.column("address").to_pylist() == addresses
    assert found.num_rows == 201_000
    assert found.column("name").null_count == 196_000


def _holds(row: Mapping[str, Any], moment: int) -> bool:
    begin, end = row["valid_from"], row["valid_to"]
    return (begin is None or begin <= moment) and (end is None or moment < end)
