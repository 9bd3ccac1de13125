"""Tags: AWS writes them in three ways, and people put names and owners into them."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Tags = dict[str, str]

NAME_TAG = "Name"
OWNER_TAGS = ("owner", "team")
_LONGEST = 256  # As long as AWS lets a tag's value be.


def tags_of(resource: Mapping[str, Any]) -> Tags:
    """Return the tags of a resource as EC2, RDS or ECS tell them."""
    return {
        str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", "")))
        for key in ("Tags", "TagSet", "TagList", "tags")
        for tag in resource.get(key) or ()
    }


def owner_of(tags: Mapping[str, str], owner_tags: Sequence[str] = OWNER_TAGS) -> str | None:
    """Return the first of these tags that is set, in any case of letters."""
    by_key = {key.casefold(): value for key, value in sorted(tags.items(), reverse=True)}
    return first_name(by_key.get(key.casefold()) for key in owner_tags)


def tags_text(tags: Mapping[str, str]) -> str | None:
    """Return tags as a JSON object with sorted keys; None without any."""
    return json.dumps(dict(sorted(tags.items())), ensure_ascii=False) if tags else None


def first_name(candidates: Iterable[str | None]) -> str | None:
    """Return the first that can stand for an address.

    Anybody who may tag a resource chooses these texts: one that is empty, or reads like
    an address and so would stand for another machine, is passed over.
    """
    return next((name for name in map(_cleaned, candidates) if name), None)


def _cleaned(text: str | None) -> str | None:
    name = " ".join("".join(c if c.isprintable() else " " for c in text or "").split())[:_LONGEST]
    try:
        ipaddress.ip_network(name, strict=False)
    except ValueError:
        return name or None
    return None
