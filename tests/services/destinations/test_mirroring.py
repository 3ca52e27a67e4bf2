"""A mirror loses what the primary lost: late, in order, nothing that is needed, no whole workspace unasked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import hypothesis
from hypothesis import strategies as st

from monitor.adapters.memory_store import MemoryStore
from monitor.domain import keys
from monitor.domain.destinations import GRACE_NS, Mode, Waited, waited
from monitor.domain.history.condemned import write_confirmed
from monitor.domain.history.revision import Why
from monitor.ports.store import Listed
from monitor.services.destinations.destination import Destination
from tests.services.destinations.worlds import (
    DAY,
    HOUR,
    START_NS,
    World,
    begin,
    give_name,
    history_of,
    restorable,
    write_some,
)
from tests.support.faults import Fault, FaultyStore
from tests.support.pen import Pen, all_contents, in_memory


async def remove_oldest(world: World, pen: Pen, seqs: range) -> None:
    """As retention and garbage collection do: revisions, their names, then what nothing needs any more."""
    await world.primary.delete(keys.name_key("", pen.workspace, "first"))
    for seq in seqs:
        await world.primary.delete(keys.revision_key("", pen.workspace, seq))
        del pen.saved[seq]
    probe: dict[str, bytes] = dict(world.primary.objects)
    for key in [k for k in probe if k.startswith(f"{pen.workspace}/history/") and ("/packs/" in k or "/bases/" in k)]:
        without = {k: v for k, v in probe.items() if k != key}
        try:
            all_contents(*in_memory(without), pen.workspace, "")
        except KeyError:
            continue
        await world.primary.delete(key)


async def hourly(world: World, destination: Destination, hours: int) -> None:
    for _ in range(hours):
        world.time.pass_(HOUR)
        await destination.run()


async def test_removals_wait_for_their_grace_and_then_the_copy_is_exact(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    whole = dict(world.there.objects)
    await remove_oldest(world, shop, range(1, 4))
    await destination.run()
    assert destination.state().waiting == len(whole) - len(history_of(world.primary)) > 3
    await hourly(world, destination, 23)
    assert world.there.objects == whole
    # A new process: what was waited for already counts.
    destination = world.destination()
    await hourly(world, destination, 2)
    assert world.there.objects == history_of(world.primary)
    assert restorable(world.there.objects, shop) == [4, 5]
    assert destination.state().waiting == 0


async def test_incremental_only_adds(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination(mode=Mode.INCREMENTAL)
    await destination.run()
    whole = dict(world.there.objects)
    await remove_oldest(world, shop, range(1, 4))
    await hourly(world, destination, 60)
    assert world.there.objects == whole


async def test_a_clock_that_jumps_a_day_removes_nothing(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    whole = dict(world.there.objects)
    await remove_oldest(world, shop, range(1, 4))
    await destination.run()
    world.time.wall += 30 * DAY * 10**9
    await destination.run()
    world.time.wall -= 30 * DAY * 10**9
    await destination.run()
    assert world.there.objects == whole


async def test_what_came_back_stays(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    pack = next(key for key in world.primary.objects if "/packs/" in key)
    data = world.primary.objects[pack]
    await remove_oldest(world, shop, range(1, 4))
    gone = pack not in world.primary.objects
    await hourly(world, destination, 20)
    await world.primary.put(pack, data)
    await hourly(world, destination, 20)
    assert pack in world.there.objects
    assert gone or pack in history_of(world.primary)


async def test_a_listing_that_leaves_something_out_removes_nothing(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    name = await shop.leftover(b"nobody needs this yet")
    hidden = keys.pack_key("", "shop", name)

    class Stale(MemoryStore):
        async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
            async for found in super().list(prefix, after=after):
                if found.key != hidden:
                    yield found

    await world.destination().run()
    stale = Stale()
    stale.objects = world.primary.objects
    await hourly(world, world.destination(source=stale), 60)
    assert hidden in world.there.objects
    del world.primary.objects[hidden]
    await hourly(world, world.destination(source=stale), 1)
    assert hidden not in world.there.objects


async def test_a_pack_the_primary_lost_but_needs_is_kept(world: World) -> None:
    """The primary is damaged: its loss must not be copied."""
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    for key in [k for k in world.primary.objects if "/packs/" in k or "/bases/" in k]:
        await world.primary.delete(key)
    await hourly(world, destination, 60)
    assert restorable(world.there.objects, shop) == [1, 2, 3, 4, 5]


async def test_nothing_is_removed_where_a_revision_cannot_be_read(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    await remove_oldest(world, shop, range(1, 4))
    kept = keys.revision_key("", "shop", 4)
    world.there.objects[kept] = world.there.objects[kept][:-40] + bytes(40)
    packs = {key for key in world.there.objects if "/packs/" in key or "/bases/" in key}
    await hourly(world, destination, 30)
    assert packs <= world.there.objects.keys()
    assert destination.error is not None
    assert "no pack of shop was removed" in destination.error.message


async def test_a_workspace_gone_as_a_whole_waits_for_a_person(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    await write_some(world.primary, "blog", 2)
    destination = world.destination()
    await destination.run()
    for key in [k for k in world.primary.objects if k.startswith("blog/")]:
        await world.primary.delete(key)
    await hourly(world, destination, 60)
    assert destination.state().held == {"blog": "every revision is gone from the primary"}
    assert any(key.startswith("blog/") for key in world.there.objects)
    assert destination.confirm() == ("blog",)
    await hourly(world, destination, 2)
    assert world.there.objects == history_of(world.primary)
    assert destination.state().held == {}
    assert restorable(world.there.objects, shop) == [1, 2, 3, 4, 5]


async def test_a_mass_delete_nobody_confirmed_holds_removals(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    seq = await shop.save({"one.txt": b"left"}, START_NS + 9, kind=Why.MASS_DELETE, flags=("mass-delete",))
    await shop.save({"one.txt": b"left", "two.txt": b"later"}, START_NS + 10)
    await remove_oldest(world, shop, range(1, 4))
    await hourly(world, destination, 60)
    assert f"revision {seq}" in destination.state().held["shop"]
    assert keys.revision_key("", "shop", 1) in world.there.objects
    await world.primary.put(keys.confirmed_key("", "shop"), write_confirmed(seq))
    await hourly(world, destination, 1)
    assert world.there.objects == history_of(world.primary)


async def test_a_run_that_is_cut_off_while_removing_leaves_every_listed_revision_whole(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    await world.destination().run()
    everything = dict(shop.saved)
    await remove_oldest(world, shop, range(1, 4))
    await world.destination().run()
    left = history_of(world.primary)
    surplus = len(world.there.objects) - len(left)
    before = dict(world.there.objects)
    for at in range(surplus):
        world.there.objects = dict(before)
        faulty = FaultyStore(world.there)
        faulty.arm(Fault(at=at, match=lambda what, key: what == "delete", error=RuntimeError("killed")))
        world.time.pass_(HOUR)
        for _ in range(30):
            world.time.pass_(HOUR)
            try:
                await world.destination(there=faulty, grace_ns=10 * HOUR * 10**9).run()
            except RuntimeError:
                break
        shop.saved = everything
        assert {4, 5} <= set(restorable(world.there.objects, shop)), at


def test_a_look_counts_for_a_bounded_time() -> None:
    once = waited({}, ["k"], 1000, 50)
    assert once == {"k": Waited(1000, 0)}
    assert waited(once, ["k"], 10**18, 50) == {"k": Waited(10**18, 50)}
    assert waited(once, ["k"], 0, 50) == {"k": Waited(0, 0)}
    assert waited(once, [], 2000, 50) == {}


@hypothesis.given(st.lists(st.integers(-10 * DAY, 10 * DAY), max_size=30))
def test_no_clock_ends_a_grace_in_fewer_looks_than_it_has_room_for(jumps: list[int]) -> None:
    """Grace ≥ 24 h at two hours at most for each look: never before twelve looks."""
    ledger: dict[str, Waited] = {}
    now = START_NS
    for look, jump in enumerate(jumps):
        now += jump * 10**9
        ledger = waited(ledger, ["k"], now, 2 * HOUR * 10**9)
        assert ledger["k"].waited_ns < GRACE_NS or look >= 12


async def test_a_dry_run_of_a_mirror_counts_what_would_go(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    await remove_oldest(world, shop, range(1, 4))
    await give_name(shop, "kept", 5)
    outcome = await destination.run(dry_run=True)
    assert (outcome.removed, outcome.waiting) == (0, len(world.there.objects) - len(history_of(world.primary)) + 1)
    before = dict(world.there.objects)
    await hourly(world, destination, 24)
    world.time.pass_(HOUR)
    outcome = await destination.run(dry_run=True)
    assert outcome.removed > 3
    assert set(before) <= set(world.there.objects)
