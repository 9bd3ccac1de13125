"""Records of any container as lines of one layout: where every form of log object ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ingest.errors import BadObjectError
from ingest.parse.header import Layout, header_fields, layout_of, refusal
from ingest.parse.lines import Reject, reject_line
from ingest.schema import ADDRESS_FIELDS, COLUMN_BY_FIELD

BATCH_RECORDS = 20_000
SCANNED_RECORDS = 20  # So many may stand before the one that tells the layout.


@dataclass(frozen=True, slots=True)
class TextChunk:
    """Consecutive lines of one object.

    Attributes:
        fields: The layout, AWS's names in order. Header lines further down may change it.
        first_line: The number of the first line in the object, from 1.
        n_lines: How many lines there are.
        block: The lines, each with its newline.
        remark: What to know about how the object was read; None for the usual way.
        rejects: Records of the container that no line could be made of.
        begin: Where in `block` the first line begins.
    """

    fields: tuple[str, ...]
    first_line: int
    n_lines: int
    block: bytes
    remark: str | None = None
    rejects: tuple[Reject, ...] = ()
    begin: int = 0

    @property
    def body(self) -> memoryview:
        """The lines, not copied."""
        return memoryview(self.block)[self.begin :]


@dataclass(frozen=True, slots=True)
class TextRecord:
    """A record as AWS writes it, taken out of a container.

    Attributes:
        number: Its line, row or event in the object, from 1.
        text: As bytes, so that what is not UTF-8 stays so.
    """

    number: int
    text: bytes


@dataclass(frozen=True, slots=True)
class ColumnRecord:
    """A record whose container names its fields.

    Attributes:
        number: Its line, row or event in the object, from 1.
        values: AWS's field name to text; see `ingest.parse.columns.cell`.
    """

    number: int
    values: dict[str, str]


Item = TextRecord | ColumnRecord | Reject


def chunks_of(
    key: str,
    items: Iterable[Item],
    given: tuple[str, ...] | None,
    remark: Callable[[], str],
) -> Iterator[TextChunk]:
    """Turn the records of a container into chunks, in their order and with their numbers.

    Args:
        key: The object's key or path, for messages.
        items: Records and rejects, numbers ascending.
        given: Layout of text records; None: a header record, or AWS's documented defaults.
        remark: What to know about how the object was read, as far as it was read by then.

    Raises:
        BadObjectError: `not-a-log`: the first `BATCH_RECORDS` are all no records; `no-header`:
            their layout is not told.
    """
    layout: Layout | None = None
    fields: tuple[str, ...] = ()
    items = iter(items)
    seen_record = False
    while batch := list(islice(items, BATCH_RECORDS)):
        rejects: list[Reject] = []
        records: list[TextRecord | ColumnRecord] = []
        for item in batch:
            if isinstance(item, Reject):
                rejects.append(item)
            elif isinstance(item, TextRecord) and not _is_line(item.text):
                rejects.append(reject_line(item.number, "no-record", None, item.text))
            else:
                records.append(item)
        if not seen_record and not records:
            detail = f"it holds no flow record; the first entry reads {rejects[0].text[:80]!r}"
            raise BadObjectError(key, "not-a-log", detail)
        seen_record = True
        for run in _runs(records):
            if isinstance(run[0], TextRecord):
                texts = [record.text for record in run if isinstance(record, TextRecord)]
                if layout is None:
                    layout = _layout(key, texts, run[0].number, given)
                fields = layout.fields
            else:
                fields = _all_fields(run)
                texts = _lines(fields, run, rejects)
            body = b"\n".join(texts) + b"\n"
            yield TextChunk(fields, run[0].number, len(run), body, remark(), tuple(rejects))
            rejects = []
        if rejects:
            yield TextChunk(fields, rejects[0].line, 0, b"", remark(), tuple(rejects))


def _is_line(text: bytes) -> bool:
    """Tell whether a text stands for one line; the line reader passes over comments unseen."""
    return bool(text.strip()) and not text.lstrip().startswith(b"#") and b"\n" not in text


def _runs(
    records: Sequence[TextRecord | ColumnRecord],
) -> Iterator[Sequence[TextRecord | ColumnRecord]]:
    """Cut records where a number is left out, or text and columns change places."""
    begin = 0
    for position in range(1, len(records) + 1):
        if (
            position == len(records)
            or records[position].number != records[position - 1].number + 1
            or type(records[position]) is not type(records[begin])
        ):
            yield records[begin:position]
            begin = position


def _layout(key: str, texts: Sequence[bytes], number: int, given: tuple[str, ...] | None) -> Layout:
    for text in texts[:SCANNED_RECORDS]:
        layout = layout_of(text, None)
        if layout is not None and (layout.is_header or given is None):
            return layout
    if given is not None:
        return Layout(given, False, "read with the given format")
    raise refusal(key, texts[0], number)


def _all_fields(run: Sequence[TextRecord | ColumnRecord]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for record in run:
        if isinstance(record, ColumnRecord):
            names.update(dict.fromkeys(record.values))
    return tuple(names)


def _lines(
    fields: tuple[str, ...], run: Sequence[TextRecord | ColumnRecord], rejects: list[Reject]
) -> list[bytes]:
    """Write columns as lines; one that would pass for a header is rejected, its line blank."""
    lines = [
        encoded(" ".join([record.values.get(field, "-") for field in fields]))
        for record in run
        if isinstance(record, ColumnRecord)
    ]
    if not any(is_typed(field) for field in fields):
        for position, line in enumerate(lines):
            if header_fields(line) is not None:
                rejects.append(reject_line(run[position].number, "bad-text", None, line))
                lines[position] = b""
    return lines


def is_typed(field: str) -> bool:
    """Tell whether a field holds numbers or addresses, so that no name of a field fits it."""
    column = COLUMN_BY_FIELD.get(field)
    return field in ADDRESS_FIELDS or (column is not None and column.highest is not None)


def encoded(text: str) -> bytes:
    """Encode text that was decoded with `surrogateescape`; what was not UTF-8 still is not."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # A lone surrogate, from an escape in JSON.
        return text.encode("utf-8", "surrogatepass")
