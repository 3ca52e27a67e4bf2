"""CPU and memory of the workspaces somebody looks at: sampled when asked, never otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from monitor.domain.instance import Instance
from monitor.ports.clock import Clock
from monitor.ports.closeup import Closeup, Used
from monitor.services.observer import Observer

FRESH_S = 2.0
FORGOTTEN_S = 30.0
MOST = 100


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    used: Used
    cores: float | None


@dataclass(slots=True)
class Usage:
    """Shares are made of two samples, so the first answer about an instance has none."""

    closeup: Closeup
    observer: Observer
    clock: Clock
    _samples: dict[str, _Sample] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, names: Collection[str]) -> dict[str, Any]:
        """`{name: {"cpu_cores", "memory", "memory_limit", "processes"}}` of those that run; sums over instances.

        `cpu_cores` 0.5 is half a core, null until it is known. Raises `EngineAway`.
        """
        every = await self.observer.all()
        instances = [one for name in list(names)[:MOST] for one in every.get(name, ())]
        async with self._turn:
            await self._sample(instances)
        found: dict[str, Any] = {}
        for one in instances:
            if sample := self._samples.get(one.id):
                found[one.workspace] = _with(found.get(one.workspace), sample)
        return found

    async def _sample(self, instances: list[Instance]) -> None:
        now = self.clock.monotonic()
        self._samples = {key: one for key, one in self._samples.items() if now - one.at < FORGOTTEN_S}
        stale = [one for one in instances if now - self._at(one.id) >= FRESH_S]
        if not stale:
            return
        used = await self.closeup.usage(stale)
        for one in stale:
            if one.id in used:
                self._samples[one.id] = _next(self._samples.get(one.id), self.clock.monotonic(), used[one.id])
            else:
                self._samples.pop(one.id, None)

    def _at(self, instance: str) -> float:
        return self._samples[instance].at if instance in self._samples else float("-inf")


def _next(before: _Sample | None, now: float, used: Used) -> _Sample:
    if before is None or now <= before.at:
        return _Sample(now, used, None)
    return _Sample(now, used, max(0.0, (used.cpu_s - before.used.cpu_s) / (now - before.at)))


def _with(before: dict[str, Any] | None, sample: _Sample) -> dict[str, Any]:
    used = sample.used
    now = {
        "cpu_cores": None if sample.cores is None else round(sample.cores, 3),
        "memory": used.memory,
        "memory_limit": used.limit,
        "processes": used.processes,
    }
    if before is None:
        return now
    return {key: value if before[key] is None else before[key] + (value or 0) for key, value in now.items()}
