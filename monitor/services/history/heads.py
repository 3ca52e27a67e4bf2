"""Loading a workspace's newest revision: from what waits in the spool, from the store, or from the local cache."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import TypeVar

from monitor.domain import keys
from monitor.domain.history.base import Base, read_base
from monitor.domain.history.delta import state_of
from monitor.domain.history.errors import BadObject
from monitor.domain.history.revision import Header, Revision
from monitor.domain.history.revision_text import read_revision
from monitor.ports.store import NoSuchKey
from monitor.services.history.archive import Archive
from monitor.services.history.bases import Bases
from monitor.services.history.cache import Cache, Clean, clean_of
from monitor.services.history.head import Head
from monitor.services.history.spool import Spool

Found = TypeVar("Found")

READS = 16
MOST_PIECES = 300_000

log = logging.getLogger(__name__)


class Heads:
    """Reads heads and, where much is new, all older revisions; the caller holds the head's lock."""

    def __init__(self, archive: Archive, spool: Spool, cache: Cache, pool: Executor, bases: Bases) -> None:
        self._archive, self._spool, self._cache, self._pool = archive, spool, cache, pool
        self._bases = bases

    async def load(self, head: Head, *, online: bool) -> None:
        """Make `head` speak of the newest revision; offline as far as this machine knows.

        A newest revision that is damaged is no reason to stop: everything is read again, and the next one has a
        base of its own. Raises `UnknownFormat`; `StoreAway` where `online` was too hopeful.
        """
        remembered = clean_of(head) if head.loaded else await self._cache.clean(head.name)
        head.unload()
        waiting = self._spool.waiting(head.name)
        cached = await self._cache.revision(head.name)
        if head.sure and not waiting and await self._is_newest(head, cached):
            await self._take(head, cached, remembered, online=online)
            return
        stored = await self._stored(head) if online else None
        if waiting:
            data: bytes | None = await self._spool.revision(head.name, waiting[-1].header.seq)
        else:
            data = stored if online else cached
        await self._take(head, data, remembered, online=online)
        head.sure = online
        if data is not None and online and not waiting and data != cached:
            await self._cache.put_revision(head.name, data)

    async def _is_newest(self, head: Head, cached: bytes | None) -> bool:
        """The cache has what this process knows to be the newest: nobody needs to be asked."""
        if cached is None or head.header is None:
            return False
        try:
            return (await self._read(cached)).header == head.header
        except BadObject:
            return False

    async def _stored(self, head: Head) -> bytes | None:
        """The newest revision in the store."""
        seqs = await self._archive.seqs(head.name)
        if not seqs:
            head.stored, head.recalled = None, True
            return None
        head.seq = max(head.seq, seqs[-1])
        data = await self._archive.store.get(keys.revision_key(self._archive.prefix, head.name, seqs[-1]))
        try:
            head.stored = (await self._read(data)).header
        except BadObject as error:
            log.warning("the newest revision of %s is damaged: %s", head.name, error.message)
        return data

    async def _take(self, head: Head, data: bytes | None, clean: Clean, *, online: bool) -> None:
        head.loaded, head.header, head.alone = True, None, False
        if data is None:
            return
        try:
            revision = await self._read(data)
            head.header, head.size = revision.header, len(data)
            head.seq = max(head.seq, revision.seq)
            base = await self._base(head.name, revision.header, online=online)
            state = await self._run(state_of, base.entries, revision)
        except (BadObject, NoSuchKey) as error:
            log.warning("the newest revision of %s cannot be read: %s", head.name, error.message)
            head.error = f"its newest revision cannot be read ({error.message}); the next one stands alone"
            head.alone = True
            return
        head.put(revision, len(data), base.entries, base.packs, state)
        head.clean, head.keys = await self._run(clean.of, state), dict(clean.keys)

    async def _base(self, name: str, header: Header, *, online: bool) -> Base:
        if (held := self._bases.find(header.base)) is not None:
            return held
        cached = await self._cache.base(name)
        if cached is not None:
            with suppress(BadObject):
                return await self._run(read_base, cached, header.base)
        key = keys.base_key(self._archive.prefix, name, header.base)
        if self._spool.has(key):
            return await self._run(read_base, await self._spool.store.get(key), header.base)
        if not online:
            raise NoSuchKey(f"The base {header.base} is not on this machine, and the store is away.")
        return await self._run(read_base, await self._archive.store.get(key), header.base)

    async def recall(self, head: Head) -> None:
        """Learn the pieces of every revision there is, so that none of them is uploaded again."""
        seen = {head.header.base} if head.header else set()
        limit = asyncio.Semaphore(READS)

        async def one(seq: int) -> None:
            async with limit:
                if len(head.index) < MOST_PIECES:
                    await self._recall_one(head, seq, seen)

        async with asyncio.TaskGroup() as group:
            for seq in reversed(await self._archive.seqs(head.name)):
                group.create_task(one(seq), name=f"recall {seq}")
        head.recalled = True

    async def _recall_one(self, head: Head, seq: int, seen: set[str]) -> None:
        try:
            revision = await self._run(read_revision, await self._archive.bytes_of(head.name, seq), seq)
            head.remember(revision.changed.values())
            if revision.header.base not in seen:
                seen.add(revision.header.base)
                head.remember((await self._archive.base(head.name, revision.header.base)).entries.values())
        except (BadObject, NoSuchKey) as error:
            log.warning("revision %d of %s is not used again: %s", seq, head.name, error.message)

    async def _read(self, data: bytes) -> Revision:
        return await self._run(read_revision, data)

    async def _run(self, call: Callable[..., Found], *args: object) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)
