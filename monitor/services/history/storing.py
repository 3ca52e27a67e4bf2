"""Where a batch goes: straight to the store, or to the spool while the store is away or something waits already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from monitor.domain.history.revision import Revision
from monitor.ports.store import Store, StoreFull
from monitor.services.history.committing import Batch, Request, Tools
from monitor.services.history.head import Head
from monitor.services.history.link import AWAY
from monitor.services.history.outlet import Outlet
from monitor.services.history.room import make_room
from monitor.services.history.spool import Spool


class Storing:
    """Keeps batches, one per head at a time: the caller holds its lock. `heads` are all there are."""

    def __init__(self, store: Store, spool: Spool, heads: Mapping[str, Head], tools: Tools) -> None:
        self._store, self._spool, self._heads, self._tools = store, spool, heads, tools

    async def keep(self, head: Head, request: Request) -> Revision | None:
        """The revision that now exists, None where nothing changed; raises as `Batch.commit` does."""
        direct = await self._tools.link.ready() and not self._spool.waiting(head.name)
        direct = await self._load(head, direct)
        request = await self._current(head, request)
        if not direct:
            await make_room(self._spool, head, self._heads, 0)
        try:
            return await self._batch(head, request, direct=direct)
        except StoreFull:
            await self._spool.sweep(head.name)
            if not await make_room(self._spool, head, self._heads, head.wanted):
                raise
        return await self._batch(head, request, direct=False)

    async def _current(self, head: Head, request: Request) -> Request:
        """Looked at anew where a later look was kept before this one: what came since would count as removed."""
        begun = request.tree.begun
        if request.only or not begun or begun >= head.looked_at:
            return request
        tree = await self._tools.files.walk(request.folder, request.overrides)
        return replace(request, tree=replace(tree, restless=request.tree.restless))

    async def _batch(self, head: Head, request: Request, *, direct: bool) -> Revision | None:
        outlet = Outlet(self._store, self._spool, self._tools.link, self._tools.clock, direct=direct)
        revision = await Batch(self._tools, head, request, outlet).commit()
        if not request.only:
            head.looked_at = max(head.looked_at, request.tree.begun)
        return revision

    async def _load(self, head: Head, online: bool) -> bool:
        """Know the newest revision; True where the store was asked for it, now or before."""
        if head.loaded and (head.sure or not online):
            return online
        try:
            await self._tools.heads.load(head, online=online)
        except AWAY as error:
            self._tools.link.lost(error)
            await self._tools.heads.load(head, online=False)
            return False
        return online
