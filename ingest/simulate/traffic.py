"""Base traffic: which kinds of conversation there are, and draws of them.

All draws are arrays of one kind at a time; no random number is taken in a loop
over conversations.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ingest.simulate.conversations import (
    ACCEPTED,
    ICMP,
    NO_INCIDENT,
    REJECTED_AT_DESTINATION,
    REJECTED_AT_SOURCE,
    TCP,
    UDP,
    Conversations,
    concatenate,
)
from ingest.simulate.topology import AddressBook

APP_SERVERS = ("app-1", "app-2", "app-3", "app-4", "app-5", "app-6")
LOAD_BALANCERS = ("alb-a", "alb-b")
_BIGGEST_PACKET = 1_500

# First port, how many, and a stride without a common divisor: ports of one kind repeat only
# after the whole range, so a window hardly ever holds one 5-tuple twice.
_CLIENT_PORTS = {
    "linux": (40_960, 20_039, 7_919),
    "pool": (32_768, 8_191, 3_571),
    "mobile": (49_152, 16_384, 6_151),
    "nat": (1_024, 64_511, 24_001),
}


@dataclass(frozen=True)
class TrafficKind:
    """A kind of conversation and the distributions that its draws follow.

    Attributes:
        name: For messages and tests.
        weight: Share among conversations, relative to the other kinds.
        initiators: Pools of the address book; so are `responders`.
        responders: Chosen evenly.
        ports: Service ports.
        port_weights: Relative frequency of `ports`; even if empty.
        protocol: IANA number.
        packets: Median of what the initiator sends.
        return_ratio: Packets back for each packet sent.
        packet_bytes: Mean size of a packet sent and of one received.
        spread: Sigma of the lognormal distribution of packets.
        seconds: Median length; 0 for one exchange.
        seconds_spread: Sigma of its lognormal distribution.
        longest: Cut of the length, in seconds.
        client_ports: `linux`, `pool`, `mobile`, or `service` for the service port itself.
        is_diurnal: Whether it follows the day curve.
        skew: 1 if all initiators are as busy, more if few open most conversations.
        via_nat: Whether it leaves through the NAT gateway.
        outcome: As in `Conversations`.
    """

    name: str
    weight: float
    initiators: tuple[str, ...]
    responders: tuple[str, ...]
    ports: tuple[int, ...]
    port_weights: tuple[float, ...] = ()
    protocol: int = TCP
    packets: float = 10.0
    return_ratio: float = 1.0
    packet_bytes: tuple[float, float] = (150.0, 400.0)
    spread: float = 0.7
    seconds: float = 1.0
    seconds_spread: float = 1.0
    longest: float = 900.0
    client_ports: str = "linux"
    is_diurnal: bool = True
    skew: float = 1.0
    via_nat: bool = False
    outcome: int = ACCEPTED


_USER = TrafficKind(
    "user-https", 30, ("users",), LOAD_BALANCERS, (443,), packets=16, return_ratio=1.3,
    packet_bytes=(190, 880), spread=0.9, seconds=9, seconds_spread=1.2, longest=900,
    client_ports="mobile", skew=2,
)  # fmt: skip
_TO_THIRD_PARTY = TrafficKind(
    "third-party-api", 2.2, APP_SERVERS, ("third-party",), (443,), packets=12,
    return_ratio=0.9, packet_bytes=(310, 420), seconds=0.8, longest=120, via_nat=True,
)  # fmt: skip
_DENIED_SCAN = TrafficKind(
    "internet-scan", 6.0, ("scanners",), (*LOAD_BALANCERS, "bastion"),
    (23, 22, 445, 3389, 8080, 5900, 6379, 80, 21, 5060, 8443, 2375, 9200, 27017),
    (30, 16, 14, 9, 7, 5, 5, 4, 3, 2, 2, 1, 1, 1),
    packets=1.2, return_ratio=0, packet_bytes=(44, 0), spread=0.4, seconds=0, is_diurnal=False,
    skew=3, outcome=REJECTED_AT_DESTINATION,
)  # fmt: skip

# Sizes are typical of such a back end, not measured at one.
BASE_KINDS = (
    _USER,
    replace(_USER, name="user-https-v6", weight=5, initiators=("users/v6",),
            responders=("alb-a/v6", "alb-b/v6")),
    TrafficKind("alb-to-app", 14, LOAD_BALANCERS, APP_SERVERS, (8080,), packets=24,
                return_ratio=1.1, packet_bytes=(420, 760), seconds=25, longest=3_600),
    TrafficKind("health-check", 5, LOAD_BALANCERS, APP_SERVERS, (8080,), packets=6,
                return_ratio=0.7, packet_bytes=(66, 92), spread=0.05, seconds=0.02,
                is_diurnal=False),
    TrafficKind("app-to-redis", 9, APP_SERVERS, ("redis-primary",), (6379,), packets=60,
                return_ratio=0.9, packet_bytes=(120, 260), spread=1.1, seconds=40,
                longest=3_600),
    TrafficKind("app-to-redis-replica", 2, APP_SERVERS, ("redis-replica",), (6379,), packets=40,
                packet_bytes=(100, 380), spread=1.1, seconds=30, longest=3_600),
    TrafficKind("app-to-postgres", 5, APP_SERVERS, ("postgres-primary",), (5432,), packets=90,
                return_ratio=1.2, packet_bytes=(170, 610), spread=1.2, seconds=150,
                longest=7_200, client_ports="pool"),
    TrafficKind("redis-replication", 0.06, ("redis-replica",), ("redis-primary",), (6379,),
                packets=1_500, return_ratio=2, packet_bytes=(60, 900), seconds=2_400,
                longest=7_200, client_ports="pool"),
    TrafficKind("postgres-replication", 0.06, ("postgres-standby",), ("postgres-primary",),
                (5432,), packets=2_500, return_ratio=2, packet_bytes=(60, 1_150), seconds=2_400,
                longest=7_200, client_ports="pool"),
    TrafficKind("app-to-s3", 3, APP_SERVERS, ("s3",), (443,), packets=40, return_ratio=0.6,
                packet_bytes=(900, 240), spread=1.3, seconds=1.5, longest=300),
    TrafficKind("app-to-dynamodb", 1.6, APP_SERVERS, ("dynamodb",), (443,), packets=14,
                packet_bytes=(320, 510), seconds=3, longest=300, via_nat=True),
    _TO_THIRD_PARTY,
    replace(_TO_THIRD_PARTY, name="push-v6", weight=0.9, responders=("push-gateway/v6",),
            initiators=tuple(f"{name}/v6" for name in APP_SERVERS), via_nat=False),
    TrafficKind("admin-ssh", 0.03, ("office",), ("bastion",), (22,), packets=300,
                packet_bytes=(90, 190), spread=1.0, seconds=500, longest=5_400),
    TrafficKind("bastion-ssh", 0.04, ("bastion",), (*APP_SERVERS, "postgres-primary"), (22,),
                packets=200, packet_bytes=(90, 210), spread=1.0, seconds=300, longest=3_600),
    TrafficKind("metrics", 2.0, ("monitor",), (*APP_SERVERS, "redis-primary", "redis-replica",
                "postgres-primary", "postgres-standby"), (9100,), packets=7, return_ratio=1.6,
                packet_bytes=(70, 1_050), spread=0.1, seconds=0.1, is_diurnal=False),
    TrafficKind("ping", 1.2, ("monitor",), (*APP_SERVERS, "bastion", "dns-resolver",
                "redis-primary", "postgres-primary"), (0,), protocol=ICMP, packets=4,
                packet_bytes=(84, 84), spread=0.05, seconds=3, seconds_spread=0.05,
                client_ports="service", is_diurnal=False),
    TrafficKind("dns", 5, (*APP_SERVERS, "bastion", "monitor"), ("dns-resolver",), (53,),
                protocol=UDP, packets=1, packet_bytes=(72, 148), spread=0.3, seconds=0.01),
    TrafficKind("ntp", 0.6, (*APP_SERVERS, "redis-primary", "redis-replica", "postgres-primary",
                "postgres-standby", "bastion", "monitor"), ("dns-resolver",), (123,),
                protocol=UDP, packets=1, packet_bytes=(76, 76), spread=0.0, seconds=0.01,
                client_ports="service", is_diurnal=False),
    _DENIED_SCAN,
    replace(_DENIED_SCAN, name="internet-scan-udp", weight=0.7, ports=(53, 123, 161, 1900, 5060),
            port_weights=(), protocol=UDP, packet_bytes=(61, 0)),
    replace(_DENIED_SCAN, name="internet-ping", weight=0.3, ports=(0,), port_weights=(),
            protocol=ICMP, packets=2, packet_bytes=(60, 0), client_ports="service"),
    TrafficKind("denied-inside", 0.25, APP_SERVERS, ("bastion", "monitor", "redis-replica",
                "postgres-standby"), (22, 445, 3306, 9090), packets=2, return_ratio=0,
                packet_bytes=(60, 0), spread=0.5, seconds=1.5, is_diurnal=False,
                outcome=REJECTED_AT_DESTINATION),
    TrafficKind("denied-mail", 0.12, APP_SERVERS, ("mail-relay",), (25,), packets=2,
                return_ratio=0, packet_bytes=(60, 0), spread=0.5, seconds=1.5, is_diurnal=False,
                outcome=REJECTED_AT_SOURCE),
)  # fmt: skip


class DayCurve:
    """How busy users are, minute by minute, over the simulated range.

    Attributes:
        total: Weight of the whole range.
    """

    # Of records; what `BASE_KINDS` give that do not follow the curve, on a mean day.
    _FLAT_SHARE = 0.09

    def __init__(self, start: int, seconds: float) -> None:
        n_minutes = int(np.ceil(seconds / 60))
        self._edges = np.minimum(np.arange(n_minutes + 1) * 60.0, seconds)
        middle = start + (self._edges[1:] + self._edges[:-1]) / 2
        hour = middle % 86_400 / 3_600
        noon = np.exp(-(((hour - 12.5) / 3.5) ** 2))
        evening = np.exp(-(((hour - 19.5) / 2.5) ** 2))
        late = np.exp(-(((hour + 4.5) / 2.5) ** 2))
        # Thursday, 1 January 1970, is day 0; the factors begin with Monday.
        weekday = (middle // 86_400 + 3).astype(np.int64) % 7
        factor = np.array([1.0, 1.0, 1.02, 1.04, 1.15, 0.95, 0.85])[weekday]
        busy = (0.16 + 0.5 * noon + 0.9 * (evening + late)) * factor / 0.55
        spans = np.diff(self._edges)
        self._busy = np.concatenate([[0.0], np.cumsum(busy * spans)])
        self._all = np.concatenate(
            [[0.0], np.cumsum((self._FLAT_SHARE + (1 - self._FLAT_SHARE) * busy) * spans)]
        )
        self.total = float(self._all[-1])

    def share_until(self, second: float) -> float:
        """Return the share of all traffic before a time, between 0 and 1."""
        return float(np.interp(second, self._edges, self._all)) / self.total

    def busy_factor(self, begin: float, end: float) -> float:
        """Return how busy users are in a span; 1 is the mean of a working day."""
        low, high = np.interp([begin, end], self._edges, self._busy)
        return float(high - low) / (end - begin)

    def busy_times(
        self, uniform: npt.NDArray[np.float64], begin: float, end: float
    ) -> npt.NDArray[np.float64]:
        """Return times in a span that follow the curve, from draws between 0 and 1."""
        low, high = np.interp([begin, end], self._edges, self._busy)
        times: npt.NDArray[np.float64] = np.interp(
            low + uniform * (high - low), self._busy, self._edges
        )
        return times


class TrafficSource:
    """Draws base traffic; equal arguments and calls give equal conversations.

    Args:
        book: The addresses.
        curve: When users are awake.
        interval_s: The aggregation interval, see `shape`.
        end: Length of the simulation; nothing lasts beyond it.
        ipv6: Whether kinds between IPv6 addresses take part.
        n_users: How many users on the internet there are.
    """

    def __init__(
        self,
        book: AddressBook,
        curve: DayCurve,
        *,
        interval_s: int,
        end: float,
        ipv6: bool,
        n_users: int,
    ) -> None:
        self.book, self.curve = book, curve
        self.interval_s, self.end, self.n_users = interval_s, end, n_users
        self.kinds = [kind for kind in BASE_KINDS if ipv6 or not kind.initiators[0].endswith("/v6")]
        self._n_ports_used = dict.fromkeys(_CLIENT_PORTS, 0)

    def draw(self, rng: np.random.Generator, count: int, begin: float, end: float) -> Conversations:
        """Return `count` conversations that start in a span, in random order."""
        counts = rng.multinomial(count, self._shares(begin, end))
        drawn = concatenate(
            [
                self.draw_kind(rng, kind, int(n), begin, end)
                for kind, n in zip(self.kinds, counts, strict=True)
            ]
        )
        return drawn.take(rng.permutation(len(drawn)))

    def denied_share(self) -> float:
        """Return the share of conversations that are denied, over the whole range."""
        is_denied = np.array([kind.outcome != ACCEPTED for kind in self.kinds])
        return float(self._shares(0, self.end)[is_denied].sum())

    def draw_kind(
        self,
        rng: np.random.Generator,
        kind: TrafficKind,
        count: int,
        begin: float,
        end: float,
        incident: int = NO_INCIDENT,
    ) -> Conversations:
        """Return `count` conversations of one kind that start in a span."""
        uniform = rng.random(count)
        if kind.is_diurnal:
            start = self.curve.busy_times(uniform, begin, end)
        else:
            start = begin + uniform * (end - begin)
        seconds = np.zeros(count)
        if kind.seconds:
            seconds = kind.seconds * np.exp(kind.seconds_spread * rng.standard_normal(count))
        initiators = self.book.numbers(kind.initiators)
        responders = self.book.numbers(kind.responders)
        shares = np.array(kind.port_weights or [1.0] * len(kind.ports))
        bounds = np.cumsum(shares / shares.sum())[:-1]
        ports = np.array(kind.ports)[np.searchsorted(bounds, rng.random(count))]
        packets = kind.packets * np.exp(kind.spread * rng.standard_normal(count))
        sent_size, received_size = kind.packet_bytes
        size_factor = np.exp(0.25 * rng.standard_normal(count))
        return self.shape(
            start=start,
            seconds=np.minimum(seconds, kind.longest),
            initiator=initiators[self._choose(rng, kind, len(initiators), count)],
            responder=responders[(rng.random(count) * len(responders)).astype(np.int64)],
            initiator_port=(
                ports
                if kind.client_ports == "service"
                else self._next_ports(kind.client_ports, count)
            ),
            service_port=ports,
            via_nat=kind.via_nat,
            protocol=kind.protocol,
            packets=packets,
            packet_bytes=sent_size * size_factor,
            return_packets=packets * kind.return_ratio,
            return_packet_bytes=received_size * size_factor,
            outcome=kind.outcome,
            incident=incident,
        )

    def shape(
        self,
        *,
        start: npt.NDArray[np.float64],
        seconds: npt.NDArray[np.float64],
        initiator: npt.NDArray[np.int64],
        responder: npt.NDArray[np.int64],
        initiator_port: npt.NDArray[np.int64],
        service_port: npt.NDArray[np.int64],
        via_nat: bool,
        protocol: int,
        packets: npt.NDArray[np.float64],
        packet_bytes: npt.NDArray[np.float64],
        return_packets: npt.NDArray[np.float64],
        return_packet_bytes: npt.NDArray[np.float64],
        outcome: int,
        incident: int,
    ) -> Conversations:
        """Round drawn values to conversations that can exist.

        A conversation that lasts gets at least one packet per aggregation
        interval, as keep-alives do: then none of its windows is empty, and the
        number of its records is known before they are made.
        """
        count = len(start)
        # A quarter of a second keeps the last packet off a window's edge, where rounding decides.
        seconds = np.clip(seconds, 0, np.maximum(self.end - 0.25 - start, 0))
        fewest = np.where(seconds > 0, np.ceil(seconds / self.interval_s) + 2, 1)
        if protocol != TCP:
            fewest = np.where(seconds > self.interval_s / 2, fewest, 1)
        sent = np.maximum(np.rint(packets), fewest).astype(np.int64)
        received = np.zeros(count, dtype=np.int64)
        if outcome == ACCEPTED:
            received = np.maximum(np.rint(return_packets), fewest).astype(np.int64)
        size = np.clip(packet_bytes, 40, _BIGGEST_PACKET)
        return_size = np.clip(return_packet_bytes, 40, _BIGGEST_PACKET)
        nat_port = np.zeros(count, dtype=np.int64)
        if via_nat:
            nat_port = self._next_ports("nat", count)
        return Conversations(
            start=start,
            seconds=seconds,
            initiator=initiator.astype(np.int32),
            responder=responder.astype(np.int32),
            initiator_port=initiator_port.astype(np.int32),
            service_port=service_port.astype(np.int32),
            nat_port=nat_port.astype(np.int32),
            protocol=np.full(count, protocol, dtype=np.uint8),
            packets=sent,
            n_bytes=np.rint(sent * size).astype(np.int64),
            return_packets=received,
            return_bytes=np.rint(received * return_size).astype(np.int64),
            outcome=np.full(count, outcome, dtype=np.uint8),
            incident=np.full(count, incident, dtype=np.int8),
        )

    def _shares(self, begin: float, end: float) -> npt.NDArray[np.float64]:
        """Return the share of each kind among the conversations of a span."""
        busy = self.curve.busy_factor(begin, end)
        weights = np.array([kind.weight * (busy if kind.is_diurnal else 1) for kind in self.kinds])
        return np.asarray(weights / weights.sum(), dtype=np.float64)

    def _next_ports(self, name: str, count: int) -> npt.NDArray[np.int64]:
        first, size, stride = _CLIENT_PORTS[name]
        used = self._n_ports_used[name]
        self._n_ports_used[name] = used + count
        return first + np.arange(used, used + count, dtype=np.int64) * stride % size

    def _choose(
        self, rng: np.random.Generator, kind: TrafficKind, size: int, count: int
    ) -> npt.NDArray[np.int64]:
        """Return positions among `size` initiators.

        The busyness of the n-th falls with n to the power of `1 / skew - 1`: Zipf's law.
        """
        if kind.skew == 1:
            return (rng.random(count) * size).astype(np.int64)
        busiest = min(size, self.n_users) if kind.initiators[0].startswith("users") else size
        rank = (busiest * rng.random(count) ** kind.skew).astype(np.int64)
        # Busy addresses are spread over the whole range instead of lying at its start.
        return (4_711 + rank * 40_503) % size
