"""Killed at any step of a start: the next monitor finds what was left, cleans up and goes on (R29)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.ports.engine import Running
from tests.contracts.engine_world import WS, ready
from tests.live.docker_world import DockerWorld

pytestmark = pytest.mark.docker

INSTALL_STEPS = ["install staged", "install created", "install started", "install finished", "install kept"]
STEPS = ["network", "control", "created"]


@pytest.fixture
def world(docker_host: str, tmp_path: Path) -> Iterator[DockerWorld]:
    world = DockerWorld(docker_host, tmp_path)
    yield world
    world.close()


@pytest.mark.parametrize("step", [*INSTALL_STEPS, *STEPS])
async def test_what_a_killed_start_left_is_swept_and_the_next_one_serves(world: DockerWorld, step: str) -> None:
    await world.killed_at(step, world.launch(), install_deps=True)
    engine = world.engine()
    try:
        assert not [i for i in await engine.instances() if i.state is Running.RUNNING]
        await engine.sweep({WS})
        assert await engine.instances() == []
        assert await engine.sweep({WS}) == []
        spec, launch = world.installing(ok=True), world.launch()
        await engine.prepare(spec, launch, lambda _line: None)
        up = await ready(engine, await engine.start(spec, launch, 1))
        assert world.inspect(up.id)["State"]["Running"]
        assert await world.fetch(up, "/installed") == "installed"
        assert len(world.layers()) == 1
    finally:
        await engine.close()


@pytest.mark.parametrize("step", [*INSTALL_STEPS, *STEPS])
async def test_a_sweep_leaves_nothing_of_a_workspace_that_is_gone_meanwhile(world: DockerWorld, step: str) -> None:
    await world.killed_at(step, world.launch(), install_deps=True)
    engine = world.engine()
    try:
        await engine.sweep(set())
        assert await world.leftovers() == set()
        assert world.layers() == []
        assert world.api.containers(all=True, filters=world.filters(WS)) == []
    finally:
        await engine.close()


async def test_what_was_already_started_is_adopted_not_started_twice(world: DockerWorld) -> None:
    await world.killed_at("started", world.launch(), install_deps=False)
    engine = world.engine()
    try:
        await engine.sweep({WS})
        (found,) = await engine.instances()
        up = await ready(engine, found)
        assert await engine.applied(up) == world.launch().digest
        assert await world.fetch(up) == "hello"
        assert world.inspect(up.id)["State"]["Running"]
    finally:
        await engine.close()
