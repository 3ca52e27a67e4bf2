"""One workspace with its mirror over a real folder and a store that counts, and fails when it is told to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles
from monitor.adapters.memory_store import MemoryStore
from monitor.adapters.state_files import DiskStateFiles
from monitor.domain.filters import Overrides
from monitor.errors import SlipwayError
from monitor.services.mirror import Mirror, MirrorState

LIVE = "p/shop/live/"


class Clock(SystemClock):
    """The machine's clock, moved ahead by hand; sleeping is short."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    async def sleep(self, seconds: float) -> None:
        self.ahead += seconds
        await asyncio.sleep(min(seconds, 0.02))  # longer than a file counts as racy


class WatchedStore(MemoryStore):
    """Counts requests and fails those it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self.order: list[tuple[str, str]] = []
        self.fault: SlipwayError | None = None
        self.after = 0

    def _ask(self, what: str, key: str) -> None:
        self.calls[what] += 1
        self.order.append((what, key))
        if self.fault is not None and self.calls.total() > self.after:
            raise self.fault

    async def put(self, key: str, data: bytes) -> None:
        self._ask("put", key)
        await super().put(key, data)

    async def get(self, key: str) -> bytes:
        self._ask("get", key)
        return await super().get(key)

    async def delete(self, key: str) -> None:
        self._ask("delete", key)
        await super().delete(key)

    def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Any]:
        self._ask("list", prefix)
        return super().list(prefix, after=after)

    @property
    def mirrored(self) -> dict[str, bytes]:
        return {k.removeprefix(LIVE): v for k, v in self.objects.items() if k.startswith(LIVE)}


class Bench:
    """One workspace, its mirror, and a way to start again from what is on disk."""

    def __init__(self, base: Path) -> None:
        self.base, self.folder = base, base / "root" / "shop"
        self.folder.mkdir(parents=True)
        self.clock, self.store = Clock(), WatchedStore()
        self.files = DiskFiles(self.clock)
        self.mirror = self.new()

    def new(self, identity: str = "bucket") -> Mirror:
        state = DiskStateFiles(self.base / "state")
        return Mirror(self.store, self.files, state, self.clock, prefix="p", identity=identity)

    def write(self, path: str, data: bytes = b"x") -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    async def sync(self, overrides: Overrides | None = None) -> MirrorState:
        self.store.calls.clear()
        self.store.order.clear()
        tree = await self.files.walk(self.folder, overrides)
        return await self.mirror.sync("shop", self.folder, tree, overrides)
