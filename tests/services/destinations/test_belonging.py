"""A place that holds another history, or none any more: nothing is mixed in, emptied or filled unasked."""

from __future__ import annotations

import pytest

from monitor.domain import keys
from monitor.domain.destinations import Mode
from monitor.domain.history.repository import write_format
from monitor.errors import Conflict
from monitor.services.destinations.destination import Destination
from tests.services.destinations.worlds import (
    HOUR,
    START_NS,
    World,
    begin,
    history_of,
    restorable,
    write_some,
)
from tests.support.pen import Pen


async def test_another_history_is_never_mixed_in(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    await world.there.put("FORMAT", write_format("another"))
    with pytest.raises(Conflict, match="another history"):
        await world.destination().run()
    assert set(world.there.objects) == {"FORMAT"}


async def test_an_empty_primary_empties_nothing(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    await world.destination().run()
    before = dict(world.there.objects)
    world.primary.objects.clear()
    with pytest.raises(Conflict, match="holds no history") as caught:
        await world.destination().run()
    assert "backup seed" in caught.value.hint
    await begin(world.primary, "begun-anew")
    with pytest.raises(Conflict, match="another history"):
        await world.destination().run()
    assert world.there.objects == before


async def test_an_unmounted_place_is_not_filled_again(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    await world.destination().run()
    world.there.objects.clear()
    with pytest.raises(Conflict, match="empty now"):
        await world.destination().run()
    assert not world.there.objects
    await world.destination().run(start_over=True)
    assert world.there.objects == history_of(world.primary)


async def test_parted_histories_are_told_and_neither_is_lost(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    await write_some(world.primary, "blog", 2)
    await world.destination().run()
    before = dict(world.there.objects)
    # The primary goes back to its fourth revision and on from there, as after seeding from an older copy.
    other = Pen(world.primary, "shop", prefix="")
    for number in range(1, 5):
        await other.save(shop.saved[number], START_NS + number, base=number % 3 == 1)
    for number in (5, 6):
        await other.save({"other.txt": b"another %d" % number}, START_NS + 9)
    outcome = await world.destination().run()
    assert any("parted" in problem for problem in outcome.problems)
    assert {key: world.there.objects[key] for key in before} == before
    assert keys.revision_key("", "shop", 6) not in world.there.objects


@pytest.mark.parametrize("mode", [Mode.MIRROR, Mode.INCREMENTAL])
async def test_another_history_is_replaced_once_a_person_confirms(world: World, mode: Mode) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    blog = await write_some(world.primary, "blog", 2)
    destination = world.destination(mode=mode)
    await destination.run()
    for key in [key for key in world.primary.objects if key.startswith("shop/")]:
        await world.primary.delete(key)
    shop = Pen(world.primary, "shop", prefix="")
    await shop.save({"new.txt": b"a history of its own"}, START_NS + 9)
    await destination.run()
    assert destination.error is not None
    assert "purged" in destination.error.message
    assert destination.state().held.keys() == {"shop"}
    assert destination.confirm() == ("shop",)
    assert (await destination.run()).complete
    assert world.there.objects == history_of(world.primary)
    assert restorable(world.there.objects, shop) == [1]
    assert restorable(world.there.objects, blog) == [1, 2]
    assert destination.state().held == {}
    assert destination.error is None


async def hours(world: World, destination: Destination, count: int) -> None:
    """A run each hour: longer than the grace of what is removed."""
    for _ in range(count):
        await destination.run()
        world.time.pass_(HOUR)


async def test_another_history_is_known_by_its_numbers_alone(world: World) -> None:
    """Retention has removed the first revisions, so that none has the number of a new one."""
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    for store in (world.primary, world.there):
        for key in [keys.name_key("", "shop", "first"), *(keys.revision_key("", "shop", n) for n in (1, 2, 3))]:
            await store.delete(key)
    for key in [key for key in world.primary.objects if key.startswith("shop/")]:
        await world.primary.delete(key)
    new = Pen(world.primary, "shop", prefix="")
    await new.save({"new.txt": b"a history of its own"}, START_NS + 9)
    await hours(world, destination, 30)
    assert restorable(world.there.objects, shop) == [4, 5]
    assert destination.state().held.keys() == {"shop"}
    assert destination.confirm() == ("shop",)
    assert (await destination.run()).complete
    assert restorable(world.there.objects, new) == [1]


async def test_what_is_newer_there_than_here_waits_for_a_person(world: World) -> None:
    """Retention never removes the newest: the primary lost it."""
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    await world.primary.delete(keys.revision_key("", "shop", 5))
    await hours(world, destination, 30)
    assert 5 in restorable(world.there.objects, shop)
    assert destination.state().held.keys() == {"shop"}
    destination.confirm()
    await hours(world, destination, 30)
    assert 5 not in restorable(world.there.objects, shop)


async def test_a_yes_to_removals_is_none_to_losing_another_history(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    lost = keys.revision_key("", "shop", 5)
    await world.primary.delete(lost)
    await destination.run()
    assert destination.confirm() == ("shop",)
    for key in [key for key in world.primary.objects if key.startswith("shop/")]:
        await world.primary.delete(key)
    await Pen(world.primary, "shop", prefix="").save({"new.txt": b"a history of its own"}, START_NS + 9)
    await destination.run()
    assert restorable(world.there.objects, shop) == [1, 2, 3, 4, 5]
    assert "another history" in destination.state().held["shop"]
