"""One file's bytes out of the history, for showing and comparing; a restore reads in larger strokes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from concurrent.futures import Executor

from monitor.domain import keys
from monitor.domain.history.entry import Entry
from monitor.domain.history.errors import BadObject
from monitor.domain.history.pack import unpack
from monitor.services.history.archive import Archive


async def pieces_of(archive: Archive, workspace: str, entry: Entry, pool: Executor) -> AsyncIterator[bytes]:
    """The file's bytes piece by piece, each at most 8 MiB and of the right hash; unpacked in `pool`.

    The last piece comes only if the whole has the right size and hash. Raises `BadObject`, `NoSuchKey`, `StoreAway`.
    """
    digest, size = hashlib.sha256(), 0
    for number, piece in enumerate(entry.pieces, 1):
        key = keys.pack_key(archive.prefix, workspace, piece.pack)
        frame = await archive.store.get_range(key, piece.offset, piece.length)
        raw = await asyncio.get_running_loop().run_in_executor(pool, unpack, frame, piece.sha256)
        digest.update(raw)
        size += len(raw)
        if number == len(entry.pieces) and (size != entry.size or digest.hexdigest() != entry.sha256):
            raise BadObject(
                f"{entry.path[:80]!r} is damaged: its pieces are not the file.", hint="`slipway verify` says more"
            )
        yield raw


async def content_of(archive: Archive, workspace: str, entry: Entry, pool: Executor) -> bytes:
    """The whole file; the caller has looked at `entry.size`. Raises as `pieces_of`."""
    return b"".join([raw async for raw in pieces_of(archive, workspace, entry, pool)])
