"""A collection that is killed or fails anywhere is whole, and continued by the next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.domain.durations import DAY, HOUR
from monitor.domain.moments import NS
from monitor.ports.store import StoreAway
from tests.services.gc.conftest import Bench, Killed, Mortal


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
