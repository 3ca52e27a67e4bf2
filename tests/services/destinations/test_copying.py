"""Copies are exact, in order, resumable, and never trust what is half there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain import keys
from monitor.domain.destinations import Mode
from monitor.domain.history.repository import write_format
from monitor.errors import Conflict
from monitor.ports.store import Listed, StoreAway, StoreRefused
from monitor.services.destinations.looking import known, workspaces
from monitor.services.destinations.places import Below, Conditional
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
from tests.support.faults import Fault, FaultyStore, writes
from tests.support.pen import Pen


async def test_everything_is_copied_and_nothing_else(world: World) -> None:
    await begin(world.primary)
    shop, blog = await write_some(world.primary), await write_some(world.primary, "blog", 2)
    for key in ("writer", "shop/live/index.html", "shop/history/mirror", "shop/history/condemned", "_probe/x/y"):
        await world.primary.put(key, b"not copied")
    outcome = await world.destination().run()
    assert world.there.objects == history_of(world.primary)
    assert outcome.complete
    assert outcome.workspaces == ("blog", "shop")
    assert restorable(world.there.objects, shop) == [1, 2, 3, 4, 5]
    assert restorable(world.there.objects, blog) == [1, 2]


async def test_a_second_run_copies_nothing_and_a_new_revision_only_itself(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    there = FaultyStore(world.there)
    destination = world.destination(there=there)
    await destination.run()
    written = len(there.puts)
    assert not (await destination.run()).copied
    assert len(there.puts) == written
    await shop.save({**shop.saved[5], "more.txt": b"more"}, START_NS + 6)
    outcome = await destination.run()
    assert sorted(part.value for part in outcome.copied) == ["packs", "revisions"]
    assert len(there.puts) == written + 2


async def test_the_order_is_format_packs_bases_revisions_names(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    there = FaultyStore(world.there)
    await world.destination(there=there).run()
    kinds = [key.split("/")[2] if "/" in key else key for key in there.puts]
    assert list(dict.fromkeys(kinds)) == ["FORMAT", "packs", "bases", "revisions", "names"]
    assert kinds == sorted(kinds, key=["FORMAT", "packs", "bases", "revisions", "names"].index)


async def test_a_source_that_grows_while_it_is_copied_gives_a_whole_prefix(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)

    class Growing(MemoryStore):
        async def put(self, key: str, data: bytes) -> None:
            await super().put(key, data)
            if len(shop.saved) < 12:
                await shop.save({"grown.txt": b"%d" % len(shop.saved)}, START_NS + 10)

    there = Growing()
    destination = world.destination(there=there)
    assert (await destination.run()).complete
    seqs = restorable(there.objects, shop)
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= 5
    await destination.run()
    assert restorable(there.objects, shop) == list(range(1, 13))


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


async def test_a_name_given_to_another_revision_follows(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    await world.destination().run()
    await give_name(shop, "first", 2)
    await world.destination().run()
    assert world.there.objects == history_of(world.primary)


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


async def test_a_revision_saved_while_we_look_is_taken_whole_or_not_at_all(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)

    class Busy(MemoryStore):
        async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
            if "history/" in prefix:
                await shop.save({"busy.txt": b"%d" % len(shop.saved)}, START_NS + 10, base=True)
            async for found in super().list(prefix, after=after):
                yield found

    busy = Busy()
    busy.objects = world.primary.objects
    assert (await world.destination(source=busy).run()).complete
    assert len(restorable(world.there.objects, shop)) >= 5


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


async def test_what_did_not_change_is_not_listed_again_but_once_a_day(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    source, there = FaultyStore(world.primary), FaultyStore(world.there)
    destination = world.destination(source=source, there=there, mode=Mode.INCREMENTAL)
    await destination.run()

    async def listed() -> int:
        source.calls.clear()
        there.calls.clear()
        assert (await destination.run(quick=True)).complete
        return sum("/packs/" in str(call) for call in [*source.calls, *there.calls])

    world.time.pass_(HOUR)
    quiet = await listed()
    world.time.pass_(HOUR)
    await give_name(shop, "first", 2)
    assert await listed() > quiet
    assert world.there.objects == history_of(world.primary)
    await shop.save({"later.txt": b"later"}, START_NS + 99)
    assert await listed() > quiet
    assert world.there.objects == history_of(world.primary)
    lost = next(key for key in world.there.objects if "/packs/" in key)
    del world.there.objects[lost]
    world.time.pass_(HOUR)
    assert await listed() == quiet
    world.time.pass_(DAY)
    await listed()
    assert lost in world.there.objects


async def test_one_broken_workspace_does_not_stop_the_others(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary, "aaa")
    await write_some(world.primary, "zzz")
    world.primary.objects["aaa/history/revisions/" + "0" * 19 + "3"] = b"not a revision"
    outcome = await world.destination().run()
    assert not outcome.complete
    assert sum("zzz/history/revisions" in key for key in world.there.objects) == 5
    assert sum("aaa/history/revisions" in key for key in world.there.objects) == 4


async def test_only_some_workspaces(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary, "shop")
    await write_some(world.primary, "blog")
    destination = world.destination()
    await destination.run(names=["blog"])
    assert await workspaces(world.there) == ["blog"]
    assert destination.complete_ns is None


async def test_a_dry_run_says_all_and_changes_nothing(world: World, tmp_path: Path) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    planned = await world.destination().run(dry_run=True)
    assert not world.there.objects
    assert not (tmp_path / "state").exists()
    done = await world.destination().run()
    assert (planned.copied, planned.copied_bytes) == (done.copied, done.copied_bytes)


async def test_prefixes_differ_and_servers_without_conditions_do(world: World) -> None:
    await begin(world.primary, prefix="own/place")
    for name in ("shop", "shop-2", "a"):
        await write_some(Below(world.primary, "own/place"), name)
    await world.primary.put("elsewhere/FORMAT", b"somebody else's")

    class Unable(MemoryStore):
        async def put_new(self, key: str, data: bytes) -> None:
            raise StoreRefused("501 NotImplemented")

    there = Unable()
    source = Below(world.primary, "own/place")
    place = Conditional(there, "copies")
    place.conditional = False
    destination = world.destination(source=source, there=place)
    assert (await destination.run(mode=Mode.INCREMENTAL)).workspaces == ("a", "shop", "shop-2")
    copied = {key.removeprefix("copies/") for key in there.objects}
    assert copied == {key.removeprefix("own/place/") for key in history_of(world.primary)} | {"FORMAT"}
    assert not (await destination.run()).copied


async def test_a_workspace_is_copied_with_its_data(tmp_path: Path) -> None:
    """The stream of its data volume is a history like any other."""
    source = MemoryStore()
    await begin(source)
    for name in ("shop", "shop.data", "shop2"):
        await write_some(source, name, 2)
    assert await known(source, ["shop"]) == ["shop", "shop.data"]
    assert await known(source) == ["shop", "shop.data", "shop2"]
