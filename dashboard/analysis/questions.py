"""Ready questions: what an engineer asks first, and how to answer it from the traffic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dashboard.analysis.answers import FlowAnswers
from dashboard.analysis.flow_query import FlowQuery

# Remote shells and desktops, then the databases of AWS's managed services at their
# default ports (IANA's registry, AWS's service pages).
_HOUR_S = 3_600
ADMIN_PORTS = (22, 23, 3389, 5985, 5986)
DATABASE_PORTS = (1433, 1521, 3306, 5432, 5439, 6379, 9042, 11211, 27017)


@dataclass(frozen=True, slots=True)
class Reply:
    """A number, and who stands behind most of it.

    Attributes:
        amount: How much or how many.
        unit: `flows`, `bytes` or `edges`.
        who: Node id of the largest part; None: nobody, or it is not one node.
        lacks: What an answer would need and is not there; then the rest is meaningless.
    """

    amount: int = 0
    unit: str = "flows"
    who: str | None = None
    lacks: tuple[str, ...] = ()


Answer = Callable[[FlowAnswers, FlowQuery, FlowQuery | None], Reply]


@dataclass(frozen=True, slots=True)
class ReadyQuestion:
    """A question with a view of its own.

    Attributes:
        key: Its short name.
        title: As it is asked.
        label: The same in a few words.
        changes: Fields of FlowQuery that make the view.
        answer: Works out the reply from the changed question, and for a comparison from
            the question over the range before.
        compare: What its view compares with; empty: nothing.
        tab: The tab that its view opens.
        needs: Fields of the log format without which it has no answer.
    """

    key: str
    title: str
    label: str
    changes: Mapping[str, Any]
    answer: Answer
    compare: str = ""
    tab: str = "network"
    needs: tuple[str, ...] = field(default=())

    def query(self, query: FlowQuery) -> FlowQuery:
        """Return the view's question over the range of another."""
        return FlowQuery(start=query.start, end=query.end).replace(**self.changes)

    def reply(self, answers: FlowAnswers, query: FlowQuery, base: FlowQuery | None = None) -> Reply:
        """Answer it over the range of a question; `base` is the range compared with."""
        asked = self.query(query)
        if self.needs:
            lacks = _lacks(answers, asked, self.needs)
            if lacks:
                return Reply(lacks=lacks)
        before = None if base is None else asked.replace(start=base.start, end=base.end)
        return self.answer(answers, asked, before)


def _lacks(answers: FlowAnswers, query: FlowQuery, needs: tuple[str, ...]) -> tuple[str, ...]:
    known = {name for fields in answers.quality(query).formats["fields"] for name in fields.split()}
    return tuple(name for name in needs if name not in known)


def _most(side: str) -> Answer:
    def answer(answers: FlowAnswers, query: FlowQuery, _base: FlowQuery | None) -> Reply:
        ranking = answers.sides(query, "src" if side == "src" else "dst", 1)
        rows = ranking.rows
        addressed = rows[rows[side].notna()]
        who = str(addressed[side].iloc[0]) if len(addressed) else None
        return Reply(int(getattr(ranking.total, query.metric)), query.metric, who)

    return answer


def _news(answers: FlowAnswers, query: FlowQuery, base: FlowQuery | None) -> Reply:
    first = answers.facts().first
    # Against a few minutes of the day before, nearly everything would be new.
    is_whole = base is not None and first is not None and first <= (base.start or 0) + _HOUR_S
    if base is None or not is_whole or not answers.totals(base).volume.records:
        return Reply(lacks=("records of the whole day before",))
    sums = answers.changes(query, base, ("added",)).sums
    added = sums[sums["change"] == "added"]
    return Reply(int(added["edges"].sum()), "edges")


def _ports(ports: tuple[int, ...]) -> str:
    return f"port in ({', '.join(map(str, ports))})"


QUESTIONS: tuple[ReadyQuestion, ...] = (
    ReadyQuestion(
        "denied", "Who is denied most?", "Denied",
        MappingProxyType({"action": "reject", "threshold": 1}), _most("src"),
    ),
    ReadyQuestion(
        "exposed", "What does the internet reach?", "From the internet",
        MappingProxyType(
            {"filter": "src.scope = internet and dst.scope = internal and action = accept",
             "internet": "one"}
        ),
        _most("dst"),
    ),
    ReadyQuestion(
        "leaving", "What leaves for the internet?", "To the internet",
        MappingProxyType(
            {"filter": "src.scope = internal and dst.scope = internet", "metric": "bytes"}
        ),
        _most("src"),
    ),
    ReadyQuestion(
        "new", "What is new since yesterday?", "New since yesterday",
        MappingProxyType({"threshold": 1}), _news, compare="day", tab="changes",
    ),
    ReadyQuestion(
        "admin", "Who uses SSH or RDP?", "SSH and RDP",
        MappingProxyType({"filter": _ports(ADMIN_PORTS), "threshold": 1}), _most("src"),
    ),
    ReadyQuestion(
        "databases", "Who uses databases?", "Databases",
        MappingProxyType({"filter": _ports(DATABASE_PORTS), "threshold": 1}), _most("src"),
    ),
    ReadyQuestion(
        "zones", "What crosses zones?", "Crosses zones",
        MappingProxyType({"filter": "crosses = az", "metric": "bytes"}), _most("src"),
    ),
    ReadyQuestion(
        "nat", "What reaches S3 through NAT?", "S3 through NAT",
        # Path 1: through another resource in the same VPC (AWS, "Flow log records",
        # traffic-path), where a gateway endpoint would be path 7.
        MappingProxyType(
            {"filter": "logged_service = S3 and traffic_path = 1", "metric": "bytes",
             "threshold": 1}
        ),
        _most("src"), needs=("pkt-dst-aws-service", "traffic-path"),
    ),
)  # fmt: skip
