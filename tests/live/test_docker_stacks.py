"""Stacks on the engine itself: generations, purge, kills at every step, and a container that came out different."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from monitor.adapters.docker_engine import DockerEngine
from monitor.domain import labels
from monitor.ports.engine import LaunchFailed, Running
from tests.contracts.engine_world import WS, ready
from tests.live.docker_world import DockerWorld
from tests.live.stack_world import dropped, spec_of

pytestmark = pytest.mark.docker


@pytest.fixture
def world(docker_host: str, tmp_path: Path) -> Iterator[DockerWorld]:
    world = DockerWorld(docker_host, tmp_path)
    yield world
    world.close()


@pytest.fixture
async def engine(world: DockerWorld) -> AsyncIterator[DockerEngine]:
    engine = world.engine()
    yield engine
    await engine.close()


def quiet(_line: str) -> None:
    """Progress nobody reads."""


async def test_it_is_one_instance_with_its_logs_together_and_a_purge_leaves_nothing(
    world: DockerWorld, engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_OF_OURS", "canary")
    launch = dropped(world.src)
    spec = await spec_of(engine, launch)
    await engine.prepare(spec, launch, quiet)
    up = await ready(engine, await engine.start(spec, launch, 3))
    assert [i.id for i in await engine.instances()] == [up.id]
    assert (up.workspace, up.generation, up.spec_hash, up.port, up.announced) == (WS, 3, spec.hash, 3000, False)
    assert "says hello" in await world.fetch(up)
    assert await engine.applied(up) == launch.digest
    said = await engine.logs(up)
    assert {"words | words listens on 9000 as 65532", "web | web listens on 3000 as 65532"} <= set(said)
    assert (await engine.diagnose(up)).listening == ("0.0.0.0:3000",)
    file = world.folder / "one" / "instances" / WS / "3" / "compose.yaml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "canary" not in file.read_text() + str(world.inspect(up.id))
    services = json.loads(file.read_text().partition("\n")[2])["services"]
    assert set(services) == {"web.3", "words"}
    assert not [key for one in services.values() for key in one if key in {"ports", "build", "privileged"}]
    other = world.engine("other")
    assert await other.instances() == []
    await other.purge(WS)
    await other.close()
    assert await engine.sweep({WS}) == []
    await engine.stop(up, 1)
    assert world.api.containers(all=True, filters=world.filters(WS)) == []
    await engine.forget(WS)
    assert await world.leftovers() == set()
    assert len(world.volumes(WS, labels.ROLE_DATA)) == 1
    await engine.purge(WS)
    assert world.volumes(WS, labels.ROLE_DATA) == []
    assert [image for image in world.layers() if image["RepoTags"]] == []


async def test_a_container_that_came_out_different_is_never_started(
    world: DockerWorld, engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = dropped(world.src)
    spec = await spec_of(engine, launch)
    await engine.prepare(spec, launch, quiet)
    written = engine._control.write_compose

    def tampered(workspace: str, generation: int, text: str) -> Path:
        return written(workspace, generation, text.replace('"cap_drop"', '"privileged": true, "cap_drop"'))

    monkeypatch.setattr(engine._control, "write_compose", tampered)
    with pytest.raises(LaunchFailed, match="not the one asked for") as caught:
        await engine.start(spec, launch, 1)
    assert any("Privileged" in line for line in caught.value.log)
    assert world.api.containers(all=True, filters=world.filters(WS)) == []


@pytest.mark.parametrize("step", ["created", "started"])
async def test_killed_at_any_step_it_converges(world: DockerWorld, engine: DockerEngine, step: str) -> None:
    launch = dropped(world.src)
    await world.killed_at(step, launch, stack=True)
    await engine.sweep({WS})
    spec = await spec_of(engine, launch)
    found = [i for i in await engine.instances() if i.state is Running.RUNNING]
    assert len(found) == (1 if step == "started" else 0)
    up = await ready(engine, found[0] if found else await engine.start(spec, launch, 1))
    assert "says hello" in await world.fetch(up)
    await engine.stop(up, 1)
    await engine.sweep(set())
    assert await world.leftovers() == set()
