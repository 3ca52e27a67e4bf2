"""A history in memory, its collector, a clock, and a store that dies at a chosen write."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain import keys
from monitor.domain.durations import HOUR
from monitor.domain.history.snapshot import Snapshot, write_snapshot
from monitor.domain.moments import NS
from monitor.domain.retention_policy import Policy
from monitor.services.gc.collecting import Collected, Collector
from tests.support.alone import Alone
from tests.support.pen import Pen, all_contents, in_memory

START = 1_700_000_000 * NS
NARROW = Policy(all=0, hourly=0, daily=0, weekly=0, monthly=0, yearly=0, safety=0)


class TestClock:
    """A clock the test sets."""

    __test__ = False

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns

    def wall_ns(self) -> int:
        return self.now_ns

    def monotonic(self) -> float:
        return self.now_ns / NS

    async def sleep(self, seconds: float) -> None:
        self.now_ns += int(seconds * NS)


class Killed(BaseException):
    """The process is gone."""


class Mortal(MemoryStore):
    """Ends the process at one of its writes: `after` counts them, `late` dies after the write instead of before."""

    def __init__(self, after: int | None = None, late: bool = False) -> None:
        super().__init__()
        self.after, self.late, self.writes = after, late, 0

    async def put(self, key: str, data: bytes) -> None:
        if self._dies() and not self.late:
            raise Killed
        await super().put(key, data)
        self._die_late()

    async def delete(self, key: str) -> None:
        if self._dies() and not self.late:
            raise Killed
        await super().delete(key)
        self._die_late()

    def _dies(self) -> bool:
        self.writes += 1
        return self.after is not None and self.writes > self.after

    def _die_late(self) -> None:
        if self.late and self.after is not None and self.writes > self.after:
            raise Killed


class Bench:
    """One history and its collector."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.store, self.pool = Mortal(), pool
        self.clock, self.ground = TestClock(START), Alone()
        self.pen = Pen(self.store)

    async def run(self, policy: Policy = NARROW, *, dry_run: bool = False, later_s: int = 0) -> Collected:
        self.clock.now_ns += later_s * NS
        collector = Collector(self.store, self.clock, self.pool, self.ground, prefix="p")
        return await collector.collect("shop", policy, dry_run=dry_run)

    async def a_history(self, count: int = 6) -> None:
        """`count` revisions an hour apart, each with a file of its own, one in common, and two bases."""
        await self.pen.begin()
        for n in range(1, count + 1):
            files = {"same": b"same", "now": b"%d" % n * 50, f"only/{n}": b"only %d" % n, "to": b"-> same"}
            await self.pen.save(files, self.clock.now_ns, base=n == count // 2)
            self.clock.now_ns += HOUR * NS

    def contents(self) -> dict[int, dict[str, bytes]]:
        return all_contents(*in_memory(self.store.objects))

    def whole(self) -> None:
        """Every listed revision gives back exactly what was saved, by the independent reader."""
        found = self.contents()
        assert found == {seq: self.pen.saved[seq] for seq in found}
        assert max(self.pen.saved) in found

    def count(self, kind: str) -> int:
        return sum(f"/history/{kind}/" in key for key in self.store.objects)

    async def name(self, name: str, seq: int, expires_ns: int | None = None) -> None:
        snapshot = Snapshot(name, seq, self.clock.now_ns, expires_ns=expires_ns)
        await self.store.put(keys.name_key("p", "shop", name), write_snapshot(snapshot))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def bench(pool: ThreadPoolExecutor) -> Bench:
    return Bench(pool)
