"""Copies of objects, several in one file: what is needed stays, and what is not goes."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest

from ingest.spool import Piece, Spool, SpoolWriter


def writing(content: bytes) -> Callable[[BinaryIO], object]:
    return lambda file: file.write(content)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def spool(tmp_path) -> Iterator[Spool]:
    """Room for 1,600 bytes, 200 in a file, for two writers."""
    with closing(Spool(tmp_path, 1_600, 2)) as spool:
        yield spool


def put(spool: Spool, writer: SpoolWriter, content: bytes) -> Piece:
    assert spool.take_room(len(content))
    return writer.write(len(content), writing(content))


def test_copies_lie_one_after_the_other(spool, tmp_path):
    """Each is read back by itself; a full file is followed by the next one."""
    writer = SpoolWriter(spool)
    contents = [b"a" * 90, b"", b"b" * 120, b"c"]

    pieces = [put(spool, writer, content) for content in contents]

    assert [piece.read() for piece in pieces] == contents
    assert files(tmp_path) == ["copies-1", "copies-2"]


def test_a_file_goes_with_the_last_copy_in_it(spool, tmp_path):
    """Not before: the others are needed. The next copy begins another file."""
    writer = SpoolWriter(spool)
    first, second = put(spool, writer, b"first"), put(spool, writer, b"second")

    spool.release(first)
    assert second.read() == b"second"
    spool.release(second)
    assert files(tmp_path) == []
    third = put(spool, writer, b"third")

    assert (third.read(), files(tmp_path)) == (b"third", ["copies-2"])


def test_a_copy_that_fails_leaves_those_before_it(spool, tmp_path):
    """Half of it was written; neither its bytes nor its room are kept."""
    writer = SpoolWriter(spool)
    whole = put(spool, writer, b"whole")

    def break_off(file: BinaryIO) -> None:
        file.write(b"half")
        raise ConnectionError

    assert spool.take_room(8)
    with pytest.raises(ConnectionError):
        writer.write(8, break_off)
    spool.give_back(8)
    after = put(spool, writer, b"after")

    assert (whole.read(), after.read()) == (b"whole", b"after")
    spool.release(whole)
    spool.release(after)
    assert files(tmp_path) == []
    assert spool.take_room(1_600)


def test_a_failure_that_wrote_nothing_goes_on_in_the_same_file(spool, tmp_path):
    """An object that has vanished costs no file."""
    writer = SpoolWriter(spool)
    put(spool, writer, b"whole")

    def refuse(_: BinaryIO) -> None:
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        writer.write(0, refuse)
    after = put(spool, writer, b"after")

    assert (after.begin, files(tmp_path)) == (5, ["copies-1"])


def test_a_full_spool_waits_for_what_is_released(spool):
    """Or for the end, which lets nobody in."""
    writer = SpoolWriter(spool)
    pieces = [put(spool, writer, b"x" * 200) for _ in range(8)]
    entered = threading.Event()
    waiting = threading.Thread(target=lambda: spool.take_room(1) and entered.set())
    waiting.start()

    assert not entered.wait(0.1)
    spool.release(pieces[0])
    assert entered.wait(10)
    waiting.join()
    spool.end()

    assert not spool.take_room(1)


def test_an_object_larger_than_the_spool_passes_alone(spool):
    """It would wait for ever otherwise."""
    piece = put(spool, SpoolWriter(spool), b"x" * 5_000)

    assert len(piece.read()) == 5_000


def test_readers_elsewhere_find_every_copy_in_a_closed_file_of_its_own(spool):
    """On a network file system an open file may look shorter than it is."""
    spool.share(1_600)
    writer = SpoolWriter(spool)

    pieces = [put(spool, writer, content) for content in (b"one", b"two")]

    assert [Path(piece.path).read_bytes() for piece in pieces] == [b"one", b"two"]
    opened = {str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()}
    assert not opened & {piece.path for piece in pieces}


def test_files_of_the_user_are_never_deleted(spool, tmp_path):
    """A local object is its own copy."""
    path = tmp_path / "object.log"
    path.write_bytes(b"mine")

    spool.release(Piece(str(path)))

    assert path.read_bytes() == b"mine"


def test_a_copy_that_has_lost_bytes_is_told(spool):
    """Never half an object."""
    piece = put(spool, SpoolWriter(spool), b"0123456789")
    os.truncate(piece.path, 4)

    with pytest.raises(OSError, match="4 bytes of a copy instead of 10"):
        piece.read()
