"""Reading a batch: every changed file is read at rest, hashed, and packed where its bytes are kept nowhere yet."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from monitor.domain import tree as trees
from monitor.domain.batch import Stamp, stamp_of
from monitor.domain.history.entry import Entry, Piece, kept_time
from monitor.domain.history.pack import PIECE_BYTES
from monitor.domain.history.planning import FileMark, mark_of
from monitor.domain.secrets import begins_as_key
from monitor.domain.tree import Kind
from monitor.ports.clock import Clock
from monitor.ports.files import Changed, Files
from monitor.services.batch_reader import BatchReader, Content
from monitor.services.history import squeezing
from monitor.services.history.packer import Packer

STREAMS = 3

Find = Callable[[Collection[str]], Awaitable[Mapping[str, Piece]]]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class _Taken:
    entry: trees.Entry
    sha256: str
    pieces: tuple[str, ...]


@dataclass(slots=True)
class Gathered:
    """What reading brought: files by path (their pieces still by hash), and what could not be read at rest.

    `keys` are private keys under harmless names, which are never kept. `read_ns` is the moment of the last read.
    """

    taken: dict[str, _Taken] = field(default_factory=dict)
    known: dict[str, Piece] = field(default_factory=dict)
    unsettled: list[Changed] = field(default_factory=list)
    keys: dict[str, Stamp] = field(default_factory=dict)
    torn: set[str] = field(default_factory=set)
    read_ns: int = 0

    def entries(self, placed: Mapping[str, Piece | None]) -> Iterator[Entry]:
        """The files as entries; `placed` says where this batch's own pieces are."""
        return (self._entry(taken, placed) for taken in self.taken.values())

    def clean(self) -> Iterator[tuple[str, FileMark]]:
        """Paths and marks of what was read at rest."""
        return ((path, mark_of(one.entry)) for path, one in self.taken.items() if path not in self.torn)

    def _entry(self, taken: _Taken, placed: Mapping[str, Piece | None]) -> Entry:
        seen = taken.entry
        pieces = tuple(self._piece(sha, placed) for sha in taken.pieces)
        at = kept_time(seen.mtime_ns)
        return Entry(seen.path, Kind.FILE, seen.mode, at, seen.size, taken.sha256, pieces)

    def _piece(self, sha256: str, placed: Mapping[str, Piece | None]) -> Piece:
        piece = self.known.get(sha256) or placed[sha256]
        assert piece is not None, "every pack was sent before"
        return piece


class Gathering:
    """One batch of one folder. `find` says which of these pieces (by hash) are kept already."""

    def __init__(
        self,
        files: Files,
        clock: Clock,
        pool: Executor,
        packer: Packer,
        find: Find,
        allows_secret: Callable[[str], bool],
    ) -> None:
        self._files, self._clock, self._pool = files, clock, pool
        self._reader = BatchReader(files, clock)
        self._packer, self._find, self._allows = packer, find, allows_secret
        self.result = Gathered()

    async def read(self, folder: Path, entries: Sequence[trees.Entry]) -> None:
        """Several streams of small files, the large ones in a row beside them; raises `FolderGone`."""
        small = [e for e in entries if e.size <= PIECE_BYTES]
        large = [e for e in entries if e.size > PIECE_BYTES]
        share = -(-len(small) // STREAMS) or 1
        async with asyncio.TaskGroup() as group:
            for start in range(0, len(small), share):
                group.create_task(self._stream(folder, small[start : start + share]), name="read")
            group.create_task(self._large(folder, large), name="read large")

    async def read_as_is(self, folder: Path, entry: trees.Entry) -> None:
        """A file that never rests, as it is right now: possibly torn, and never taken for clean."""
        whole, size = hashlib.sha256(), 0
        pieces: list[str] = []
        async for data in self._files.pieces(folder, entry, PIECE_BYTES, as_is=True):
            if isinstance(data, Changed):
                self.result.unsettled.append(data)
                return
            if not pieces and self._is_key(entry, data):
                return
            whole.update(data)
            size += len(data)
            (sha256,) = await self._run(squeezing.hashes, [data])
            pieces.append(sha256)
            await self._keep({sha256: data})
        seen = trees.Entry(entry.path, Kind.FILE, size, entry.mtime_ns, entry.mode, inode=entry.inode)
        self.result.torn.add(entry.path)
        self._take(seen, whole.hexdigest(), pieces)

    async def _stream(self, folder: Path, entries: Sequence[trees.Entry]) -> None:
        async for group in self._reader.read(folder, entries):
            self.result.unsettled += group.unsettled
            contents = [c for c in group.contents if not self._is_key(c.entry, c.data)]
            grown = [c for c in contents if len(c.data) > PIECE_BYTES]
            await self._small(contents)
            for content in grown:
                await self._one_large(folder, content.entry)

    async def _small(self, contents: Sequence[Content]) -> None:
        contents = [c for c in contents if len(c.data) <= PIECE_BYTES]
        found = await self._run(squeezing.hashes, [c.data for c in contents])
        await self._keep({sha: c.data for sha, c in zip(found, contents, strict=True) if c.data})
        for sha256, content in zip(found, contents, strict=True):
            self._take(content.entry, sha256, [sha256] if content.data else [], content.read_ns)

    async def _large(self, folder: Path, entries: Sequence[trees.Entry]) -> None:
        for entry in entries:
            await self._one_large(folder, entry)

    async def _one_large(self, folder: Path, entry: trees.Entry) -> None:
        """Read twice: once to know that it rests and what is new in it, then only if something is."""
        whole = hashlib.sha256()
        names: list[str] = []
        async for data in self._files.pieces(folder, entry, PIECE_BYTES):
            if isinstance(data, Changed):
                self.result.unsettled.append(data)
                return
            if not names and self._is_key(entry, data):
                return
            found, _ = await asyncio.gather(self._run(squeezing.hashes, [data]), self._run(whole.update, data))
            names += found
        known = await self._find(names)
        self.result.known.update(known)
        if all(sha256 in known for sha256 in names) or await self._again(folder, entry, names):
            self._take(entry, whole.hexdigest(), names)

    async def _again(self, folder: Path, entry: trees.Entry, names: Sequence[str]) -> bool:
        number = 0
        async for data in self._files.pieces(folder, entry, PIECE_BYTES):
            changed = data if isinstance(data, Changed) else None
            if changed is None and (await self._run(squeezing.hashes, [data]))[0] != names[number]:
                changed = Changed(entry.path, "it changed while it was read")
            if changed is not None:
                self.result.unsettled.append(changed)
                return False
            assert isinstance(data, bytes)
            await self._keep({names[number]: data})
            number += 1
        return True

    async def _keep(self, pieces: Mapping[str, bytes]) -> None:
        """Pack what is kept nowhere; of equal pieces the first one."""
        known = await self._find(pieces.keys())
        self.result.known.update(known)
        new = [(sha, data) for sha, data in pieces.items() if sha not in known and self._packer.claim(sha)]
        if new:
            await self._packer.add(await self._run(squeezing.frames, new))

    def _take(self, entry: trees.Entry, sha256: str, pieces: Sequence[str], read_ns: int = 0) -> None:
        self.result.taken[entry.path] = _Taken(entry, sha256, tuple(pieces))
        self.result.read_ns = max(self.result.read_ns, read_ns or self._clock.wall_ns())

    def _is_key(self, entry: trees.Entry, data: bytes) -> bool:
        if not begins_as_key(data) or self._allows(entry.path):
            return False
        self.result.keys[entry.path] = stamp_of(entry)
        return True

    async def _run(self, call: Callable[..., Found], *args: object) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)
