"""Tar archives, packed with gzip or not, entry by entry.

`tarfile` reads a header's own size into memory, so a header of gigabytes would be one of our memory: the file below
it refuses to read more than a little between two entries.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from monitor.adapters.unpacking.writing import CHUNK, Tree
from monitor.domain.creating.intake import Intake, Unsafe, What, shown

HEADERS = 1024 * 1024
DAMAGED = (
    tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, OverflowError, IndexError,
    # `tarfile` goes one deeper for each header that only announces the next.
    RecursionError,
)  # fmt: skip


def unpack_tar(file: Path, tree: Tree, intake: Intake, *, packed: bool) -> None:
    """Raises `Unsafe`."""
    try:
        with file.open("rb") as raw, gzip.GzipFile(fileobj=raw) if packed else raw as plain:
            _all(_Forward(plain.read, intake), tree, intake)
    except DAMAGED as error:
        raise Unsafe("the archive is damaged or cut short", hint="pack it again, and send it whole") from error


def _all(source: _Forward, tree: Tree, intake: Intake) -> None:
    with tarfile.open(fileobj=source, mode="r:", errors="surrogateescape") as archive:  # type: ignore[call-overload]
        while True:
            source.room = HEADERS
            entry = archive.next()
            if entry is None:
                return
            # It would remember every entry, and what is said for all those that follow.
            archive.members, archive.pax_headers = [], {}
            _one(archive, entry, source, tree, intake)


def _one(archive: tarfile.TarFile, entry: tarfile.TarInfo, source: _Forward, tree: Tree, intake: Intake) -> None:
    path = intake.take(entry.name, _what(entry), entry.size if entry.isreg() else 0)
    if path is None:
        return
    if entry.isdir():
        tree.make(path)
        return
    data = archive.extractfile(entry)
    assert data is not None, "a regular file"
    source.room = None
    tree.copy(_chunks(data, entry), path, intake, runs=bool(entry.mode & 0o111))


def _what(entry: tarfile.TarInfo) -> What:
    if entry.issparse():
        raise Unsafe(f"{shown(entry.name)} is a sparse file, which is not taken", hint="pack it without --sparse")
    if entry.isdir():
        return What.FOLDER
    if entry.isreg():
        return What.FILE
    return What.LINK if entry.islnk() or entry.issym() else What.DEVICE


def _chunks(data: IO[bytes], entry: tarfile.TarInfo) -> Iterator[bytes]:
    left = entry.size
    while left:
        chunk = data.read(min(CHUNK, left))
        if not chunk:
            raise EOFError
        left -= len(chunk)
        yield chunk


class _Forward:
    """A file that only goes forward. `room` is how much may be read until it is set again (None: any amount)."""

    def __init__(self, read: Callable[[int], bytes], intake: Intake) -> None:
        self._read, self._at = read, 0
        self._most = intake.limits.bytes + intake.limits.entries * 2048
        self.room: int | None = HEADERS

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        if size < 0 or (self.room is not None and size > self.room):
            raise Unsafe("a header in the archive is far larger than any should be", hint="pack it again")
        data = self._read(size)
        self._at += len(data)
        if self.room is not None:
            self.room -= len(data)
        if self._at > self._most:
            raise Unsafe("unpacked it is larger than is taken", hint="copy the folder into workspaces/")
        return data

    def seek(self, place: int, whence: int = 0) -> int:
        room, self.room = self.room, None
        if whence or place < self._at:
            raise ValueError("only forward")
        while place > self._at:
            if not self.read(min(CHUNK, place - self._at)):
                break
        self.room = room
        return self._at
