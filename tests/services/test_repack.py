"""Repacking: the newest state moves out of packs that are mostly dead, and nothing else changes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain.durations import DAY
from monitor.domain.history.revision import Writer
from monitor.domain.moments import NS
from monitor.domain.retention_policy import DEFAULT, Policy
from monitor.ports.store import StoreAway
from monitor.services.gc.collecting import Collector
from monitor.services.gc.doubting import Odd
from monitor.services.gc.ground import BesideHistory
from monitor.services.gc.repacking import Repacked, Repacker
from monitor.services.history.archive import Archive
from tests.support.alone import Alone
from tests.support.faults import Fault, FaultyStore, writes
from tests.support.keeping import Desk, JumpingClock
from tests.support.pen import Pen, all_contents, in_memory

START = 1_700_000_000 * NS
NEWEST_ONLY = Policy(all=0, hourly=0, daily=0, weekly=0, monthly=0, yearly=0, safety=0)


def noise(seed: int, size: int = 1000) -> bytes:
    return random.Random(seed).randbytes(size)


class Bench:
    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.memory = MemoryStore()
        self.store, self.pool, self.clock = FaultyStore(self.memory), pool, JumpingClock()
        self.pen = Pen(self.memory)

    async def a_history(self) -> None:
        """Ten files in one pack; then all but two of them, and one new: the first pack is mostly dead."""
        await self.pen.begin()
        first = {f"f{n}": noise(n) for n in range(10)}
        await self.pen.save(first, START)
        await self.pen.save({"f1": noise(1), "f2": noise(2), "new": noise(99), "again": noise(1)}, START + NS)

    async def repack(self, policy: Policy = NEWEST_ONLY, **how: bool) -> Repacked:
        ground = Alone(Writer("me", 3, "nonce"))
        repacker = Repacker(self.store, self.clock, self.pool, ground, prefix="p", least_bytes=1)
        return await repacker.repack("shop", policy, **how)

    async def collect(self) -> None:
        collector = Collector(self.store, self.clock, self.pool, Alone(), prefix="p")
        for _ in range(2):
            await collector.collect("shop", NEWEST_ONLY)
            self.clock.wall_ahead_ns += 2 * DAY * NS

    def whole(self) -> dict[int, dict[str, bytes]]:
        found = all_contents(*in_memory(self.memory.objects))
        newest = max(self.pen.saved)
        assert found == {seq: self.pen.saved.get(seq, self.pen.saved[newest]) for seq in found}
        return found

    def stored(self) -> int:
        return sum(len(data) for key, data in self.memory.objects.items() if "/packs/" in key)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with ThreadPoolExecutor(2) as pool:
        yield Bench(pool)


async def test_what_is_mostly_dead_shrinks_once_the_old_revisions_are_gone(bench: Bench) -> None:
    await bench.a_history()
    await bench.collect()
    before = bench.stored()
    done = await bench.repack()
    assert (done.seq, done.packs) == (3, 1)
    assert 0.1 < done.live < 0.4
    assert set(bench.whole()) == {2, 3}
    await bench.collect()
    assert set(bench.whole()) == {3}
    assert bench.stored() < 0.4 * before
    header = await Archive(bench.memory, "p").header("shop", 3)
    old = bench.pen.header
    assert old is not None
    assert (header.kind, header.time_ns, header.parent, header.writer.install) == ("repack", old.time_ns, 2, "me")
    assert (await bench.repack()).seq is None


async def test_what_older_revisions_need_counts_as_live(bench: Bench) -> None:
    await bench.a_history()
    assert (await bench.repack(DEFAULT)).seq is None
    assert bench.store.puts == []


async def test_dry_run_and_small_histories_change_nothing(bench: Bench) -> None:
    await bench.a_history()
    assert (await bench.repack(dry_run=True)).live < 0.6
    repacker = Repacker(bench.store, bench.clock, bench.pool, Alone(), prefix="p")
    assert (await repacker.repack("shop", NEWEST_ONLY)).seq is None
    assert bench.store.puts == []


async def test_a_deleted_workspace_is_left_alone(bench: Bench) -> None:
    await bench.a_history()
    await bench.pen.save({"f1": noise(1)}, START + 2 * NS, "deleted")
    assert (await bench.repack()).seq is None


async def test_damage_is_not_copied(bench: Bench) -> None:
    await bench.a_history()
    piece = next(iter(bench.pen._index.values()))
    wanted = next(p for p in bench.pen._index.values() if p.pack == piece.pack and p.offset > piece.offset)
    key = f"p/shop/history/packs/{piece.pack}"
    data = bytearray(bench.memory.objects[key])
    data[wanted.offset + 20] ^= 1
    bench.memory.objects[key] = bytes(data)
    with pytest.raises(Odd):
        await bench.repack()
    assert bench.store.puts == []


@pytest.mark.parametrize("mode", ["before", "after"])
async def test_failing_anywhere_leaves_every_revision_whole(bench: Bench, mode: str) -> None:
    for step in range(10):
        bench.memory.objects.clear()
        bench.pen = Pen(bench.memory)
        await bench.a_history()
        bench.store.arm(Fault(mode, at=step, match=writes))
        try:
            await bench.repack()
            break
        except StoreAway:
            bench.whole()
        bench.store.arm(None)
        await bench.repack()
        bench.whole()
    assert step == 3


async def test_the_history_goes_on_above_it(tmp_path: Path) -> None:
    """Beside a running history: the next batch builds on the repacked revision, and refers to the new packs."""
    desk = Desk(tmp_path)
    await desk.history.open()
    for n in range(8):
        (desk.folder / f"f{n}").write_bytes(noise(n))
    await desk.write("stays", noise(50))
    await desk.keep()
    for n in range(8):
        (desk.folder / f"f{n}").unlink()
    await desk.write("new", "new")
    await desk.keep()
    with ThreadPoolExecutor(1) as pool:
        ground = BesideHistory(desk.history)
        repacker = Repacker(desk.store, desk.clock, pool, ground, prefix="p", least_bytes=1)
        assert (await repacker.repack("shop", NEWEST_ONLY)).seq == 3
        assert await desk.keep() is None
        await desk.write("more", "more")
        await desk.keep()
        assert desk.reader().seqs() == [1, 2, 3, 4]
        above, below = desk.reader().header(4), desk.reader().header(3)
        assert (above["parent"], above["base"], above["flags"]) == (3, below["base"], [])
        assert {name: row[1] for name, row in desk.restored(4).items()} == {
            b"stays": noise(50), b"new": b"new", b"more": b"more"}  # fmt: skip
        collector = Collector(desk.store, desk.clock, pool, ground, prefix="p")
        for _ in range(3):
            await collector.collect("shop", NEWEST_ONLY)
            desk.clock.wall_ahead_ns += 2 * DAY * NS
        assert desk.reader().seqs() == [4]
        assert len(desk.restored(4)) == 3
        await desk.write("f1", noise(1))
        await desk.keep()
        assert desk.restored(5)[b"f1"][1] == noise(1)
    await desk.close()
