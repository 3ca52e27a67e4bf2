"""Purge: the only real removal takes one workspace whole, in an order that survives a kill, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain import keys
from monitor.domain.history.condemned import Condemned, write_condemned
from monitor.domain.history.snapshot import Snapshot, write_snapshot
from monitor.errors import Conflict, NotFound, UsageError
from monitor.ports.store import StoreAway
from monitor.services.gc.ground import BesideHistory
from monitor.services.gc.purging import Purger
from tests.support.alone import Alone
from tests.support.faults import Fault, FaultyStore, writes
from tests.support.keeping import Desk
from tests.support.pen import Pen, all_contents, in_memory


async def filled() -> tuple[MemoryStore, Pen, Pen]:
    memory = MemoryStore()
    pen, other = await Pen(memory).begin(), Pen(memory, workspace="shop2")
    for n in range(1, 6):
        await pen.save({"a": b"%d" % n, f"b/{n}": b"b"}, n, base=n == 3)
        await other.save({"x": b"%d" % n}, n)
    await memory.put(keys.name_key("p", "shop", "v1"), write_snapshot(Snapshot("v1", 2, 1)))
    await memory.put(keys.condemned_key("p", "shop"), write_condemned(Condemned(newest=5)))
    await memory.put(keys.mirror_key("p", "shop", "a"), b"5")
    return memory, pen, other


async def test_everything_of_it_goes_and_nothing_else() -> None:
    memory, _, other = await filled()
    before = dict(memory.objects)
    purger = Purger(memory, Alone(), prefix="p")
    planned = await purger.purge("shop", dry_run=True)
    assert memory.objects == before
    done = await purger.purge("shop")
    assert (planned.objects, planned.bytes, planned.revisions) == (done.objects, done.bytes, done.revisions)
    assert done.revisions == 5
    assert {key for key in before if not key.startswith("p/shop/")} == set(memory.objects)
    assert all_contents(*in_memory(memory.objects), workspace="shop2") == other.saved
    with pytest.raises(NotFound):
        await purger.purge("shop")


@pytest.mark.parametrize("mode", ["before", "after"])
async def test_failing_anywhere_what_is_listed_is_whole_and_a_second_run_ends_it(mode: str) -> None:
    step = 0
    while True:
        memory, pen, _ = await filled()
        store = FaultyStore(memory)
        store.arm(Fault(mode, at=step, match=writes))
        try:
            await Purger(store, Alone(), prefix="p").purge("shop")
            break
        except StoreAway:
            left = all_contents(*in_memory(memory.objects))
            assert left == {seq: pen.saved[seq] for seq in left}
            assert not left or 5 in left
        store.arm(None)
        try:
            await Purger(store, Alone(), prefix="p").purge("shop")
        except NotFound:
            assert mode == "after"
        assert not [key for key in memory.objects if key.startswith("p/shop/")]
        step += 1
    assert step > 10


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "shop/history", "Shop", "shop\n", "*"])
async def test_only_a_workspaces_name_is_taken(name: str) -> None:
    memory, _, _ = await filled()
    before = dict(memory.objects)
    with pytest.raises(UsageError):
        await Purger(memory, Alone(), prefix="").purge(name)
    assert memory.objects == before


async def test_old_versions_are_erased_where_somebody_can() -> None:
    memory, _, _ = await filled()
    asked: list[str] = []

    async def erase(prefix: str) -> int:
        asked.append(prefix)
        return 7

    done = await Purger(memory, Alone(), prefix="p", erase=erase).purge("shop")
    assert (asked, done.versions) == (["p/shop/"], 7)


async def test_a_workspace_that_lives_on_begins_anew(tmp_path: Path) -> None:
    """Nothing in memory or in the cache refers to what was purged."""
    desk = Desk(tmp_path)
    await desk.history.open()
    await desk.write("a", "one")
    await desk.keep()
    await desk.write("b", "two")
    await desk.keep()
    await Purger(desk.store, BesideHistory(desk.history), prefix="p").purge("shop")
    assert not [key for key in desk.objects if key.startswith("p/shop/")]
    await desk.keep()
    await desk.write("c", "three")
    await desk.keep()
    assert desk.reader().seqs() == [1, 2]
    assert set(desk.restored(2)) == {b"a", b"b", b"c"}
    await Purger(desk.store, BesideHistory(desk.history), prefix="p").purge("shop")
    await desk.restart(kill=True)
    await desk.history.open()
    await desk.keep(always=True)
    assert set(desk.restored(1)) == {b"a", b"b", b"c"}
    await desk.close()


async def test_what_waits_in_the_spool_would_come_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.history.open()
    await desk.write("a", "one")
    await desk.keep()
    desk.store.arm(Fault("before"))
    await desk.write("a", "two")
    await desk.keep()
    desk.store.arm(None)
    desk.clock.ahead += 120
    with pytest.raises(Conflict):
        await Purger(desk.store, BesideHistory(desk.history), prefix="p").purge("shop")
    assert desk.reader().seqs() == [1]
    await desk.history.catch_up()
    await Purger(desk.store, BesideHistory(desk.history), prefix="p").purge("shop")
    assert not [key for key in desk.objects if key.startswith("p/shop/")]
    await desk.close()
