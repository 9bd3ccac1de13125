"""Changes between two time ranges as CSV."""

from __future__ import annotations

import pyarrow as pa

from dashboard.analysis.answers import Changes
from dashboard.analysis.export.tables import csv_text

_SUMS = ("flows", "bytes", "packets", "accepted", "rejected")
_SCHEMA = pa.schema(
    [
        ("change", pa.string()),
        ("src", pa.string()),
        ("dst", pa.string()),
        ("port", pa.int32()),
        ("protocol", pa.int16()),
        *((f"{name}{when}", pa.int64()) for name in _SUMS for when in ("_before", "")),
        ("difference", pa.float64()),
    ]
)


def changes_csv(changes: Changes) -> bytes:
    """Write one line per changed edge, in the answer's order; texts are no formulas."""
    rows = changes.rows
    columns = [pa.array(rows[f.name], type=f.type, from_pandas=True) for f in _SCHEMA]
    return csv_text(pa.table(columns, schema=_SCHEMA))
