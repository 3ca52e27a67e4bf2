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
        self._doing: dict[str, list[str]] = {}
        self.over, self.begun = over, begun

    def doing(self, name: str) -> str:
        """What is under way or about to be, such as `restoring revision 7`; empty where nothing was announced."""
        announced = self._doing.get(name)
        return announced[0] if announced else ""

    @asynccontextmanager
    async def hold(self, name: str, doing: str = "") -> AsyncIterator[None]:
        """Wait for the turn and have it. With `doing` it is announced at once, so that others stop early."""
        lock = self._locks.setdefault(name, asyncio.Lock())
        if not doing:
            async with lock:
                yield
            return
        announced = self._doing.setdefault(name, [])
        announced.append(doing)
        self.begun(name)
        try:
            async with lock:
                yield
        finally:
            # One that gives up waiting does not end what another is at.
            announced.remove(doing)
            if not announced:
                self._doing.pop(name, None)
            self.over(name)
