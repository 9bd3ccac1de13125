"""The status of a cache as Prometheus text."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.store.commit import READ_STATUSES
from ingest.store.status import CacheStatus

Samples = Mapping[str, int | None]


def prometheus(status: CacheStatus) -> str:
    """Write the metrics that a cache can tell, in the text format of Prometheus 0.0.4.

    What only a running load knows (retries, objects that vanished or are pending) is not
    among them. An age that is not known has no sample.
    """
    facts = status.facts
    results: dict[str, int] = {}
    for name, n in status.objects_by_status.items():
        result = name if name in READ_STATUSES else "quarantined"
        results[result] = results.get(result, 0) + n
    gaps = status.gaps
    families: list[tuple[str, str, str, str, Samples]] = [
        ("objects_total", "counter", "Log objects read, by their result.", "result", results),
        ("rows_total", "counter", "Rows in all log objects.", "", {"": facts.rows_read}),
        ("rows_stored", "gauge", "Rows in the cache.", "", {"": facts.rows_stored}),
        ("rows_rejected_total", "counter", "Rows rejected.", "reason", status.rejects),
        ("bytes_total", "counter", "Bytes of log objects read.", "", {"": status.bytes_read}),
        ("last_success_timestamp_seconds", "gauge", "Time of the last commit.", "",
         {"": facts.committed_at}),
        ("newest_record_timestamp_seconds", "gauge", "End of the newest record.", "",
         {"": facts.last}),
        ("skipdata_intervals_total", "counter", "Intervals in which AWS lost records.", "",
         {"": facts.skipdata}),
        ("gap_hours", "gauge", "Hours without a row of any interface.", "",
         {"": len(gaps.hours) if gaps else None}),
        ("gap_interfaces", "gauge", "Interfaces with hours without rows.", "",
         {"": gaps.interfaces if gaps else None}),
        ("cache_bytes", "gauge", "Size of the cache's live files.", "table", status.bytes),
        ("cache_parts", "gauge", "Number of the cache's live files.", "table", status.parts),
        ("catalog_bytes", "gauge", "Size of the catalog.", "", {"": status.catalog_bytes}),
        ("disk_free_bytes", "gauge", "Free space on the cache's disk.", "",
         {"": status.disk_free}),
    ]  # fmt: skip
    lines = []
    for name, kind, text, label, samples in families:
        full = f"flow_atlas_{name}"
        lines += [f"# HELP {full} {text}", f"# TYPE {full} {kind}"]
        for value, sample in sorted(samples.items()):
            if sample is not None:
                labels = f'{{{label}="{_escaped(value)}"}}' if label else ""
                lines.append(f"{full}{labels} {sample}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
