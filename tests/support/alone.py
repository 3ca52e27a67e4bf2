"""The ground of garbage collection where nobody writes meanwhile (`monitor.services.gc.ground.Ground`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from monitor.domain.history.revision import Writer
from monitor.services.history.spool import Spool


class Alone:
    """Nobody else writes; what waits in `spool` relies on what is in the store as much as any revision."""

    def __init__(self, writer: Writer | None = None, spool: Spool | None = None) -> None:
        self.writer, self._spool = writer or Writer("", 0, ""), spool

    @asynccontextmanager
    async def hold(self, workspace: str) -> AsyncIterator[None]:
        yield

    async def check(self) -> None: ...

    def waiting(self, workspace: str) -> bool:
        return self._spool is not None and bool(self._spool.waiting(workspace))

    def distrust(self, workspace: str, packs: Collection[str]) -> None: ...

    async def purged(self, workspace: str) -> None: ...

    async def reread(self, workspace: str) -> None: ...
