"""Notice the beginning and the end of instances without asking: one pidfd each in the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

from monitor.adapters.process_engine.records import Keeper


class Exits:
    """Watches keepers; `hints` yields the workspace of each that ended. Used from one event loop."""

    def __init__(self) -> None:
        self._watched: dict[Keeper, int] = {}
        self._happened: dict[str, None] = {}
        self._rung = asyncio.Event()

    def watch(self, workspace: str, keeper: Keeper) -> None:
        """Watch from now on; one that is watched already, or gone, changes nothing."""
        if keeper in self._watched:
            return
        try:
            descriptor = os.pidfd_open(keeper.pid)
        except OSError:
            return
        if not keeper.alive:
            os.close(descriptor)
            return
        self._watched[keeper] = descriptor
        asyncio.get_running_loop().add_reader(descriptor, self._over, workspace, keeper)

    async def hints(self) -> AsyncIterator[str]:
        """Names of workspaces one of whose instances began or ended; each waits here once, however often that was."""
        while True:
            while self._happened:
                name = next(iter(self._happened))
                del self._happened[name]
                yield name
            self._rung.clear()
            await self._rung.wait()

    def ring(self, workspace: str) -> None:
        """Say that something happened to a workspace."""
        self._happened[workspace] = None
        self._rung.set()

    def close(self) -> None:
        for keeper in list(self._watched):
            self._forget(keeper)

    def _over(self, workspace: str, keeper: Keeper) -> None:
        self._forget(keeper)
        self.ring(workspace)

    def _forget(self, keeper: Keeper) -> None:
        descriptor = self._watched.pop(keeper)
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
