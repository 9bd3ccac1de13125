"""Conversations as columns: what really happened, before any ENI sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

ACCEPTED, REJECTED_AT_SOURCE, REJECTED_AT_DESTINATION = 0, 1, 2
NO_INCIDENT = -1
ICMP, TCP, UDP = 1, 6, 17


@dataclass(frozen=True)
class Conversations:
    """One element per conversation in every array.

    Attributes:
        start: Time of the first packet, seconds since the simulation's start.
        seconds: Time from the first to the last packet.
        initiator: Row in the address book; so is `responder`.
        responder: For traffic through the NAT gateway, the host on the internet.
        initiator_port: 0 for ICMP; so is `service_port`.
        service_port: Port at the responder.
        nat_port: Port at the NAT gateway, 0 for traffic that does not pass it.
        protocol: IANA number.
        packets: Initiator to responder; so are `n_bytes`.
        n_bytes: At least 40 for every packet.
        return_packets: Responder to initiator, 0 if rejected; so are `return_bytes`.
        return_bytes: At least 40 for every packet.
        outcome: `ACCEPTED`, `REJECTED_AT_SOURCE` or `REJECTED_AT_DESTINATION`.
        incident: Position in `INCIDENTS`, or `NO_INCIDENT`.
    """

    start: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]
    initiator: npt.NDArray[np.int32]
    responder: npt.NDArray[np.int32]
    initiator_port: npt.NDArray[np.int32]
    service_port: npt.NDArray[np.int32]
    nat_port: npt.NDArray[np.int32]
    protocol: npt.NDArray[np.uint8]
    packets: npt.NDArray[np.int64]
    n_bytes: npt.NDArray[np.int64]
    return_packets: npt.NDArray[np.int64]
    return_bytes: npt.NDArray[np.int64]
    outcome: npt.NDArray[np.uint8]
    incident: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> "Conversations":
        """Return the chosen conversations, by position or by mask."""
        return Conversations(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def concatenate(parts: Sequence[Conversations]) -> Conversations:
    """Return the conversations of several tables, in order."""
    return Conversations(
        **{
            f.name: np.concatenate([getattr(part, f.name) for part in parts])
            for f in fields(Conversations)
        }
    )
