"""What a collection removes and when, and what keeps it from going."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from monitor.domain.durations import DAY
from monitor.domain.history.condemned import Condemned, read_condemned
from monitor.domain.moments import NS
from monitor.domain.retention_policy import DEFAULT, EVERYTHING
from tests.services.gc.conftest import Bench
from tests.support.alone import Alone


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
