"""The labels: who really talked to whom, one row per conversation."""

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.simulate.conversations import ICMP, NO_INCIDENT, Conversations
from ingest.simulate.incidents import INCIDENTS
from ingest.simulate.topology import NO_ENI, AddressBook

_OUTCOMES = pl.Series(["ACCEPT", "REJECT", "REJECT"])
_REJECTED_AT = pl.Series([None, "source", "destination"], dtype=pl.String)


class LabelWriter:
    """Writes `labels.parquet`, a row group for each span.

    Columns: `initiator`, `responder`, `initiator_port`, `service_port` (both
    null for ICMP), `protocol`, `start`, `end` (epoch seconds of the first and
    last packet), `packets`, `bytes`, `return_packets`, `return_bytes`, `action`
    (what became of the traffic), `rejected_at` (`source`, `destination` or
    null), `initiator_logged`, `responder_logged` (that end's ENI logs),
    `incident` (name or null).

    Attributes:
        path: The file.
        n_rows: Conversations written so far.
    """

    def __init__(self, path: Path, book: AddressBook, start: int) -> None:
        self.path, self.n_rows = path, 0
        self._book, self._start = book, start
        self._writer: pq.ParquetWriter | None = None

    def add(self, conversations: Conversations) -> None:
        """Write conversations, ordered by start."""
        c = conversations.take(np.argsort(conversations.start, kind="stable"))
        text, eni = self._book.text, self._book.eni
        has_ports = pl.Series(c.protocol != ICMP)
        names = pl.Series([*INCIDENTS, None], dtype=pl.String)
        incident = np.where(c.incident == NO_INCIDENT, len(INCIDENTS), c.incident)
        table = pl.DataFrame(
            {
                "initiator": text.gather(c.initiator),
                "responder": text.gather(c.responder),
                "initiator_port": c.initiator_port,
                "service_port": c.service_port,
                "protocol": c.protocol.astype(np.int16),
                "start": self._start + np.floor(c.start).astype(np.int64),
                "end": self._start + np.floor(c.start + c.seconds).astype(np.int64),
                "packets": c.packets,
                "bytes": c.n_bytes,
                "return_packets": c.return_packets,
                "return_bytes": c.return_bytes,
                "action": _OUTCOMES.gather(c.outcome),
                "rejected_at": _REJECTED_AT.gather(c.outcome),
                "initiator_logged": eni[c.initiator] != NO_ENI,
                "responder_logged": eni[c.responder] != NO_ENI,
                "incident": names.gather(incident),
            }
        ).with_columns(
            pl.when(has_ports).then(pl.col("initiator_port", "service_port")),
        )
        self._write(table.to_arrow(compat_level=pl.CompatLevel.oldest()))
        self.n_rows += len(table)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()

    def _write(self, table: pa.Table) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, table.schema, compression="zstd")
        self._writer.write_table(table)
