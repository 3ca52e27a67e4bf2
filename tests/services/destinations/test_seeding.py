"""The primary is gone: a destination brings it back, and what wrote before is stale."""

from __future__ import annotations

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain import keys
from monitor.domain.history.repository import read_writer
from monitor.errors import Conflict, NotFound
from monitor.services.destinations.seeding import Seed
from monitor.services.history.writer import Claim, Fenced
from tests.services.destinations.worlds import START_NS, World, begin, history_of, restorable, write_some
from tests.support.faults import Fault, FaultyStore, writes


def seed(world: World, primary: MemoryStore | FaultyStore) -> Seed:
    return Seed(world.there, primary, "nas", world.time, world.pool)


async def filled(world: World) -> None:
    await begin(world.primary)
    await Claim(world.primary, "", "old-machine").claim()
    await world.destination().run()


async def test_an_empty_primary_gets_everything_and_a_new_writer(world: World) -> None:
    shop = await write_some(world.primary)
    await filled(world)
    stale = Claim(world.primary, "", "old-machine")
    await stale.claim()
    fresh = MemoryStore()
    outcome = await seed(world, fresh).run("new-machine")
    assert outcome.complete
    assert history_of(fresh) == history_of(world.primary)
    assert restorable(fresh.objects, shop) == [1, 2, 3, 4, 5]
    writer = read_writer(fresh.objects[keys.writer_key("")])
    assert (writer.install, writer.epoch) == ("new-machine", 2)
    assert (await Claim(fresh, "", "new-machine").claim()).epoch == 2
    with pytest.raises(Fenced):
        await Claim(fresh, "", "old-machine").claim()
    # And the destination goes on from there.
    again = world.destination(source=fresh)
    assert (await again.run()).complete
    await shop_goes_on(fresh)
    assert (await again.run()).complete


async def shop_goes_on(fresh: MemoryStore) -> None:
    await write_some(fresh, "new-shop")


async def test_killed_anywhere_it_goes_on(world: World) -> None:
    shop = await write_some(world.primary)
    await filled(world)
    steps = len(world.there.objects) + 1
    for at in range(steps):
        fresh = MemoryStore()
        faulty = FaultyStore(fresh)
        faulty.arm(Fault(at=at, match=writes, error=RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            await seed(world, faulty).run("new-machine")
        restorable(fresh.objects, shop)
        await seed(world, fresh).run("new-machine")
        assert history_of(fresh) == history_of(world.primary)


async def test_a_primary_begun_anew_may_be_replaced_while_it_is_empty(world: World) -> None:
    await write_some(world.primary)
    await filled(world)
    fresh = MemoryStore()
    await Claim(fresh, "", "new-machine").claim()
    assert (await seed(world, fresh).run("new-machine")).complete
    assert history_of(fresh) == history_of(world.primary)


async def test_a_primary_with_a_history_of_its_own_is_left_alone(world: World) -> None:
    await write_some(world.primary)
    await filled(world)
    other = MemoryStore()
    await begin(other, "other")
    await write_some(other, "blog", 1)
    before = dict(other.objects)
    with pytest.raises(Conflict, match="another history"):
        await seed(world, other).run("new-machine")
    assert other.objects == before
    with pytest.raises(NotFound):
        await Seed(MemoryStore(), MemoryStore(), "nas", world.time, world.pool).run("new-machine")


async def test_a_dry_run_writes_nothing(world: World) -> None:
    await write_some(world.primary)
    await filled(world)
    fresh = MemoryStore()
    outcome = await seed(world, fresh).run("new-machine", dry_run=True)
    assert sum(outcome.copied.values()) == len(history_of(world.primary)) - 1
    assert not fresh.objects
    assert world.time.wall_ns() == START_NS
