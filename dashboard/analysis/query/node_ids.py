"""What a node is at each level: the id of every row of what is known of addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.analysis.filters.fields import WIDE_SCOPES
from dashboard.analysis.flow_query import FlowQuery

INTERNET = "internet"
NOT_KNOWN = "not known"
UNKNOWN_VPC = "-"
LEVEL_COLUMNS = {
    "subnet": ("subnet_name", "subnet_id"),
    "vpc": ("vpc_name", "vpc_id"),
    "account": ("account_name", "account_id"),
    "az": (None, "az_id"),
    "region": (None, "region"),
}
_SPLITS = {"service": "aws_service", "country": "country", "asn": "asn"}
_OUTSIDE = frozenset(WIDE_SCOPES["internet"])
_EVERYWHERE = frozenset({"multicast", "loopback", "link-local", "reserved"})

Texts = npt.NDArray[np.object_]


def node_ids(frame: pd.DataFrame, query: FlowQuery) -> Texts:
    """Return the node id of each row at a question's level, its internet and expansions."""
    named = _named_ids(frame)
    level = query.level
    if level == "address":
        ids = frame["node"].to_numpy(object).copy()
    elif level == "name":
        ids = named.copy()
    elif query.mask is not None:
        ids = _networks(frame["address"], query.mask)
    else:
        ids = _level_ids(frame, level, named)
    split = query.splits_internet
    if split != "address":
        outside = frame["scope"].isin(_OUTSIDE).to_numpy() & frame["name"].isna().to_numpy()
        outside &= frame["subnet_id"].isna().to_numpy() & frame["interface_id"].isna().to_numpy()
        if split in _SPLITS:
            told = frame[_SPLITS[split]].to_numpy(object)
            parts = np.array([f"{INTERNET} {t}" if t else f"{INTERNET} {NOT_KNOWN}" for t in told])
            ids[outside] = parts.astype(object)[outside]
        else:
            ids[outside] = INTERNET
    if query.expand:
        inside = np.isin(ids.astype(str), np.array(query.expand, dtype=str))
        finer = frame["node"].to_numpy(object) if level == "name" else named
        ids[inside] = finer[inside]
    return ids


def _level_ids(frame: pd.DataFrame, level: str, named: Texts) -> Texts:
    name_column, id_column = LEVEL_COLUMNS[level]
    identities = frame[id_column].to_numpy(object)
    names = frame[name_column].to_numpy(object) if name_column else identities
    identities_of: dict[Any, set[Any]] = {}
    for name, identity in zip(names, identities, strict=True):
        if name is not None:
            identities_of.setdefault(name, set()).add(identity)
    unknown = _networks(frame["address"], 24) if level == "subnet" else None
    scopes = frame["scope"].to_numpy(object)
    has_name = frame["name"].notna().to_numpy()
    ids = np.empty(len(frame), object)
    for row, (name, identity) in enumerate(zip(names, identities, strict=True)):
        if name is not None:
            is_plain = name == identity or len(identities_of[name]) == 1
            ids[row] = name if is_plain else f"{name} ({identity})"
        elif identity is not None:
            ids[row] = identity
        elif scopes[row] in _EVERYWHERE or (scopes[row] in _OUTSIDE and has_name[row]):
            ids[row] = named[row]
        elif scopes[row] in _OUTSIDE:
            ids[row] = frame["node"].iat[row]
        else:
            ids[row] = unknown[row] if unknown is not None else f"{level} {NOT_KNOWN}"
    return ids


def _named_ids(frame: pd.DataFrame) -> Texts:
    ids = frame["node"].to_numpy(object).copy()
    names = frame["name"].to_numpy(object)
    has_name = frame["name"].notna().to_numpy()
    # A name that reads like an address or like a node of ours would merge with it.
    ids[has_name] = [
        f"{name} (name)" if name == INTERNET or reads_as_network(name) else name
        for name in names[has_name]
    ]
    return ids


def _networks(addresses: Iterable[str], bits: int) -> Texts:
    """Return the network of each address; IPv6 takes `/64`, or its share of a short mask."""
    bits6 = 64 if bits >= 16 else bits * 4
    return np.array(
        [
            str(ipaddress.ip_network((a, bits6 if ":" in a else bits), strict=False))
            for a in addresses
        ],
        object,
    )


def address_ids(frame: pd.DataFrame) -> list[str]:
    """Return the id of each row at address level: with its VPC where it lies in several."""
    keys = zip(frame["address"], frame["vpc_key"], strict=True)
    return [
        address
        if key is None or pd.isna(key)
        else f"{address} ({f'VPC {NOT_KNOWN}' if key == UNKNOWN_VPC else key})"
        for address, key in keys
    ]


def reads_as_network(text: str) -> bool:
    """Tell whether a text reads like an address or a network, its VPC left aside."""
    try:
        ipaddress.ip_network(text.partition(" (")[0], strict=False)
    except ValueError:
        return False
    return True
