"""A collection that goes on beside a writer, a spool and people removes nothing it might need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain import keys
from monitor.domain.durations import DAY
from monitor.domain.history.condemned import read_condemned, write_confirmed
from monitor.services.history.spool import Spool
from tests.services.gc.conftest import Bench
from tests.support.alone import Alone


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
