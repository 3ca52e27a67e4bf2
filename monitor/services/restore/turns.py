"""Whose turn it is with a workspace: launching, keeping and restoring it never overlap.

Whoever acts on a workspace's folder or instances holds its turn; others wait or look (`doing`) and come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Turns:
    """One turn per workspace name. `begun` is told a name when a turn is announced, `over` when that one ends."""

    def __init__(
        self, over: Callable[[str], None] = lambda name: None, begun: Callable[[str], None] = lambda name: None
    ) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._doing: dict[str, str] = {}
        self.over, self.begun = over, begun

    def doing(self, name: str) -> str:
        """What is under way or about to be, such as `restoring revision 7`; empty where nothing was announced."""
        return self._doing.get(name, "")

    @asynccontextmanager
    async def hold(self, name: str, doing: str = "") -> AsyncIterator[None]:
        """Wait for the turn and have it. With `doing` it is announced at once, so that others stop early."""
        lock = self._locks.setdefault(name, asyncio.Lock())
        if doing:
            self._doing[name] = doing
            self.begun(name)
        try:
            async with lock:
                if doing:
                    self._doing[name] = doing
                yield
        finally:
            if doing and self._doing.pop(name, None) is not None:
                self.over(name)
