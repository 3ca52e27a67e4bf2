"""A revision as one archive, made while it is sent: never more of it in memory than one piece of one file."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from monitor.domain.history.entry import Entry
from monitor.domain.history.path_text import order
from monitor.domain.moments import NS
from monitor.domain.packing import TAR_END, Packing, tar_header, tar_padding
from monitor.domain.tree import Kind
from monitor.errors import NotFound
from monitor.services.history.contents import pieces_of
from monitor.services.past.reading import Reading

LEVEL = 6
GZIP = 31
WORTH_SENDING = 64 * 1024
EARLIEST, LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, tzinfo=UTC)


class Packer(Protocol):
    """Takes entries and their bytes in order; `taken` gives what is ready to be sent."""

    def begin(self, entry: Entry) -> None: ...
    def add(self, data: bytes) -> None: ...
    def end(self, entry: Entry) -> None: ...
    def close(self) -> None: ...
    def taken(self, least: int = 0) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Exporting:
    """Whole revisions, or one folder or file of one."""

    reading: Reading

    async def chunks(self, name: str, seq: int, packing: Packing, path: str = "") -> AsyncIterator[bytes]:
        """The archive's bytes. Raises `NotFound` before the first; `BadObject`, `StoreAway` at any time."""
        archive, diffs = self.reading.archive, self.reading.diffs
        state = await archive.state(name, seq)
        chosen = [one for one in state.values() if not path or one.path == path or one.path.startswith(f"{path}/")]
        if path and not chosen:
            raise NotFound(
                f"revision {seq} of {name} has no {path[:80]!r}",
                hint="`slipway history NAME PATH` shows when it was there",
            )
        folder = f"{name}-{seq}"
        packer: Packer = _Tar(folder) if packing is Packing.TAR else _Zip(folder)
        for entry in sorted(chosen, key=lambda one: order(one.path)):
            if not entry.pieces:
                yield await diffs.run(_step, packer, entry, b"", True, True)
            number = 0
            async for piece in pieces_of(archive, name, entry, diffs.pool):
                number += 1
                yield await diffs.run(_step, packer, entry, piece, number == 1, number == len(entry.pieces))
        await diffs.run(packer.close)
        yield packer.taken()


def _step(packer: Packer, entry: Entry, piece: bytes, first: bool, last: bool) -> bytes:
    """One piece into the archive; what is ready, or nothing while that is little."""
    if first:
        packer.begin(entry)
    if piece:
        packer.add(piece)
    if last:
        packer.end(entry)
    return packer.taken(WORTH_SENDING)


class _Tar:
    def __init__(self, folder: str) -> None:
        self._folder, self._gzip = folder, zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
        self._ready = bytearray()

    def begin(self, entry: Entry) -> None:
        self.add(tar_header(entry, self._folder))

    def add(self, data: bytes) -> None:
        self._ready += self._gzip.compress(data)

    def end(self, entry: Entry) -> None:
        self.add(tar_padding(entry.size if entry.kind is Kind.FILE else 0))

    def close(self) -> None:
        self.add(TAR_END)
        self._ready += self._gzip.flush()

    def taken(self, least: int = 0) -> bytes:
        if len(self._ready) < least:
            return b""
        ready, self._ready = bytes(self._ready), bytearray()
        return ready


class _Zip:
    """`zipfile` writing to what cannot seek: sizes come after each file."""

    def __init__(self, folder: str) -> None:
        self._folder, self._sink = folder, _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)

    def begin(self, entry: Entry) -> None:
        info = zipfile.ZipInfo(f"{self._folder}/{_text(entry.path)}{'/' if entry.kind is Kind.DIR else ''}")
        when = min(max(datetime.fromtimestamp(max(0, entry.mtime_ns) // NS, UTC), EARLIEST), LATEST)
        info.date_time = (when.year, when.month, when.day, when.hour, when.minute, when.second)
        kind = {Kind.SYMLINK: stat.S_IFLNK, Kind.DIR: stat.S_IFDIR}.get(entry.kind, stat.S_IFREG)
        info.create_system, info.external_attr = 3, (kind | entry.mode) << 16
        info.compress_type = zipfile.ZIP_DEFLATED if entry.kind is Kind.FILE else zipfile.ZIP_STORED
        self._file = self._zip.open(info, "w", force_zip64=entry.size >= 2**31)
        if entry.kind is Kind.SYMLINK:
            self._file.write(_text(entry.target).encode())

    def add(self, data: bytes) -> None:
        self._file.write(data)

    def end(self, entry: Entry) -> None:
        self._file.close()

    def close(self) -> None:
        self._zip.close()

    def taken(self, least: int = 0) -> bytes:
        return self._sink.taken(least)


class _Sink(io.RawIOBase):
    """What was written and not taken yet."""

    def __init__(self) -> None:
        self._ready = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = bytes(data)  # type: ignore[call-overload]
        self._ready += view
        return len(view)

    def taken(self, least: int = 0) -> bytes:
        if len(self._ready) < least:
            return b""
        ready, self._ready = bytes(self._ready), bytearray()
        return ready


def _text(path: str) -> str:
    """A zip's names are Unicode: bytes that are none are shown as U+FFFD."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
