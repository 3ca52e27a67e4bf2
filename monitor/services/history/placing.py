"""A revision finds its place: its number in the store, above whatever is there already, or in the spool."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import replace

from monitor.domain import keys
from monitor.domain.history.numbering import renumbered
from monitor.domain.history.revision import Revision
from monitor.domain.history.revision_text import write_revision
from monitor.ports.store import KeyExists
from monitor.services.history.fence import Fence
from monitor.services.history.link import AWAY
from monitor.services.history.outlet import Outlet

TRIES = 5


class Placing:
    """The last write of a batch. Raises `Fenced` where the place is another writer's."""

    def __init__(self, name: str, outlet: Outlet, fence: Fence, prefix: str, pool: Executor) -> None:
        self._name, self._outlet, self._fence = name, outlet, fence
        self._prefix, self._pool = prefix, pool

    async def place(self, revision: Revision, base_packs: frozenset[str], changes: int) -> tuple[Revision, bytes]:
        """The revision as it was written, perhaps with another number, and its bytes."""
        for _ in range(TRIES):
            data = await asyncio.get_running_loop().run_in_executor(self._pool, write_revision, revision)
            try:
                if not await self._outlet.put_new(self._key(revision), data):
                    await self._outlet.spool(self._name, revision, data, base_packs, changes)
                return revision, data
            except KeyExists:
                above = await self._above(revision, data)
                if above is None:
                    return revision, data
                revision = above
        raise KeyExists(
            f"Revision {revision.seq} of {self._name} finds its place taken again and again.",
            hint="is another Slipway keeping this workspace in the same bucket? The next look tries again",
        )

    async def _above(self, revision: Revision, data: bytes) -> Revision | None:
        """None where an earlier try of ours went through; the same where the store cannot be asked any more."""
        try:
            if await self._fence.is_ours(self._name, revision.seq, data):
                return None
            newest = await self._fence.above(self._name, revision.seq, waited=False)
        except AWAY as error:
            self._outlet.failed(error)
            return revision
        return replace(revision, header=renumbered(revision.header, newest))

    def _key(self, revision: Revision) -> str:
        return keys.revision_key(self._prefix, self._name, revision.seq)
