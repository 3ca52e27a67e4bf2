"""The watchdog: patient with a moment's difference, active on a lasting one, never frantic."""

from __future__ import annotations

import pytest

from monitor.adapters.fake_router import FakeRouter
from monitor.domain.route_difference import Extra
from monitor.domain.route_table import Serving, instance_routes
from monitor.domain.routes import Provider
from monitor.errors import SlipwayError
from monitor.services.watchdog import Hands, Watchdog
from tests.contracts.router_contract import process, table


class SteppedClock:
    """A clock a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wall_ns(self) -> int:
        return int(self.now * 1e9)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Scene:
    """A watchdog, its router, and a record of what it did."""

    def __init__(self) -> None:
        self.router = FakeRouter()
        self.clock = SteppedClock()
        self.restarts: list[float] = []
        self.removed: list[str] = []
        self.told: list[str] = []
        self.stubborn = False
        hands = Hands(self._restart, self._remove, self.told.append)
        self.watchdog = Watchdog(self.router, self.clock, hands, patience_s=10)
        self.wanted = table(process("blog"))

    async def _restart(self) -> None:
        self.restarts.append(self.clock.now)
        if self.stubborn:
            raise SlipwayError("the router does not start")
        self.router.deaf = self.router.away = False

    async def _remove(self, extra: Extra) -> None:
        self.removed.append(extra.name)

    async def watch(self, seconds: float, every: float = 5.0) -> dict[str, str]:
        """Look every `every` seconds; the last look's problems."""
        problems: dict[str, str] = {}
        for _ in range(int(seconds / every)):
            problems = await self.watchdog.look(self.wanted)
            self.clock.now += every
        return problems


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_nothing_is_done_where_nothing_differs(scene: Scene) -> None:
    await scene.router.publish(scene.wanted)
    assert await scene.watch(600) == {}
    assert (scene.restarts, scene.removed, scene.told) == ([], [], [])
    assert scene.router.writes == 1


async def test_a_moments_difference_is_left_alone(scene: Scene) -> None:
    assert await scene.watch(10) != {}
    await scene.router.publish(scene.wanted)
    assert await scene.watch(60) == {}
    assert scene.restarts == []


async def test_many_short_differences_are_not_one_long_one(scene: Scene) -> None:
    for generation in range(1, 20):
        scene.wanted = table(process("blog", generation))
        await scene.watch(5)
        await scene.router.publish(scene.wanted)
        await scene.watch(5)
    assert scene.restarts == []


@pytest.mark.parametrize("fault", ["deaf", "away"])
async def test_a_router_gone_deaf_or_away_is_restarted_once_and_said_so(scene: Scene, fault: str) -> None:
    setattr(scene.router, fault, True)
    await scene.router.publish(scene.wanted)
    began = scene.clock.now
    await scene.watch(60)
    assert scene.restarts == [began + 10]
    assert len(scene.told) == 1
    assert "restarting the router" in scene.told[0]


async def test_a_restart_that_does_not_help_is_repeated_ever_more_seldom(scene: Scene) -> None:
    scene.router.away = scene.stubborn = True
    await scene.watch(3600)
    pauses = [b - a for a, b in zip(scene.restarts, scene.restarts[1:], strict=False)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 20
    assert pauses[-1] == 300
    assert "the router does not start" in scene.told


async def test_after_a_recovery_patience_starts_anew(scene: Scene) -> None:
    scene.router.deaf = True
    await scene.router.publish(scene.wanted)
    await scene.watch(60)
    scene.router.deaf = True
    scene.wanted = table(process("blog", 2))
    await scene.router.publish(scene.wanted)
    began = scene.clock.now
    await scene.watch(60)
    assert scene.restarts[1:] == [began + 10]


async def test_what_labels_brought_is_removed_once_it_was_seen_twice(scene: Scene) -> None:
    await scene.router.publish(scene.wanted)
    rogue = Serving("rogue", 1, True, Provider.DOCKER, "http://10.0.0.9:80", 80)
    scene.router.label(instance_routes(rogue, "localhost"))
    await scene.watch(5)
    assert scene.removed == []
    await scene.watch(5)
    assert "ws-rogue-1@docker" in scene.removed
    assert any("ws-rogue-1@docker" in line for line in scene.told)
    assert scene.restarts == []


async def test_an_instance_that_is_still_starting_is_no_ones_fault(scene: Scene) -> None:
    starting = Serving("slow", 1, True, Provider.DOCKER, "http://10.0.0.9:80", 80, ready=False)
    scene.wanted = table(process("blog"), starting)
    await scene.router.publish(scene.wanted)
    assert await scene.watch(120) == {}
    scene.router.label(instance_routes(starting, "localhost"))
    await scene.watch(120)
    assert (scene.restarts, scene.removed) == ([], [])
