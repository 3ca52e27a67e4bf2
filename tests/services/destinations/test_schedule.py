"""Destinations run on their own, side by side, and fail on their own."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from monitor.adapters.memory_store import MemoryStore
from monitor.services.destinations.destination import Destination
from monitor.services.destinations.destinations import FIRST_LOOK_S, Destinations, retry_after
from tests.services.destinations.worlds import HOUR, START_NS, Time, World, begin, history_of, write_some
from tests.support.faults import Fault, FaultyStore
from tests.support.waiting import until


class Gates(Time):
    """A clock whose sleepers wake when the test lets time pass; it passes once `loops` of them sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.loops = 0
        self._waiting: dict[asyncio.Event, float] = {}

    async def sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        self._waiting[event] = self.mono + seconds
        try:
            await event.wait()
        finally:
            self._waiting.pop(event, None)

    async def let_pass(self, seconds: float) -> None:
        end = self.mono + seconds
        while True:
            await until(lambda: len(self._waiting) == self.loops, what="everybody to be asleep")
            event, at = min(self._waiting.items(), key=lambda one: one[1])
            self.pass_(max(0.0, min(at, end) - self.mono))
            if at > end:
                return
            del self._waiting[event]
            event.set()


async def running(world: World, gates: Gates, *destinations: Destination) -> tuple[Destinations, asyncio.Task[None]]:
    gates.loops = len(destinations)
    all_of_them = Destinations(destinations, world.time)
    return all_of_them, asyncio.create_task(all_of_them.run())


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_one_that_is_away_does_not_hold_the_other_and_comes_back(world: World) -> None:
    world.time = gates = Gates()
    await begin(world.primary)
    shop = await write_some(world.primary)
    faulty = FaultyStore(MemoryStore())
    faulty.arm(Fault())
    broken, fine = world.destination(there=faulty, name="broken"), world.destination()
    both, task = await running(world, gates, broken, fine)
    await gates.let_pass(FIRST_LOOK_S + 30)
    assert world.there.objects == history_of(world.primary)
    assert fine.verified_ns is not None, "the first copy is read back as a whole"
    assert both.protected
    assert broken.state().state == "failed"
    before = len(faulty.calls)
    await gates.let_pass(3 * HOUR)
    assert 4 <= len(faulty.calls) - before < 60, "bounded, and never given up"
    faulty.arm(None)
    await shop.save({"more.txt": b"more"}, START_NS + 9)
    await gates.let_pass(2 * HOUR)
    assert broken.state().state == "idle"
    assert isinstance(faulty.inner, MemoryStore)
    assert faulty.inner.objects == world.there.objects == history_of(world.primary)
    assert (both.get("nas").state().lag_s or 0) <= HOUR + 60
    await stop(task)


async def test_a_restart_copies_when_it_is_due_and_a_wrong_clock_delays_nothing_for_long(world: World) -> None:
    world.time = gates = Gates()
    await begin(world.primary)
    shop = await write_some(world.primary)
    _, task = await running(world, gates, world.destination())
    await gates.let_pass(60)
    await stop(task)
    await shop.save({"more.txt": b"more"}, START_NS + 9)
    _, task = await running(world, gates, world.destination())
    await gates.let_pass(HOUR / 2)
    assert world.there.objects != history_of(world.primary)
    await gates.let_pass(HOUR)
    assert world.there.objects == history_of(world.primary)
    await stop(task)
    gates.wall -= 300 * 24 * HOUR * 10**9
    await shop.save({"more.txt": b"even more"}, START_NS + 9)
    _, task = await running(world, gates, world.destination())
    await gates.let_pass(2 * HOUR)
    assert world.there.objects == history_of(world.primary)
    await stop(task)


def test_retries_are_bounded() -> None:
    assert [retry_after(n, 3600) for n in (1, 2, 3, 9, 500)] == [30, 60, 120, 3600, 3600]


def test_without_a_copy_nothing_is_protected(world: World) -> None:
    assert not Destinations([world.destination()], world.time).protected


async def test_one_that_is_added_begins_one_that_is_removed_ends_and_the_others_go_on(world: World) -> None:
    await begin(world.primary)
    await write_some(world.primary)
    stores = {name: MemoryStore() for name in ("one", "two")}
    made = {name: world.destination(there=store, name=name, where=name) for name, store in stores.items()}
    wanted: dict[str, Destination] = {"one": made["one"]}

    class Yielding(Time):
        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(0.01)

    everything = Destinations([made["one"]], Yielding(), lambda there: wanted)
    task = asyncio.create_task(everything.run())
    await until(lambda: stores["one"].objects == history_of(world.primary))
    assert not stores["two"].objects
    wanted = made
    await until(lambda: stores["two"].objects == history_of(world.primary))
    assert [state.name for state in everything.states()] == ["one", "two"]
    wanted = {"two": made["two"]}
    await until(lambda: len(everything) == 1)
    stores["one"].objects.clear()
    await write_some(world.primary, "blog", 2)
    await until(lambda: stores["two"].objects == history_of(world.primary))
    assert not stores["one"].objects
    await stop(task)
