"""Garbage collection: nothing a listed revision needs ever goes, whatever fails, and wherever it is killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest
import zstandard

from monitor.adapters.memory_store import MemoryStore
from monitor.domain import keys
from monitor.domain.durations import DAY, HOUR
from monitor.domain.garbage import GRACE_NS
from monitor.domain.history.condemned import Condemned, read_condemned, write_condemned, write_confirmed
from monitor.domain.history.errors import UnknownFormat
from monitor.domain.history.snapshot import Snapshot, write_snapshot
from monitor.domain.moments import NS
from monitor.domain.retention_policy import DEFAULT, EVERYTHING, Policy
from monitor.ports.store import Listed, StoreAway
from monitor.services.gc.collecting import Collected, Collector
from monitor.services.gc.ground import Alone
from monitor.services.gc.inventory import Odd
from monitor.services.history.spool import Spool
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


async def test_a_run_condemns_the_next_day_removes_and_the_rest_is_identical(bench: Bench) -> None:
    await bench.a_history()
    before = dict(bench.store.objects)
    first = await bench.run()
    assert {key for key in bench.store.objects if key not in before} == {"p/shop/history/condemned"}
    assert (first.revisions, first.packs, first.bases) == ([], [], [])
    assert (await bench.run(later_s=DAY - 1)).revisions == []
    second = await bench.run(later_s=1)
    assert second.revisions == [1, 2, 3, 4, 5]
    assert second.freed_bytes == sum(len(before[key]) for key in before.keys() - bench.store.objects.keys())
    assert (bench.count("revisions"), bench.count("bases")) == (1, 1)
    bench.whole()
    listed = read_condemned(bench.store.objects["p/shop/history/condemned"])
    assert listed == Condemned(newest=6)


async def test_an_idle_run_writes_nothing(bench: Bench) -> None:
    await bench.a_history()
    for later in (0, DAY, DAY):
        await bench.run(later_s=later)
    writes = bench.store.writes
    for later in (0, DAY, DAY):
        await bench.run(later_s=later)
    assert bench.store.writes == writes


async def test_dry_run_says_what_and_why_and_writes_nothing(bench: Bench) -> None:
    await bench.a_history(3)
    before = dict(bench.store.objects)
    told = await bench.run(dry_run=True)
    assert bench.store.objects == before
    assert [(one.seq, one.keep) for one in told.decisions] == [(1, False), (2, False), (3, True)]
    assert told.lines()[0].startswith(
        "remove      1  2023-11-14 22:13:20Z  2 h before the newest: older than every rule"
    )
    assert told.lines()[2].endswith("the newest")
    assert len(told.condemned.revisions) == 2


async def test_defaults_remove_nothing_of_a_day(bench: Bench) -> None:
    await bench.a_history(20)
    for _ in range(3):
        await bench.run(DEFAULT, later_s=2 * DAY)
    assert bench.count("revisions") == 20


async def test_leftovers_of_a_killed_writer_go(bench: Bench) -> None:
    await bench.a_history(2)
    lost = await bench.pen.leftover(b"never in a revision")
    await bench.run(EVERYTHING)
    done = await bench.run(EVERYTHING, later_s=DAY)
    assert done.packs == [lost]
    assert done.revisions == []
    bench.whole()


async def test_a_name_holds_its_revision_until_it_expires(bench: Bench) -> None:
    await bench.a_history()
    await bench.name("v1", 2)
    await bench.name("v2", 3, bench.clock.now_ns + 10 * DAY * NS)
    await bench.run()
    await bench.run(later_s=DAY)
    assert set(bench.contents()) == {2, 3, 6}
    await bench.run(later_s=10 * DAY)
    await bench.run(later_s=DAY)
    assert set(bench.contents()) == {2, 6}
    assert "p/shop/history/names/v2" not in bench.store.objects
    bench.whole()


async def test_a_name_given_at_the_last_moment_saves_its_revision(bench: Bench) -> None:
    await bench.a_history()
    await bench.run()

    class Late(Alone):
        @asynccontextmanager
        async def hold(self, workspace: str) -> AsyncIterator[None]:
            await bench.name("late", 2)
            yield

    bench.ground = Late()
    done = await bench.run(later_s=DAY)
    assert done.revisions == [1, 3, 4, 5]
    bench.whole()


async def test_a_revision_written_meanwhile_keeps_what_it_needs(bench: Bench) -> None:
    """A batch that did not know of the list, and refers to packs that are about to go."""
    await bench.a_history()
    await bench.run()
    old = bench.pen.saved[1]

    class Busy(Alone):
        written = False

        @asynccontextmanager
        async def hold(self, workspace: str) -> AsyncIterator[None]:
            if not self.written:
                await bench.pen.save(old, bench.clock.now_ns)
            self.written = True
            yield

    bench.ground = Busy()
    await bench.run(later_s=DAY)
    assert set(bench.contents()) == {6, 7}
    bench.whole()


async def test_the_writer_hears_of_condemned_packs_before_the_store_does(bench: Bench) -> None:
    await bench.a_history()
    heard: list[tuple[frozenset[str], bool]] = []

    class Hearing(Alone):
        def distrust(self, workspace: str, packs: Collection[str]) -> None:
            heard.append((frozenset(packs), "p/shop/history/condemned" in bench.store.objects))

    bench.ground = Hearing()
    await bench.run()
    listed = read_condemned(bench.store.objects["p/shop/history/condemned"])
    assert heard[0] == (frozenset(listed.packs), False)
    assert heard[0][0]


async def test_alone_too_nothing_is_removed_while_the_data_folder_has_something_waiting(bench: Bench) -> None:
    await bench.a_history()
    (newest,) = [key for key in bench.store.objects if key == keys.revision_key("p", "shop", max(bench.pen.saved))]
    waits = MemoryStore()
    await waits.put(newest, bench.store.objects[newest])
    spool = Spool(waits, "p")
    assert not await spool.load()
    bench.ground = Alone(spool=spool)
    before = dict(bench.store.objects)
    assert (await bench.run()).note
    assert (await bench.run(later_s=2 * DAY)).note
    assert bench.store.objects == before
    await spool.done("shop", spool.waiting("shop")[0])
    assert (await bench.run()).condemned.packs


async def test_nothing_is_removed_while_revisions_wait_in_the_spool(bench: Bench) -> None:
    await bench.a_history()
    await bench.run()

    class Waiting(Alone):
        def waiting(self, workspace: str) -> bool:
            return True

    bench.ground = Waiting()
    before = dict(bench.store.objects)
    done = await bench.run(later_s=DAY)
    assert bench.store.objects == before
    assert "wait for the store" in done.note


async def test_a_writer_that_lost_its_claim_removes_nothing(bench: Bench) -> None:
    await bench.a_history()
    await bench.run()

    class Lost(Alone):
        async def check(self) -> None:
            raise PermissionError("another install writes here")

    bench.ground = Lost()
    before = dict(bench.store.objects)
    with pytest.raises(PermissionError):
        await bench.run(later_s=DAY)
    assert bench.store.objects == before


async def test_a_mass_deletion_waits_for_a_person(bench: Bench) -> None:
    await bench.a_history()
    await bench.pen.save({"a": b"a"}, bench.clock.now_ns, "mass-delete", ("mass-delete",))
    await bench.pen.save({"a": b"b"}, bench.clock.now_ns)
    for _ in range(3):
        await bench.run(later_s=2 * DAY)
    assert len(bench.contents()) == 8
    await bench.store.put(keys.confirmed_key("p", "shop"), write_confirmed(7))
    await bench.run(later_s=2 * DAY)
    await bench.run(later_s=2 * DAY)
    assert set(bench.contents()) == {8}


async def test_a_deleted_workspace_keeps_what_it_was(bench: Bench) -> None:
    await bench.a_history()
    await bench.pen.save({}, bench.clock.now_ns, "deleted")
    for _ in range(4):
        await bench.run(later_s=400 * DAY)
    assert set(bench.contents()) == {6, 7}


@pytest.mark.parametrize("late", [False, True])
async def test_killed_at_any_write_every_listed_revision_is_whole(pool: ThreadPoolExecutor, late: bool) -> None:
    """Enumerates the writes of two runs; after each kill a new process goes on and ends in the same place."""
    step, killed = 0, True
    ends = []
    while killed:
        bench = Bench(pool)
        await bench.a_history(5)
        await bench.name("old", 2, bench.clock.now_ns + HOUR * NS)
        lost = await bench.pen.leftover(b"lost")
        bench.store.after, bench.store.late = bench.store.writes + step, late
        killed = False
        try:
            await bench.run()
            await bench.run(later_s=DAY + HOUR)
            await bench.run(later_s=DAY)
        except (Killed, BaseExceptionGroup):
            killed = True
        bench.store.after = None
        bench.whole()
        for _ in range(3):
            await bench.run(later_s=2 * DAY)
            bench.whole()
        assert not any(lost in key for key in bench.store.objects)
        ends.append({key for key in bench.store.objects if "condemned" not in key})
        step += 1
    assert step > 12
    assert all(end == ends[0] for end in ends)


async def test_failing_requests_end_a_run_and_a_later_one_goes_on(bench: Bench) -> None:
    await bench.a_history(4)
    await bench.run()
    bench.clock.now_ns += DAY * NS
    plain, broken = bench.store, 0

    class Failing(Mortal):
        calls = 0

        def fail(self) -> None:
            type(self).calls += 1
            if type(self).calls == broken:
                raise StoreAway("no answer")

        async def get(self, key: str) -> bytes:
            self.fail()
            return await super().get(key)

        async def delete(self, key: str) -> None:
            await super().delete(key)
            self.fail()

        async def put(self, key: str, data: bytes) -> None:
            await super().put(key, data)
            self.fail()

    for step in range(1, 200):
        bench.store, broken = Failing(), step
        Failing.calls = 0
        bench.store.objects = dict(plain.objects)
        try:
            await bench.run()
        except StoreAway:
            bench.whole()
        broken = 0
        await bench.run()
        bench.whole()
        assert set(bench.contents()) == {4}
        if Failing.calls < step:
            break
    assert 10 < step < 199


@pytest.mark.parametrize("kind", ["revisions", "bases", "names", "FORMAT"])
@pytest.mark.parametrize("how", ["flip", "cut", "gone"])
async def test_fails_closed_on_anything_unreadable(bench: Bench, kind: str, how: str) -> None:
    await bench.a_history()
    await bench.name("v1", 2)
    await bench.run()
    key = next(key for key in bench.store.objects if f"/{kind}" in key)
    data = bench.store.objects[key]
    if how == "gone":
        del bench.store.objects[key]
    else:
        middle = len(data) // 2
        bench.store.objects[key] = data[:middle] + (
            b"" if how == "cut" else bytes([data[middle] ^ 4]) + data[middle + 1 :]
        )
    if how == "gone" and kind in {"revisions", "names"}:
        return  # Nobody can know that there was one.
    if kind == "FORMAT" and how == "flip":
        bench.store.objects[key] = b'{"format": 2, "repository": "x"}'
    before = dict(bench.store.objects)
    with pytest.raises((Odd, UnknownFormat)):
        await bench.run(later_s=2 * DAY)
    assert bench.store.objects == before


async def test_a_pack_that_is_missing_or_a_key_nobody_knows_stops_everything(bench: Bench) -> None:
    await bench.a_history()
    await bench.run()
    whole = dict(bench.store.objects)
    needed = next(iter(all_packs(bench)))
    for change in (needed, "strange", "packs/short", "revisions/12", "bases/" + "A" * 64):
        bench.store.objects = dict(whole)
        if change == needed:
            del bench.store.objects[needed]
        else:
            bench.store.objects[f"p/shop/history/{change}"] = b"?"
        before = dict(bench.store.objects)
        with pytest.raises(Odd):
            await bench.run(later_s=2 * DAY)
        assert bench.store.objects == before


def all_packs(bench: Bench) -> list[str]:
    """The packs of the newest revision."""
    header = bench.pen.header
    assert header is not None
    index = bench.pen._index.values()
    return [f"p/shop/history/packs/{piece.pack}" for piece in index][-1:]


async def test_a_stale_listing_without_the_newest_is_not_believed(bench: Bench) -> None:
    await bench.a_history()
    await bench.run()

    class Stale(Mortal):
        async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
            async for one in super().list(prefix, after=after):
                if not one.key.endswith("revisions/00000000000000000006"):
                    yield one

    stale = Stale()
    stale.objects = bench.store.objects
    bench.store = stale
    with pytest.raises(Odd, match="was the newest"):
        await bench.run(later_s=2 * DAY)


async def test_a_damaged_list_of_condemned_objects_begins_the_grace_anew(bench: Bench) -> None:
    await bench.a_history()
    await bench.run()
    bench.store.objects["p/shop/history/condemned"] = b"?"
    done = await bench.run(later_s=2 * DAY)
    assert done.revisions == done.packs == []
    assert "written anew" in done.note
    assert (await bench.run(later_s=DAY)).revisions == [1, 2, 3, 4, 5]
    bench.whole()


async def test_a_list_by_a_newer_slipway_is_left_alone(bench: Bench) -> None:
    await bench.a_history()
    raw = zstandard.decompress(write_condemned(Condemned()), max_output_size=1 << 20).replace(
        b'"format":1', b'"format":2'
    )
    bench.store.objects["p/shop/history/condemned"] = zstandard.compress(raw)
    with pytest.raises(UnknownFormat):
        await bench.run()


async def test_a_clock_a_day_ahead_and_back_removes_nothing(bench: Bench) -> None:
    await bench.a_history(30)
    policy = Policy(all=36 * HOUR, hourly=0, daily=0, weekly=0, monthly=0, yearly=0, ttl=36 * HOUR)
    bench.clock.now_ns += DAY * NS
    for _ in range(5):
        await bench.run(policy, later_s=HOUR)
    bench.clock.now_ns -= (DAY + 5 * HOUR) * NS
    for _ in range(5):
        await bench.run(policy, later_s=60)
    assert bench.count("revisions") == 30
    assert read_condemned(bench.store.objects["p/shop/history/condemned"]).revisions == {}


async def test_many_objects_go_in_chunks_and_batches_come_in_between(bench: Bench) -> None:
    await bench.a_history(130)
    held = 0

    class Counting(Alone):
        @asynccontextmanager
        async def hold(self, workspace: str) -> AsyncIterator[None]:
            nonlocal held
            held += 1
            yield

    bench.ground = Counting()
    await bench.run()
    assert held == 1
    done = await bench.run(later_s=GRACE_NS // NS)
    assert len(done.revisions) == 129
    assert held > 4
    bench.whole()


async def test_workspaces_do_not_touch_each_other(bench: Bench) -> None:
    await bench.a_history()
    other = Pen(bench.store, workspace="shop-2")
    await other.save({"x": b"x"}, START)
    await other.save({"x": b"y"}, START + 1)
    await bench.run()
    await asyncio.gather(bench.run(later_s=DAY), bench.run())
    assert all_contents(*in_memory(bench.store.objects), workspace="shop-2") == other.saved
