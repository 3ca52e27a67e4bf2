"""Reading back finds every kind of damage, mends what the primary has, and says the rest."""

from __future__ import annotations

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain import keys
from monitor.domain.destinations import Part
from monitor.errors import NotFound
from tests.services.destinations.worlds import START_NS, World, begin, history_of, restorable, write_some
from tests.support.faults import Fault, FaultyStore
from tests.support.pen import Pen


def flip(objects: dict[str, bytes], key: str, at: int) -> None:
    data = bytearray(objects[key])
    data[at] ^= 1
    objects[key] = bytes(data)


@pytest.mark.parametrize("part", list(Part))
async def test_a_flipped_bit_in_each_kind_of_object_is_found_and_mended(world: World, part: Part) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    for key in [k for k in world.there.objects if f"/{part}/" in k]:
        for at in (len(world.there.objects[key]) // 2, -1):
            flip(world.there.objects, key, at)
            found = await destination.verify(repair=False)
            assert [one.key for one in found.damaged] == [key]
            assert not found.sound
            assert destination.state().damaged
            assert not destination.protects
            found = await destination.verify()
            assert [one.repaired for one in found.damaged] == [True]
            assert found.sound
            assert world.there.objects == history_of(world.primary)
    assert len(restorable(world.there.objects, shop)) == 5


async def test_all_right_is_said_with_the_time(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    destination = world.destination()
    with pytest.raises(NotFound):
        await destination.verify()
    await destination.run()
    assert destination.state().verified_at is None
    found = await destination.verify()
    assert found.sound
    assert found.objects == len(world.there.objects) - 1
    assert destination.verified_ns == START_NS
    assert world.destination().state().verified_at == "2023-11-14T22:13:20.000000000Z"


async def test_with_the_primary_gone_damage_is_found_and_told(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    await world.destination().run()
    gone = FaultyStore(MemoryStore())
    gone.arm(Fault())
    destination = world.destination(source=gone)
    assert (await destination.verify()).sound
    pack = next(key for key in world.there.objects if "/packs/" in key)
    flip(world.there.objects, pack, 3)
    found = await destination.verify()
    assert [(one.key, one.repaired) for one in found.damaged] == [(pack, False)]


async def test_a_missing_pack_is_told_by_the_revision_that_needs_it(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    pack = next(key for key in world.there.objects if "/packs/" in key)
    del world.there.objects[pack]
    found = await destination.verify()
    assert any("cannot be restored" in problem for problem in found.problems)
    assert not found.sound
    await destination.run()
    assert (await destination.verify()).sound


async def test_another_revision_than_the_primarys_is_told(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    destination = world.destination()
    await destination.run()
    other = Pen(world.primary, "shop", prefix="")
    await other.save(shop.saved[1], START_NS + 1, base=True)
    await other.save({"other.txt": b"another second"}, START_NS + 2)
    found = await destination.verify()
    assert found.problems == ("revision 2 of shop is another one than in the primary",)
    assert not found.damaged
    flip(world.primary.objects, keys.revision_key("", "shop", 2), 20)
    assert (await destination.verify()).sound, "damage in the primary is not the destination's"
