"""Writes small histories straight from the formats, and reads them back with the independent reader.

For tests of whatever works on a history that is already there; the product's own write path is not used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import zstandard

from monitor.domain import keys
from monitor.domain.history.base import base_name, read_base, write_base
from monitor.domain.history.delta import base_due, delta, delta_bytes_after, totals
from monitor.domain.history.entry import EMPTY_SHA256, Entry, Piece
from monitor.domain.history.pack import Frame, pack_name, write_pack
from monitor.domain.history.repository import write_format
from monitor.domain.history.revision import CLOCK_BACK, Header, Origin, Revision, Writer
from monitor.domain.history.revision_text import write_revision
from monitor.domain.history.times import Mark, time_and_segment
from monitor.domain.tree import Kind
from tests.support.independent_reader import Get, List, Reader

PIECE = 8 << 20
LINK = "-> "


class Puts(Protocol):
    async def put(self, key: str, data: bytes) -> None: ...


@dataclass(slots=True)
class Pen:
    """One workspace. `saved` remembers what each revision must give back."""

    store: Puts
    workspace: str = "shop"
    prefix: str = "p"
    piece: int = PIECE
    saved: dict[int, dict[str, bytes]] = field(default_factory=dict)
    header: Header | None = None
    _size: int = 0
    _base: dict[str, Entry] = field(default_factory=dict)
    _index: dict[str, Piece] = field(default_factory=dict)

    async def save(
        self,
        files: Mapping[str, bytes],
        time_ns: int,
        kind: str = "change",
        flags: tuple[str, ...] = (),
        *,
        origin: Origin | None = None,
        base: bool = False,
    ) -> int:
        """Write `files` (path to bytes) as the next revision; returns its seq."""
        state = await self._entries(files)
        old = self.header
        seq = old.seq + 1 if old else 1
        parent = Mark(old.seq, old.time_ns, old.segment) if old else None
        at, segment, back = time_and_segment(time_ns, seq, parent)
        fresh = old is None or base or base_due(old.base_bytes, delta_bytes_after(old, self._size))
        if fresh:
            data = write_base(state.values())
            await self.store.put(keys.base_key(self.prefix, self.workspace, base_name(data)), data)
            self._base = read_base(data).entries
        changed, removed = delta(self._base, state)
        header = Header(
            seq=seq,
            time_ns=at,
            seen_ns=at,
            writer=Writer("pen", 1, "nonce"),
            base=base_name(data) if fresh else old.base if old else "",
            base_bytes=len(data) if fresh else old.base_bytes if old else 0,
            delta_bytes=0 if fresh or old is None else delta_bytes_after(old, self._size),
            kind=kind,
            parent=old.seq if old else None,
            origin=origin,
            segment=segment,
            files=totals(state)[0],
            bytes=totals(state)[1],
            flags=(*flags, *((CLOCK_BACK,) if back else ())),
        )
        revision = write_revision(Revision(header, changed, removed))
        await self.store.put(keys.revision_key(self.prefix, self.workspace, seq), revision)
        self.header, self._size = header, len(revision)
        self.saved[seq] = dict(files)
        return seq

    async def begin(self) -> Pen:
        """Write `FORMAT`."""
        await self.store.put(keys.format_key(self.prefix), write_format("repo"))
        return self

    async def leftover(self, data: bytes) -> str:
        """A pack no revision leads to, as a killed writer leaves one."""
        found, _ = await self._pack([data])
        return found

    def forget(self, packs: object) -> None:
        """As a writer that was told these packs are condemned."""
        assert isinstance(packs, set | frozenset)
        self._index = {sha: piece for sha, piece in self._index.items() if piece.pack not in packs}

    async def _entries(self, files: Mapping[str, bytes]) -> dict[str, Entry]:
        new: dict[str, bytes] = {}
        for data in files.values():
            for part in () if data.startswith(LINK.encode()) else self._parts(data):
                if hashlib.sha256(part).hexdigest() not in self._index:
                    new[hashlib.sha256(part).hexdigest()] = part
        if new:
            name, placed = await self._pack(list(new.values()))
            self._index.update({one.sha256: Piece(name, one.offset, one.length, one.sha256) for one in placed})
        return {path: self._entry(path, data) for path, data in files.items()}

    def _entry(self, path: str, data: bytes) -> Entry:
        if data.startswith(LINK.encode()):
            return Entry(path, Kind.SYMLINK, 0o777, 5, target=data.decode().removeprefix(LINK))
        if not data:
            return Entry(path, Kind.FILE, 0o644, 5, 0, EMPTY_SHA256)
        pieces = tuple(self._index[hashlib.sha256(part).hexdigest()] for part in self._parts(data))
        return Entry(path, Kind.FILE, 0o644, 5, len(data), hashlib.sha256(data).hexdigest(), pieces)

    def _parts(self, data: bytes) -> list[bytes]:
        return [data[at : at + self.piece] for at in range(0, len(data), self.piece)]

    async def _pack(self, parts: list[bytes]) -> tuple[str, Any]:
        frames = [Frame(hashlib.sha256(p).hexdigest(), len(p), zstandard.compress(p)) for p in parts]
        data, placed = write_pack(frames)
        await self.store.put(keys.pack_key(self.prefix, self.workspace, pack_name(data)), data)
        return pack_name(data), placed


def contents(get: Get, listed: List, seq: int, workspace: str = "shop", prefix: str = "p") -> dict[str, bytes]:
    """What a revision gives back, by the independent reader; raises `Damaged` or `KeyError`."""
    reader = Reader(get, listed, workspace, prefix)
    found = {}
    for path, line in reader.state(seq).items():
        data = reader.content(line) if line[0] == "file" else LINK.encode() + line[4].encode()
        found[path.decode()] = data
    return found


def all_contents(get: Get, listed: List, workspace: str = "shop", prefix: str = "p") -> dict[int, dict[str, bytes]]:
    """Every listed revision's contents."""
    reader = Reader(get, listed, workspace, prefix)
    return {seq: contents(get, listed, seq, workspace, prefix) for seq in reader.seqs()}


def in_memory(objects: Mapping[str, bytes]) -> tuple[Get, List]:
    """`get` and `list` for the independent reader, over a dictionary."""
    return objects.__getitem__, lambda prefix: [key for key in objects if key.startswith(prefix)]
