"""What is known of a node or an edge, as lines of a term and a text."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from dash import html

from dashboard.analysis.answers import NodeFacts, Totals
from dashboard.analysis.export.tables import NEVER_SHARED
from dashboard.ui import wording

Lines = list[tuple[str, str]]

_HINT = "Select a node or an edge of the network, or a row of a table, for all that is known."
_MOST_ADDRESSES = 8
_TERMS = {
    "name": "Name",
    "aws_service": "AWS service",
    "subnet_name": "Subnet",
    "subnet_id": "Subnet id",
    "vpc_name": "VPC",
    "vpc_id": "VPC id",
    "account_name": "Account",
    "account_id": "Account id",
    "region": "Region",
    "az_id": "Zone",
    "interface_id": "Interface",
    "instance_id": "Instance",
    "security_groups": "Security groups",
    "cloud": "Cloud",
    "country": "Country",
    "asn": "Network",
}


def hint() -> Any:
    """Return what the panel holds before anything is selected."""
    return html.P(_HINT, className="hint")


def gone() -> Any:
    """Say that nothing fits the selected part; without its name, which sharing may hide."""
    return html.P(
        "What you selected has no traffic in this range and filter. "
        "Take a wider range, or remove a part of the filter.",
        className="drawer-empty",
    )


def listed(lines: Lines) -> Any:
    """Return lines as a list of terms."""
    children: list[Any] = []
    for term, text in lines:
        children += [html.Dt(term), html.Dd(text)]
    return html.Dl(children, className="facts")


def fact_lines(facts: NodeFacts | None, *, shared: bool = False) -> Lines:
    """Return what the inventory, the list of known IPs and the logs say of a node.

    Args:
        facts: None: nothing is known.
        shared: Leave out what leads to an address behind a pseudonym.
    """
    if facts is None:
        return []
    lines = [
        (term, text or "") for term, text in (("Kind", facts.kind), ("Owner", facts.owner)) if text
    ]
    lines.append(("Scope", facts.scope))
    if facts.is_named and facts.addresses:
        lines.append(("Addresses" if facts.n_addresses > 1 else "Address", _addresses(facts)))
    known = dict(facts.details)
    left_out: Collection[str] = NEVER_SHARED if shared else ()
    lines += [
        (term, known[name])
        for name, term in _TERMS.items()
        if known.get(name) and name not in left_out and known[name] != facts.node
    ]
    return lines + ([] if shared else _tag_lines(known.get("tags")))


def volume_lines(totals: Totals) -> Lines:
    """Return sums of everything that fits, with every digit."""
    volume = totals.volume
    decided = volume.accepted + volume.rejected
    return [
        ("Flows", wording.whole(volume.flows)),
        ("Accepted", wording.whole(volume.accepted)),
        ("Rejected", _with_share(volume.rejected, decided)),
        ("Bytes", wording.whole(volume.bytes)),
        ("of them returned", wording.whole(volume.return_bytes)),
        ("Packets", wording.whole(volume.packets)),
        ("of them returned", wording.whole(volume.return_packets)),
        ("Log records", wording.whole(volume.records)),
        (f"First seen, {wording.zone(totals.first)}", wording.moment(totals.first)),
        (f"Last seen, {wording.zone(totals.last)}", wording.moment(totals.last)),
    ]


def _addresses(facts: NodeFacts) -> str:
    shown = ", ".join(facts.addresses[:_MOST_ADDRESSES])
    more = facts.n_addresses - min(len(facts.addresses), _MOST_ADDRESSES)
    return f"{shown} and {wording.whole(more)} more" if more > 0 else shown


def _tag_lines(text: str | None) -> Lines:
    """Return AWS tags; a text that is no JSON object stays one line."""
    if not text:
        return []
    try:
        tags = json.loads(text)
    except ValueError:
        tags = None
    if not isinstance(tags, dict):
        return [("Tags", text)]
    return [(f"Tag {name}", str(value)) for name, value in sorted(tags.items())]


def _with_share(part: int, of: int) -> str:
    return f"{wording.whole(part)} ({wording.percent(part, of)})" if part else "0"
