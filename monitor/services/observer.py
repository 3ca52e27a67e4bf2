"""One listing of the engine shared by everybody who asks at about the same time."""

from __future__ import annotations

import asyncio

from monitor.domain.instance import Instance
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine


class Observer:
    """Answers "what runs now" with a listing begun no earlier than the question.

    While one listing is under way, later questions share the next one, so a burst of a thousand costs two.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = asyncio.Lock()
        self._begun = float("-inf")
        self._by_workspace: dict[str, list[Instance]] = {}

    async def all(self) -> dict[str, list[Instance]]:
        """Every instance of this install by workspace; raises `EngineAway`."""
        asked = self._clock.monotonic()
        async with self._lock:
            if self._begun < asked:
                begun = self._clock.monotonic()
                grouped: dict[str, list[Instance]] = {}
                for instance in await self._engine.instances():
                    grouped.setdefault(instance.workspace, []).append(instance)
                self._by_workspace, self._begun = grouped, begun
            return self._by_workspace

    async def of(self, workspace: str) -> list[Instance]:
        """The instances of one workspace; raises `EngineAway`."""
        return (await self.all()).get(workspace, [])
