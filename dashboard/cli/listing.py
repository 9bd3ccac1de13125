"""`flows`: the raw records behind an answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dashboard.analysis.export.files import whole_file
from dashboard.analysis.export.tables import RECORD_SUFFIXES, record_pages, write_records
from dashboard.cli.options import Access, Question, Sharing, opened, with_options
from dashboard.cli.printing import note
from dashboard.errors import BadQueryError


@with_options
def flows(
    question: Question,
    sharing: Sharing,
    access: Access,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="File (" + ", ".join(RECORD_SUFFIXES) + "), or - for CSV on stdout.",
        ),
    ] = "-",
) -> None:
    """Write every flow record that fits, with the object and line that it came from."""
    suffix = ".csv" if output == "-" else Path(output).suffix.lower()
    if suffix not in RECORD_SUFFIXES:
        expected = "a file that ends in " + ", ".join(RECORD_SUFFIXES) + ", or -"
        raise BadQueryError(field="output", value=output, expected=expected)
    at = opened(access, sharing)
    query = question.query(at.real)
    pages = record_pages(at.answers, query, shared=sharing.share)
    if output == "-":
        write_records(sys.stdout.buffer, pages, suffix)
        sys.stdout.buffer.flush()
        return
    with whole_file(Path(output)) as file:
        n_rows = write_records(file, pages, suffix)
    note(f"{output}: {n_rows:,} records")
