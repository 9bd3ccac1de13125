"""Bytes of an object to plain text, with every checksum verified and every size bounded.

isal checks CRC and length of each gzip member. `zlib.decompressobj` alone would take a
truncated file for a whole one and stop after the first member.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isal import isal_zlib

from ingest.errors import BadObjectError

GZIP_MAGIC = b"\x1f\x8b"
BLOCK_BYTES = 16 << 20
MAX_RATIO = 200  # Real logs reach 8 to 15; NODATA rows alone about 60.
MAX_TEXT_BYTES = 8 << 30  # AWS starts another object at 75 MB of gzip.
_DAMAGED: Any = isal_zlib.error  # Typed as an instance in isal's stubs.
_FREE_BYTES = 1 << 20  # Tiny objects may exceed the ratio up to here.


def text_blocks(key: str, content: bytes) -> Iterator[bytes]:
    """Yield the object's text in blocks of at most 16 MiB; several gzip members are one text.

    Raises:
        BadObjectError: `corrupt`: damaged, truncated, or followed by other bytes;
            `bomb`: expands beyond `MAX_RATIO` or `MAX_TEXT_BYTES`.
    """
    if not content.startswith(GZIP_MAGIC):
        for begin in range(0, len(content), BLOCK_BYTES):
            yield content[begin : begin + BLOCK_BYTES]
        return
    limit = min(MAX_TEXT_BYTES, max(_FREE_BYTES, MAX_RATIO * len(content)))
    produced = 0
    rest = content
    while rest:
        if not rest.startswith(GZIP_MAGIC):
            if rest.strip(b"\0"):
                offset = len(content) - len(rest)
                raise BadObjectError(
                    key, "corrupt", f"bytes after the end of the gzip data, at byte {offset}"
                )
            return  # Zero padding after the last member is harmless.
        member = isal_zlib.decompressobj(wbits=31)
        pending = rest
        while not member.eof:
            block = _inflate(key, member, pending, produced)
            pending = member.unconsumed_tail
            produced += len(block)
            if produced > limit:
                detail = f"expands to more than {limit:,} bytes from {len(content):,}"
                raise BadObjectError(key, "bomb", detail)
            if block:
                yield block
            elif not pending and not member.eof:
                detail = f"the gzip data ends early, after {produced:,} bytes of text"
                raise BadObjectError(key, "corrupt", detail)
        rest = member.unused_data


def _inflate(key: str, member: Any, data: bytes, produced: int) -> bytes:
    try:
        block: bytes = member.decompress(data, BLOCK_BYTES)
    except _DAMAGED as error:
        detail = f"the gzip data is damaged after {produced:,} bytes of text ({error})"
        raise BadObjectError(key, "corrupt", detail) from error
    return block
