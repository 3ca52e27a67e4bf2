"""What goes on beside the batches: uploading what waits, looking again at what did not rest, remembering heads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor

from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.files import Files
from monitor.services.history.cache import Cache, clean_of, write_clean
from monitor.services.history.head import Head
from monitor.services.history.link import AWAY, Link
from monitor.services.history.spool import Spool
from monitor.services.history.uploading import Uploading

LOOK_S, RETRY_S, SAVE_S = 1.0, 2.0, 30.0
MOST_ENTRIES = 150_000

log = logging.getLogger(__name__)


class Upkeep:
    """Works on `heads`, each under its lock. `leave_alone` names workspaces that are not looked at just now."""

    def __init__(
        self,
        heads: dict[str, Head],
        spool: Spool,
        link: Link,
        uploading: Uploading,
        cache: Cache,
        files: Files,
        clock: Clock,
        pool: Executor,
    ) -> None:
        self._heads, self._spool, self._link, self._uploading = heads, spool, link, uploading
        self._cache, self._files, self._clock, self._pool = cache, files, clock, pool
        self._uploads = asyncio.Lock()
        self.leave_alone: Callable[[str], bool] = lambda name: False

    async def run(
        self, catch_up: Callable[[], Awaitable[object]], again: Callable[[Head], Awaitable[object]]
    ) -> None:
        """Until cancelled; `again` looks at a workspace anew and keeps it."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._clock.sleep(LOOK_S)
                if self._spool.names and not self._uploads.locked() and not self._blocked:
                    group.create_task(_calmly(catch_up()), name="history upload")
                for head in [head for head in self._heads.values() if self._due(head)]:
                    head.busy = True
                    group.create_task(self._again(head, again), name=f"history {head.name}")
                for head in [head for head in self._heads.values() if self._unsaved(head)]:
                    await _calmly(self.save(head))

    async def upload(self) -> bool:
        """Upload what waits; True once nothing does. Raises `Fenced`, and what is wrong with one workspace alone once
        all others had their turn."""
        failed: SlipwayError | None = None
        async with self._uploads:
            for name in self._spool.names:
                try:
                    if not await self._upload(self._heads.setdefault(name, Head(name))):
                        return False
                except SlipwayError as error:
                    if self._link.stopped is not None:
                        raise
                    self._heads[name].error, failed = error.message, failed or error
        if failed is not None:
            raise failed
        return True

    async def save(self, head: Head) -> None:
        """Remember for the next start, while nobody waits for it."""
        revision, head.unsaved = head.unsaved, None
        if revision is not None:
            await self._cache.put_revision(head.name, revision)
        if head.loaded and head.saved_state is not head.state:
            head.saved_at, head.saved_state = self._clock.monotonic(), head.state
            clean = clean_of(head)
            data = await asyncio.get_running_loop().run_in_executor(self._pool, write_clean, clean)
            await self._cache.put_clean(head.name, data)

    async def unload_some(self) -> None:
        """Keep memory bounded: the longest unused heads can be read again from the cache."""
        loaded = sorted((h for h in self._heads.values() if h.loaded), key=lambda h: h.used_at)
        total = sum(len(head.state) for head in loaded)
        for head in loaded[:-1]:
            if total <= MOST_ENTRIES:
                return
            if not head.lock.locked():
                async with head.lock:
                    total -= len(head.state)
                    await self.save(head)
                    head.unload()

    async def _upload(self, head: Head) -> bool:
        """All that waits for one workspace; between two of its revisions a batch may come in."""
        while True:
            async with head.lock:
                if not await self._link.ready():
                    return False
                try:
                    if not await self._uploading.next(head):
                        return True
                except AWAY as error:
                    self._link.lost(error)
                    head.sure = False
                    return False
                self._link.back()

    async def _again(self, head: Head, again: Callable[[Head], Awaitable[object]]) -> None:
        """A file did not come to rest: look again."""
        await _calmly(again(head))
        head.retry_at = self._clock.monotonic() + RETRY_S
        head.busy = False

    @property
    def _blocked(self) -> bool:
        return self._link.is_away or self._link.stopped is not None

    def _unsaved(self, head: Head) -> bool:
        due = self._clock.monotonic() - head.saved_at >= SAVE_S
        stale = due and head.loaded and head.saved_state is not head.state
        return not head.lock.locked() and (stale or head.unsaved is not None)

    def _due(self, head: Head) -> bool:
        waits = head.busy or head.lock.locked() or not head.growing or head.where is None
        return not waits and self._clock.monotonic() >= head.retry_at and not self.leave_alone(head.name)


async def _calmly(work: Awaitable[object]) -> None:
    """A failure is in the state already; the next look tries again."""
    try:
        await work
    except SlipwayError as error:
        log.info("the history waits: %s", error.message)
    except Exception:
        log.exception("keeping the history failed; the next look tries again")
