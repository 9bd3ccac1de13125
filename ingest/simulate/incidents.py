"""Labelled incidents: what a rule or a person should find in the base traffic.

Sizes follow the base traffic, so an incident is neither lost in a large
simulation nor all there is in a small one; each has a floor below which it
would not be what its name says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.simulate.conversations import (
    ACCEPTED,
    REJECTED_AT_DESTINATION,
    TCP,
    Conversations,
)
from ingest.simulate.topology import HOSTS
from ingest.simulate.traffic import APP_SERVERS, LOAD_BALANCERS, TrafficKind, TrafficSource

# Records per conversation of the base traffic, to turn a share of records into conversations.
_RECORDS_EACH = 5.0


@dataclass(frozen=True)
class _Scene:
    """What an incident is built from.

    Attributes:
        source: Draws conversations.
        rng: Used by this incident alone, so that others do not move it.
        number: Position in `INCIDENTS`.
        records: Size of the whole simulation.
    """

    source: TrafficSource
    rng: np.random.Generator
    number: int
    records: int

    def span(self, seconds: float) -> tuple[float, float]:
        """Return a span inside the range, away from its edges; shorter if the range is."""
        end = self.source.end
        length = min(seconds, 0.6 * end)
        begin = 0.1 * end + float(self.rng.random()) * (0.8 * end - length)
        return begin, begin + length

    def kind(self, kind: TrafficKind, count: int, span: tuple[float, float]) -> Conversations:
        """Return labelled conversations of one kind."""
        return self.source.draw_kind(self.rng, kind, count, *span, incident=self.number)

    def scaled(self, share: float, fewest: int, most: int) -> int:
        """Return a share of all records as a number of conversations, within bounds."""
        return int(np.clip(self.records * share / _RECORDS_EACH, fewest, most))


def _denied_burst(scene: _Scene) -> Conversations:
    """Five sources try ten times what is denied on an average day, for 15 minutes."""
    span = scene.span(900)
    denied = scene.records / _RECORDS_EACH * scene.source.denied_share()
    usual = denied * (span[1] - span[0]) / scene.source.end
    kind = TrafficKind(
        "denied-burst", 1, ("attackers",), (*LOAD_BALANCERS, "bastion"), (22, 3389, 445, 8080),
        packets=2, return_ratio=0, packet_bytes=(52, 0), spread=0.5, seconds=2, seconds_spread=0.3,
        longest=20, is_diurnal=False, outcome=REJECTED_AT_DESTINATION,
    )  # fmt: skip
    return scene.kind(kind, max(60, round(10 * usual)), span)


def _port_scan(scene: _Scene) -> Conversations:
    """One host outside tries at least 240 ports of the bastion, each once."""
    count = scene.scaled(0.01, 240, 4_000)
    low, high = scene.span(240)
    ports = np.sort(1 + scene.rng.choice(9_999, count, replace=False))
    return _probes(
        scene,
        start=low + (high - low) * np.arange(count) / count,
        initiator=_full(scene, "port-scan-host", count),
        responder=_full(scene, "bastion", count),
        ports=scene.rng.permutation(ports),
    )


def _port_sweep(scene: _Scene) -> Conversations:
    """An app server tries port 3389 of every host of the VPC, three times over."""
    names = [host.name for host in HOSTS if host.name != "app-3"]
    low, high = scene.span(300)
    targets = np.tile(scene.source.book.numbers(names), 3)
    return _probes(
        scene,
        start=low + (high - low) * np.arange(len(targets)) / len(targets),
        initiator=_full(scene, "app-3", len(targets)),
        responder=targets,
        ports=np.full(len(targets), 3389),
    )


def _ssh_brute_force(scene: _Scene) -> Conversations:
    """One host outside opens many short SSH connections to the bastion; all are accepted."""
    kind = TrafficKind(
        "ssh-brute-force", 1, ("brute-force-host",), ("bastion",), (22,), packets=14,
        return_ratio=0.9, packet_bytes=(130, 170), spread=0.2, seconds=2.2, seconds_spread=0.3,
        longest=12, is_diurnal=False,
    )  # fmt: skip
    return scene.kind(kind, scene.scaled(0.01, 150, 20_000), scene.span(2_400))


def _exfiltration(scene: _Scene) -> Conversations:
    """App server app-2 sends about 5 GB to an unknown host within an hour."""
    low, high = scene.span(3_600)
    count = 4
    part = (high - low) / count
    packets = 900_000 * (0.9 + 0.2 * scene.rng.random(count))
    return scene.source.shape(
        start=low + part * np.arange(count, dtype=np.float64),
        seconds=np.full(count, part * 0.96),
        initiator=_full(scene, "app-2", count),
        responder=_full(scene, "drop-host", count),
        initiator_port=_ports(scene, count),
        service_port=np.full(count, 443),
        via_nat=True,
        protocol=TCP,
        packets=packets,
        packet_bytes=np.full(count, 1_430.0),
        return_packets=packets / 2,
        return_packet_bytes=np.full(count, 54.0),
        outcome=ACCEPTED,
        incident=scene.number,
    )


def _beacon(scene: _Scene) -> Conversations:
    """App server app-5 calls one rare host every 5 minutes, 15 seconds more or less."""
    end = scene.source.end
    due = np.arange(min(150.0, end / 2), end, 300.0)
    start = due + scene.rng.uniform(-15, 15, len(due))
    start = np.clip(start, 0, end - 1)
    count = len(start)
    packets = np.rint(scene.rng.uniform(7.0, 10.0, count))
    return scene.source.shape(
        start=start,
        seconds=scene.rng.uniform(0.3, 1.2, count),
        initiator=_full(scene, "app-5", count),
        responder=_full(scene, "beacon-host", count),
        initiator_port=_ports(scene, count),
        service_port=np.full(count, 443),
        via_nat=True,
        protocol=TCP,
        packets=packets,
        packet_bytes=np.full(count, 118.0),
        return_packets=packets - 1,
        return_packet_bytes=np.full(count, 141.0),
        outcome=ACCEPTED,
        incident=scene.number,
    )


def _new_service(scene: _Scene) -> Conversations:
    """From halfway on, app servers talk to port 9200 of a host that was not there before."""
    kind = TrafficKind(
        "new-service", 1, APP_SERVERS, ("search-1",), (9200,), packets=12, return_ratio=1.2,
        packet_bytes=(240, 700), spread=0.6, seconds=2, longest=60,
    )  # fmt: skip
    end = scene.source.end
    return scene.kind(kind, scene.scaled(0.015, 40, 200_000), (end / 2, end))


def _probes(
    scene: _Scene,
    *,
    start: npt.NDArray[np.floating[Any]],
    initiator: npt.NDArray[np.int64],
    responder: npt.NDArray[np.int64],
    ports: npt.NDArray[np.int64],
) -> Conversations:
    """Return single SYN packets that the destination denies."""
    count = len(start)
    return scene.source.shape(
        start=start.astype(np.float64),
        seconds=np.zeros(count),
        initiator=initiator,
        responder=responder,
        initiator_port=_ports(scene, count),
        service_port=ports,
        via_nat=False,
        protocol=TCP,
        packets=np.ones(count),
        packet_bytes=np.full(count, 44.0),
        return_packets=np.zeros(count),
        return_packet_bytes=np.zeros(count),
        outcome=REJECTED_AT_DESTINATION,
        incident=scene.number,
    )


def _full(scene: _Scene, pool: str, count: int) -> npt.NDArray[np.int64]:
    return np.full(count, scene.source.book.number(pool))


def _ports(scene: _Scene, count: int) -> npt.NDArray[np.int64]:
    return scene.rng.integers(40_960, 61_000, count)


_BUILDERS: dict[str, Callable[[_Scene], Conversations]] = {
    "denied-burst": _denied_burst,
    "port-scan": _port_scan,
    "port-sweep": _port_sweep,
    "ssh-brute-force": _ssh_brute_force,
    "exfiltration": _exfiltration,
    "beacon": _beacon,
    "new-service": _new_service,
}
INCIDENTS: tuple[str, ...] = tuple(_BUILDERS)
"""Names of the incidents that can be asked for."""


def draw_incident(name: str, source: TrafficSource, seed: int, records: int) -> Conversations:
    """Return the conversations of one incident, ordered by start.

    Args:
        name: One of `INCIDENTS`.
        source: Also gives the ports at the NAT gateway, shared with the base traffic.
        seed: Of the simulation; an incident's draws depend on it and its name only.
        records: Size of the whole simulation, which the incident's size follows.
    """
    number = INCIDENTS.index(name)
    rng = np.random.default_rng([seed, 1, number])
    found = _BUILDERS[name](_Scene(source, rng, number, records))
    return found.take(np.argsort(found.start, kind="stable"))
