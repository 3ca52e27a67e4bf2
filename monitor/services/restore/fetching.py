"""Bringing a state's bytes from the store to a stage: few large reads, several at once, every hash compared.

Memory is bounded by the number of readers times an extent (2 MiB, or one piece); a large file comes piece by piece.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from monitor.domain import keys
from monitor.domain.history.entry import Entry, Piece
from monitor.domain.history.errors import BadObject
from monitor.domain.history.pack import unpack
from monitor.domain.restoring.extents import Extent, extents, oversized
from monitor.domain.restoring.plan import shown
from monitor.domain.tree import Kind
from monitor.ports.clock import Clock
from monitor.ports.placing import Bytes, Link, Stage, Stamp
from monitor.ports.store import NoSuchKey, Store, StoreAway
from monitor.services.history.groups import first_of

READERS = 6
LARGE_AT_ONCE = 2
TRIES = 5
FIRST_WAIT_S = 0.2


class Damaged(BadObject):
    """An object the restore needs is missing, cut off or has other bytes: nothing was changed on disk."""

    reason = "damaged"


@dataclass(slots=True)
class Progress:
    """How much of the bytes to write is staged."""

    files: int = 0
    bytes: int = 0
    all_files: int = 0
    all_bytes: int = 0

    @property
    def text(self) -> str:
        return f"{self.files} of {self.all_files} files read"


Tell = Callable[[Progress], None]


class _Whole:
    """A large file as it comes: its hash and size so far, and the size of its last piece."""

    def __init__(self, most: int) -> None:
        self.digest, self.size, self.last, self._most = hashlib.sha256(), 0, 0, most

    def takes(self, raw: bytes) -> bool:
        """False where it would grow beyond what it may be."""
        self.last = len(raw)
        self.size += self.last
        self.digest.update(raw)
        return self.size <= self._most


class Fetching:
    """Reads one workspace's packs below `prefix` of `store`. Raises `Damaged`, and `StoreAway` after some tries."""

    def __init__(self, store: Store, prefix: str, workspace: str, clock: Clock) -> None:
        self._store, self._prefix, self._workspace, self._clock = store, prefix, workspace, clock

    async def fetch(self, entries: Sequence[Entry], stage: Stage, tell: Tell = lambda progress: None) -> None:
        """Stage all `entries`; what of it was staged is of no use if anything is raised."""
        for entry in entries:
            if oversized(entry):
                raise self._damaged(entry, "one of its pieces is longer than a piece can be")
        files = [entry for entry in entries if entry.kind is Kind.FILE]
        await stage.furnish(*_others(entries))
        await stage.write(Bytes(e.path, e.mode, e.mtime_ns, b"") for e in files if not e.pieces)
        progress = Progress(all_files=len(files), all_bytes=sum(e.size for e in files))
        progress.files = sum(not e.pieces for e in files)
        tell(progress)
        small = extents(e for e in files if len(e.pieces) == 1)
        large = iter([e for e in files if len(e.pieces) > 1])
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(READERS):
                    group.create_task(self._small(small, stage, progress, tell), name=f"restore reader {number}")
                for number in range(LARGE_AT_ONCE):
                    group.create_task(self._large(large, stage, progress, tell), name=f"restore large {number}")
        except BaseExceptionGroup as group_error:
            raise first_of(group_error) from group_error

    async def _small(self, todo: Iterator[Extent], stage: Stage, progress: Progress, tell: Tell) -> None:
        for extent in todo:
            await self._extent(extent, stage)
            progress.files += len(extent.files)
            progress.bytes += sum(entry.size for entry in extent.files)
            tell(progress)

    async def _extent(self, extent: Extent, stage: Stage) -> None:
        """Read once more where the bytes are wrong: they may have been changed on the way only."""
        data = await self._read(extent.pack, extent.offset, extent.length, extent.files[0])
        written: set[str] = set()
        try:
            await stage.write(self._unpacked(extent, data, written))
        except BadObject:
            data = await self._read(extent.pack, extent.offset, extent.length, extent.files[0])
            await stage.write(self._unpacked(extent, data, written))

    def _unpacked(self, extent: Extent, data: bytes, written: set[str]) -> Iterator[Bytes]:
        """Runs in a worker. Of files with the same bytes only the first is unpacked."""
        raw, at = b"", -1
        for entry in extent.files:
            piece = entry.pieces[0]
            start = piece.offset - extent.offset
            if entry.path in written:
                continue
            if at != start:
                raw, at = self._piece(entry, piece, data[start : start + piece.length]), start
            if len(raw) != entry.size or piece.sha256 != entry.sha256:
                raise self._damaged(entry, "its size or hash is not the one listed")
            yield Bytes(entry.path, entry.mode, entry.mtime_ns, raw)
            written.add(entry.path)

    async def _large(self, todo: Iterator[Entry], stage: Stage, progress: Progress, tell: Tell) -> None:
        for entry in todo:
            whole = _Whole(entry.size)
            async with asyncio.TaskGroup() as group:
                coming = group.create_task(self._frame(entry, entry.pieces[0]))
                for piece, following in zip(entry.pieces, (*entry.pieces[1:], None), strict=True):
                    frame = await coming
                    if following is not None:
                        coming = group.create_task(self._frame(entry, following))
                    await self._append(entry, piece, frame, stage, whole)
                    progress.bytes += whole.last
                    tell(progress)
            if whole.size != entry.size or whole.digest.hexdigest() != entry.sha256:
                raise self._damaged(entry, "its size or hash is not the one listed")
            await stage.finish(entry.path, entry.mode, entry.mtime_ns)
            progress.files += 1
            tell(progress)

    async def _append(self, entry: Entry, piece: Piece, frame: bytes, stage: Stage, whole: _Whole) -> None:
        try:
            await stage.extend(entry.path, self._part(entry, piece, frame, whole))
        except BadObject:
            frame = await self._frame(entry, piece)
            await stage.extend(entry.path, self._part(entry, piece, frame, whole))

    def _part(self, entry: Entry, piece: Piece, frame: bytes, whole: _Whole) -> Iterator[bytes]:
        """Runs in the worker that writes."""
        raw = self._piece(entry, piece, frame)
        if not whole.takes(raw):
            raise self._damaged(entry, "it is longer than listed")
        yield raw

    async def _frame(self, entry: Entry, piece: Piece) -> bytes:
        return await self._read(piece.pack, piece.offset, piece.length, entry)

    def _piece(self, entry: Entry, piece: Piece, frame: bytes) -> bytes:
        try:
            return unpack(frame, piece.sha256)
        except BadObject as error:
            raise self._damaged(entry, error.message, piece.pack) from error

    async def _read(self, pack: str, offset: int, length: int, entry: Entry) -> bytes:
        wait = FIRST_WAIT_S
        key = keys.pack_key(self._prefix, self._workspace, pack)
        for tried in range(1, TRIES + 1):
            try:
                return await self._store.get_range(key, offset, length)
            except NoSuchKey as error:
                raise self._damaged(entry, "it is missing", pack) from error
            except StoreAway as error:
                if tried == TRIES:
                    await self._check_size(key, offset + length, entry, pack, error)
                    raise
            await self._clock.sleep(wait)
            wait *= 2
        raise AssertionError

    async def _check_size(self, key: str, end: int, entry: Entry, pack: str, error: StoreAway) -> None:
        """A read beyond an object's end looks like a short answer: say that it was cut off, if it was."""
        if await self._store.head(key) < end:
            raise self._damaged(entry, "it is cut off", pack) from error

    def _damaged(self, entry: Entry, why: str, pack: str = "") -> Damaged:
        where = f"the pack {pack}" if pack else f"what the history says of {shown(entry.path)}"
        return Damaged(
            f"{where} of {self._workspace} is damaged: {why} ({shown(entry.path)} needs it)",
            hint="nothing was changed; restore another revision, or from a destination, and run `slipway verify`",
        )


def _others(entries: Sequence[Entry]) -> tuple[list[Stamp], list[Link]]:
    folders = [Stamp(e.path, e.mode, e.mtime_ns) for e in entries if e.kind is Kind.DIR]
    links = [Link(e.path, e.target, e.mtime_ns) for e in entries if e.kind is Kind.SYMLINK]
    return folders, links
