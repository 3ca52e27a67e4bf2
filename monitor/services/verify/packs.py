"""The packs of one workspace: what each says of itself, and, where asked, whether every byte of it is right."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

from monitor.domain import keys
from monitor.domain.history.entry import Piece
from monitor.domain.history.errors import BadObject, UnknownFormat
from monitor.domain.history.pack import FOOTER, Placed, index_place, read_index, read_pack, unpack
from monitor.domain.verification import Verified
from monitor.errors import NotFound
from monitor.ports.store import Store, StoreAway
from monitor.services.at_once import each

# A pack is about 8 MiB and is held with what it unpacks to: this bounds memory.
DATA_AT_ONCE = 3
BAD = (BadObject, UnknownFormat)

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Pack:
    """What is known of one pack: its pieces by offset, which are damaged and why, or `bad`: why nothing counts."""

    pieces: Mapping[int, Placed]
    broken: Mapping[int, str]
    bad: str = ""

    def trouble(self, piece: Piece) -> str:
        """Why this piece cannot be had; empty where it can."""
        placed = self.pieces.get(piece.offset)
        if self.bad:
            return self.bad
        if placed is None or (placed.length, placed.sha256) != (piece.length, piece.sha256):
            return "its index does not list a piece that a revision needs"
        return self.broken.get(piece.offset, "")


class Packs:
    """Looks into packs below one prefix; parsing and unpacking run in `pool`."""

    def __init__(self, store: Store, prefix: str, workspace: str, pool: Executor) -> None:
        self._store, self._prefix, self._workspace, self._pool = store, prefix, workspace, pool

    async def look(self, sizes: Mapping[str, int], found: Verified, *, read_data: bool) -> dict[str, Pack]:
        """Each pack's index (two small requests), or the whole pack; problems go to `found`."""

        async def one(name: str) -> Pack:
            key = keys.pack_key(self._prefix, self._workspace, name)
            pack = await (self._whole(key, name, found) if read_data else self._index(key, sizes[name], found))
            if pack.bad:
                found.problem(key, pack.bad)
            for offset, what in pack.broken.items():
                found.problem(key, what, str(offset))
            found.packs += 1
            found.pieces += len(pack.pieces)
            return pack

        names = sorted(sizes)
        looked = await each(one, names, DATA_AT_ONCE) if read_data else await each(one, names)
        return dict(zip(names, looked, strict=True))

    async def _index(self, key: str, size: int, found: Verified) -> Pack:
        if size < FOOTER.size:
            return Pack({}, {}, "it is too short to be a pack")
        try:
            footer = await self._store.get_range(key, size - FOOTER.size, FOOTER.size)
            offset, length = index_place(footer, size)
            index = await self._store.get_range(key, offset, length)
            found.bytes_read += len(footer) + len(index)
            return Pack({one.offset: one for one in await self._run(read_index, index, offset)}, {})
        except NotFound:
            return Pack({}, {}, "it is listed, and cannot be read")
        except StoreAway:
            # A pack that became shorter than it is listed answers short; one that did not is the store's failure.
            if await self._store.head(key) != size:
                return Pack({}, {}, "it is shorter than it is listed")
            raise
        except BAD as error:
            return Pack({}, {}, error.message)

    async def _whole(self, key: str, name: str, found: Verified) -> Pack:
        try:
            data = await self._store.get(key)
        except NotFound:
            return Pack({}, {}, "it is listed, and cannot be read")
        found.bytes_read += len(data)
        return await self._run(_checked, data, name)

    async def _run(self, call: Callable[..., Found], *args: object) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)


def _checked(data: bytes, name: str) -> Pack:
    """A flipped bit is named as closely as the rest allows: the piece it is in, or the whole pack."""
    hashed = ""
    try:
        placed = read_pack(data, name)
    except BAD as error:
        hashed = error.message
        try:
            placed = read_pack(data)
        except BAD:
            return Pack({}, {}, hashed)
    broken: dict[int, str] = {}
    for one in placed:
        try:
            if len(unpack(data[one.offset : one.offset + one.length], one.sha256)) != one.raw:
                broken[one.offset] = f"the piece {one.sha256} is not of the size its index says"
        except BadObject as error:
            broken[one.offset] = error.message
    if hashed and not broken:
        return Pack({one.offset: one for one in placed}, {}, hashed)
    return Pack({one.offset: one for one in placed}, broken)
