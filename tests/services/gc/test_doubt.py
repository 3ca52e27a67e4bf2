"""What cannot be read, is not known or goes against the clock stops the collection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import zstandard

from monitor.domain.durations import DAY, HOUR
from monitor.domain.garbage import GRACE_NS
from monitor.domain.history.condemned import Condemned, read_condemned, write_condemned
from monitor.domain.history.errors import UnknownFormat
from monitor.domain.moments import NS
from monitor.domain.retention_policy import Policy
from monitor.ports.store import Listed
from monitor.services.gc.doubting import Odd
from tests.services.gc.conftest import START, Bench, Mortal
from tests.support.alone import Alone
from tests.support.pen import Pen, all_contents, in_memory


@pytest.mark.parametrize("kind", ["revisions", "bases", "names", "FORMAT"])
@pytest.mark.parametrize("how", ["flip", "cut", "gone"])
async def test_fails_closed_on_anything_unreadable(bench: Bench, kind: str, how: str) -> None:
    await bench.a_history()
    await bench.name("v1", 2)
    await bench.run()
    key = next(key for key in bench.store.objects if f"/{kind}" in key)
    data = bench.store.objects[key]
    if how == "gone":
        del bench.store.objects[key]
    else:
        middle = len(data) // 2
        bench.store.objects[key] = data[:middle] + (
            b"" if how == "cut" else bytes([data[middle] ^ 4]) + data[middle + 1 :]
        )
    if how == "gone" and kind in {"revisions", "names"}:
        return  # Nobody can know that there was one.
    if kind == "FORMAT" and how == "flip":
        bench.store.objects[key] = b'{"format": 2, "repository": "x"}'
    before = dict(bench.store.objects)
    with pytest.raises((Odd, UnknownFormat)):
        await bench.run(later_s=2 * DAY)
    assert bench.store.objects == before


async def test_a_pack_that_is_missing_or_a_key_nobody_knows_stops_everything(bench: Bench) -> None:
    await bench.a_history()
    await bench.run()
    whole = dict(bench.store.objects)
    needed = next(iter(all_packs(bench)))
    for change in (needed, "strange", "packs/short", "revisions/12", "bases/" + "A" * 64):
        bench.store.objects = dict(whole)
        if change == needed:
            del bench.store.objects[needed]
        else:
            bench.store.objects[f"p/shop/history/{change}"] = b"?"
        before = dict(bench.store.objects)
        with pytest.raises(Odd):
            await bench.run(later_s=2 * DAY)
        assert bench.store.objects == before


def all_packs(bench: Bench) -> list[str]:
    """The packs of the newest revision."""
    header = bench.pen.header
    assert header is not None
    index = bench.pen._index.values()
    return [f"p/shop/history/packs/{piece.pack}" for piece in index][-1:]


async def test_a_stale_listing_without_the_newest_is_not_believed(bench: Bench) -> None:
    await bench.a_history()
    await bench.run()

    class Stale(Mortal):
        async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
            async for one in super().list(prefix, after=after):
                if not one.key.endswith("revisions/00000000000000000006"):
                    yield one

    stale = Stale()
    stale.objects = bench.store.objects
    bench.store = stale
    with pytest.raises(Odd, match="was the newest"):
        await bench.run(later_s=2 * DAY)


async def test_a_damaged_list_of_condemned_objects_begins_the_grace_anew(bench: Bench) -> None:
    await bench.a_history()
    await bench.run()
    bench.store.objects["p/shop/history/condemned"] = b"?"
    done = await bench.run(later_s=2 * DAY)
    assert done.revisions == done.packs == []
    assert "written anew" in done.note
    assert (await bench.run(later_s=DAY)).revisions == [1, 2, 3, 4, 5]
    bench.whole()


async def test_a_list_by_a_newer_slipway_is_left_alone(bench: Bench) -> None:
    await bench.a_history()
    raw = zstandard.decompress(write_condemned(Condemned()), max_output_size=1 << 20).replace(
        b'"format":1', b'"format":2'
    )
    bench.store.objects["p/shop/history/condemned"] = zstandard.compress(raw)
    with pytest.raises(UnknownFormat):
        await bench.run()


async def test_a_clock_a_day_ahead_and_back_removes_nothing(bench: Bench) -> None:
    await bench.a_history(30)
    policy = Policy(all=36 * HOUR, hourly=0, daily=0, weekly=0, monthly=0, yearly=0, ttl=36 * HOUR)
    bench.clock.now_ns += DAY * NS
    for _ in range(5):
        await bench.run(policy, later_s=HOUR)
    bench.clock.now_ns -= (DAY + 5 * HOUR) * NS
    for _ in range(5):
        await bench.run(policy, later_s=60)
    assert bench.count("revisions") == 30
    assert read_condemned(bench.store.objects["p/shop/history/condemned"]).revisions == {}


async def test_many_objects_go_in_chunks_and_batches_come_in_between(bench: Bench) -> None:
    await bench.a_history(130)
    held = 0

    class Counting(Alone):
        @asynccontextmanager
        async def hold(self, workspace: str) -> AsyncIterator[None]:
            nonlocal held
            held += 1
            yield

    bench.ground = Counting()
    await bench.run()
    assert held == 1
    done = await bench.run(later_s=GRACE_NS // NS)
    assert len(done.revisions) == 129
    assert held > 4
    bench.whole()


async def test_workspaces_do_not_touch_each_other(bench: Bench) -> None:
    await bench.a_history()
    other = Pen(bench.store, workspace="shop-2")
    await other.save({"x": b"x"}, START)
    await other.save({"x": b"y"}, START + 1)
    await bench.run()
    await asyncio.gather(bench.run(later_s=DAY), bench.run())
    assert all_contents(*in_memory(bench.store.objects), workspace="shop-2") == other.saved


async def test_a_history_that_was_purged_and_begun_anew_meanwhile_is_another_one(bench: Bench) -> None:
    """Its packs may well be those that were about to go: equal content makes equal packs."""
    await bench.a_history()
    await bench.run()

    class Purged(Alone):
        @asynccontextmanager
        async def hold(self, workspace: str) -> AsyncIterator[None]:
            first = bench.store.objects["p/shop/history/revisions/00000000000000000001"]
            for key in [key for key in bench.store.objects if "/history/" in key]:
                if "/packs/" not in key and "/bases/" not in key:
                    del bench.store.objects[key]
            bench.store.objects["p/shop/history/revisions/00000000000000000001"] = first
            yield

    bench.ground = Purged()
    with pytest.raises(Odd):
        await bench.run(later_s=DAY)
    assert bench.contents() == {1: bench.pen.saved[1]}
