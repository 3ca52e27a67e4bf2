"""What garbage collection needs of whoever writes: to hold still, to be ours, to stop relying on what may go."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from monitor.domain.history.revision import Writer
from monitor.services.history.history import History


class Ground(Protocol):
    """One per prefix; the write path is behind it."""

    def hold(self, workspace: str) -> AbstractAsyncContextManager[None]:
        """No revision of the workspace is begun or under way inside."""
        ...

    async def check(self) -> None:
        """Raise `Fenced` unless this process is the one that may write below the prefix."""
        ...

    def waiting(self, workspace: str) -> bool:
        """Revisions wait in a spool: what they refer to may be needed though nothing in the store says so."""
        ...

    def distrust(self, workspace: str, packs: Collection[str]) -> None:
        """From now on, content that lies in these packs is uploaded again where it is needed."""
        ...

    async def purged(self, workspace: str) -> None:
        """Nothing is kept of the workspace any more; called inside `hold`."""
        ...

    @property
    def writer(self) -> Writer:
        """Who we are to the store, after `check`."""
        ...

    async def reread(self, workspace: str) -> None:
        """A revision was, or may have been, written inside `hold`."""
        ...


class BesideHistory:
    """The ground where this very process keeps the history."""

    def __init__(self, history: History) -> None:
        self._history = history

    def hold(self, workspace: str) -> AbstractAsyncContextManager[None]:
        return self._history.hold(workspace)

    async def check(self) -> None:
        await self._history.check()

    def waiting(self, workspace: str) -> bool:
        return self._history.state(workspace).spooled > 0

    def distrust(self, workspace: str, packs: Collection[str]) -> None:
        self._history.distrust(workspace, packs)

    async def purged(self, workspace: str) -> None:
        await self._history.purged(workspace)

    @property
    def writer(self) -> Writer:
        return self._history.writer

    async def reread(self, workspace: str) -> None:
        await self._history.reread(workspace)
