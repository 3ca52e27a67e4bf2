"""Copies are exact, in order, and cost only what is new."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from monitor.adapters.memory_store import MemoryStore
from monitor.domain.destinations import Mode
from monitor.ports.store import Listed, StoreRefused
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
from tests.support.faults import FaultyStore


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


async def test_a_name_given_to_another_revision_follows(world: World) -> None:
    await begin(world.primary)
    shop = await write_some(world.primary)
    await world.destination().run()
    await give_name(shop, "first", 2)
    await world.destination().run()
    assert world.there.objects == history_of(world.primary)


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
