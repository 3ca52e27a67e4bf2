"""Where the objects of one batch go: to the store, and once that is away for the rest of the batch to the spool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from monitor.domain.history.revision import Revision
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.store import NoSuchKey, Store
from monitor.services.history.link import AWAY, Link
from monitor.services.history.spool import Spool

PAUSES_S = (0.2, 0.8)


class Outlet:
    """One batch of one workspace; `direct` until something failed that may work later."""

    def __init__(self, store: Store, spool: Spool, link: Link, clock: Clock, *, direct: bool) -> None:
        self._store, self._spool, self._link, self._clock = store, spool, link, clock
        self.direct = direct
        self.requests = 0

    async def put(self, key: str, data: bytes) -> None:
        """Durable somewhere once this returns; raises `StoreFull` where the spool is."""
        if self.direct and await self._tried(lambda: self._store.put(key, data)):
            return
        await self._spool.put(key, data)

    async def put_new(self, key: str, data: bytes) -> bool:
        """True once the store has it, False where it has to be spooled; raises `KeyExists`.

        After a time-out the store may have it all the same: whoever finds the key taken compares the bytes.
        """
        return self.direct and await self._tried(lambda: self._store.put_new(key, data))

    async def has(self, key: str) -> bool:
        """Whether the object is certainly there; False where nobody can tell."""
        if self._spool.has(key):
            return True
        if not self.direct:
            return False
        try:
            await self._store.head(key)
        except (NoSuchKey, *AWAY):
            return False
        return True

    async def spool(
        self, name: str, revision: Revision, data: bytes, base_packs: frozenset[str], changes: int
    ) -> None:
        await self._spool.put_revision(name, revision, data, base_packs, changes)

    async def _tried(self, request: Callable[[], Awaitable[None]]) -> bool:
        failed: SlipwayError | None = None
        for pause in (*PAUSES_S, None):
            self.requests += 1
            try:
                await request()
            except AWAY as error:
                failed = error
                if pause is None or not self.direct:
                    break
                await self._clock.sleep(pause)
            else:
                self._link.back()
                return True
        if failed is not None:
            self.failed(failed)
        return False

    def failed(self, error: SlipwayError) -> None:
        """The rest of the batch goes to the spool."""
        if self.direct:
            self.direct = False
            self._link.lost(error)
