"""Fields of a format, and what they make possible."""

import re

from dashboard.analysis.log_format import (
    RECOMMENDED_FIELDS,
    UNLOCKS,
    create_command,
    lacking,
    log_format,
)
from ingest.schema import COLUMN_BY_FIELD, DEFAULT_FIELDS, TGW_DEFAULT_FIELDS


def test_every_field_named_is_one_of_aws() -> None:
    """Neither the advice nor the command holds a field that AWS would refuse."""
    named = {field for unlock in UNLOCKS for field in unlock.fields} | set(RECOMMENDED_FIELDS)

    assert named <= set(COLUMN_BY_FIELD)
    assert len(set(RECOMMENDED_FIELDS)) == len(RECOMMENDED_FIELDS)


def test_default_format_lacks_all_later_fields() -> None:
    """Version 2 knows action, status and time, and nothing that tells the initiator."""
    gaps = [unlock.fields for unlock in lacking(DEFAULT_FIELDS)]

    assert gaps[0] == ("tcp-flags",)
    assert ("action",) not in gaps
    assert ("pkt-srcaddr", "pkt-dstaddr") in gaps
    assert len(gaps) == len(UNLOCKS) - 3


def test_half_of_a_pair_is_not_enough() -> None:
    """Both packet addresses are needed to see through a NAT gateway."""
    gaps = [unlock.fields for unlock in lacking((*DEFAULT_FIELDS, "pkt-srcaddr"))]

    assert ("pkt-srcaddr", "pkt-dstaddr") in gaps


def test_recommended_format_lacks_only_what_few_can_use() -> None:
    """What is left out on purpose."""
    assert [unlock.fields[0] for unlock in lacking(RECOMMENDED_FIELDS)] == [
        "resource-id",
        "ecs-cluster-name",
        "encryption-status",
    ]


def test_transit_gateway_gets_no_advice_for_interfaces() -> None:
    """Its format has no action that could be added."""
    assert lacking(TGW_DEFAULT_FIELDS) == []


def test_command_survives_a_shell() -> None:
    """Variables of the format stand in single quotes and hold none."""
    command = create_command()

    quoted = re.findall(r"'([^']*)'", command)
    assert quoted == [log_format()]
    assert "$" not in command.replace(quoted[0], "")
    assert quoted[0].startswith("${version} ${account-id} ${interface-id} ${srcaddr}")
