"""A copy is resumable and trusts nothing that is half there, at either end."""

from __future__ import annotations

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain import keys
from monitor.ports.store import StoreAway, StoreRefused
from tests.services.destinations.worlds import (
    World,
    begin,
    history_of,
    restorable,
    write_some,
)
from tests.support.faults import Fault, FaultyStore, writes


async def test_a_revision_waits_for_all_it_needs(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    lost = next(key for key in world.primary.objects if "/packs/" in key)
    data = world.primary.objects.pop(lost)
    outcome = await world.destination().run()
    missing = [p for p in outcome.problems if "revisions/" in p]
    assert missing
    assert not outcome.complete
    copied = {key for key in world.there.objects if "/revisions/" in key}
    assert len(copied) == 5 - len(missing)
    destination = world.destination()
    assert destination.complete_ns is None
    world.primary.objects[lost] = data
    assert (await destination.run()).complete
    assert world.there.objects == history_of(world.primary)
    assert keys.revision_key("", "shop", 5) in world.there.objects


async def test_damage_in_the_primary_is_not_copied(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    key = next(k for k in world.primary.objects if "/packs/" in k)
    good = world.primary.objects[key]
    world.primary.objects[key] = good[:-1] + bytes([good[-1] ^ 1])
    outcome = await world.destination().run()
    assert key not in world.there.objects
    assert any("damaged in the primary" in p for p in outcome.problems)


async def test_what_is_cut_off_there_is_written_again(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    await world.destination().run()
    for part in ("packs", "bases", "revisions", "names"):
        key = next(k for k in world.there.objects if f"/{part}/" in k)
        world.there.objects[key] = world.there.objects[key][:-3]
    assert (await world.destination().run()).complete
    assert world.there.objects == history_of(world.primary)
    assert len(restorable(world.there.objects, shop)) == 5


async def test_a_store_that_stumbles_is_asked_again_and_one_that_is_away_fails_in_time(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    for mode in ("before", "after", "truncate", "corrupt"):
        stumbling = FaultyStore(MemoryStore())
        stumbling.arm(Fault(mode, at=9, times=3))
        assert (await world.destination(there=stumbling, name=mode).run()).complete, mode
        assert isinstance(stumbling.inner, MemoryStore)
        assert len(restorable(stumbling.inner.objects, shop)) == 5
    away = FaultyStore(world.there)
    away.arm(Fault("before", match=writes))
    destination = world.destination(there=away)
    world.time.slept.clear()
    with pytest.raises(StoreAway):
        await destination.run()
    assert destination.state().state == "failed"
    assert sum(world.time.slept) < 60
    away.arm(None)
    assert (await destination.run()).complete
    assert destination.state().state == "idle"


async def test_a_write_whose_answer_was_lost_is_recognised(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    there = FaultyStore(world.there)
    for what in ("put", "put_new"):
        world.there.objects.clear()
        there.arm(Fault("after", times=2, match=lambda call, key, what=what: call == what))
        assert (await world.destination(there=there, name=what.replace("_", "-")).run()).complete, what
        assert len(restorable(world.there.objects, shop)) == 5


async def test_a_source_that_sends_wrong_bytes_once_is_read_again(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    source = FaultyStore(world.primary)
    for mode in ("truncate", "corrupt"):
        source.arm(Fault(mode, times=2, match=lambda what, key: what == "get" and "history" in key))
        there = MemoryStore()
        assert (await world.destination(source=source, there=there, name=mode).run()).complete
        assert len(restorable(there.objects, shop)) == 5


async def test_refused_credentials_name_the_destination(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    refusing = FaultyStore(world.there)
    refusing.arm(Fault(error=StoreRefused("403")))
    with pytest.raises(StoreRefused) as caught:
        await world.destination(there=refusing).run()
    assert "destination nas" in caught.value.hint
    assert not world.time.slept


async def test_a_place_that_returns_other_bytes_is_found_at_once(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)

    class Lying(MemoryStore):
        async def put(self, key: str, data: bytes) -> None:
            await super().put(key, data[:-1] + b"?" if "/packs/" in key else data)

    outcome = await world.destination(there=Lying()).run()
    assert any("other bytes" in problem for problem in outcome.problems)
    assert not outcome.complete


async def test_one_broken_workspace_does_not_stop_the_others(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary, "aaa")
    await write_some(world.primary, "zzz")
    world.primary.objects["aaa/history/revisions/" + "0" * 19 + "3"] = b"not a revision"
    outcome = await world.destination().run()
    assert not outcome.complete
    assert sum("zzz/history/revisions" in key for key in world.there.objects) == 5
    assert sum("aaa/history/revisions" in key for key in world.there.objects) == 4
