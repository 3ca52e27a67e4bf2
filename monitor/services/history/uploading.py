"""What waited in the spool goes to the store, in order, each batch as the revision it was."""

from __future__ import annotations

import logging

from monitor.domain import keys
from monitor.domain.history.numbering import renumbered
from monitor.domain.history.revision import Header
from monitor.ports.store import KeyExists, NoSuchKey, Store
from monitor.services.history.archive import Archive
from monitor.services.history.fence import Fence
from monitor.services.history.head import Head
from monitor.services.history.mending import Mending
from monitor.services.history.spool import Spool, Waiting

log = logging.getLogger(__name__)


class Uploading:
    """Moves one revision at a time; the caller holds the head's lock for each.

    Every call raises `StoreAway` (go on later; nothing is lost or done twice) or `Fenced`.
    """

    def __init__(
        self, store: Store, archive: Archive, spool: Spool, fence: Fence, mending: Mending, prefix: str
    ) -> None:
        self._store, self._archive, self._spool, self._fence = store, archive, spool, fence
        self._mending, self._prefix = mending, prefix
        self._mended: set[str] = set()

    async def next(self, head: Head) -> bool:
        """Upload the oldest that waits for this workspace; False where none does."""
        waiting = self._spool.waiting(head.name)
        if not waiting:
            self._mended.discard(head.name)
            return False
        if not head.sure or head.name not in self._mended:
            await self._mending.mend(head)
            self._mended.add(head.name)
            waiting = self._spool.waiting(head.name)
        one = waiting[0]
        data = await self._spool.revision(head.name, one.header.seq)
        for _, key in self._spool.objects(head.name, one):
            await self._store.put(key, await self._spool.store.get(key))
        if await self._placed(head, one, data):
            await self._spool.done(head.name, one)
            head.stored, head.sure = one.header, True
        return True

    async def _placed(self, head: Head, one: Waiting, data: bytes) -> bool:
        """True once the revision is in the store; False where it was renumbered, to be tried again."""
        name, seq = head.name, one.header.seq
        newest = await self._newest(head)
        if newest is not None and seq <= newest.seq:
            return await self._is_there(name, seq, data) or await self._move(head, newest)
        try:
            await self._store.put_new(keys.revision_key(self._prefix, name, seq), data)
        except KeyExists:
            if not await self._is_there(name, seq, data):
                return await self._move(head, await self._fence.above(name, seq, waited=True))
        return True

    async def _newest(self, head: Head) -> Header | None:
        """The newest revision in the store; asked for once after every time it was away."""
        if not head.sure:
            head.stored = await self._archive.newest(head.name)
            head.sure = True
        return head.stored

    async def _is_there(self, name: str, seq: int, data: bytes) -> bool:
        try:
            return await self._fence.is_ours(name, seq, data)
        except NoSuchKey:
            return False

    async def _move(self, head: Head, newest: Header) -> bool:
        """Renumber all that waits above another writer's revisions, the last first: none is overwritten."""
        await self._fence.check()
        waiting = self._spool.waiting(head.name)
        log.warning("%s: %d waiting revisions are renumbered above %d", head.name, len(waiting), newest.seq)
        headers: list[Header] = []
        for one in waiting:
            headers.append(renumbered(one.header, headers[-1] if headers else newest))
        last = waiting[-1].header
        for one, header in reversed(list(zip(waiting, headers, strict=True))):
            await self._spool.rewrite(head.name, one, header)
        head.stored = newest
        head.seq = max(head.seq, headers[-1].seq)
        if head.header == last:
            head.header = headers[-1]
        return False
