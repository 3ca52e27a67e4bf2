"""Old images on a real daemon: what goes, what is in use, and what somebody else made."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import docker
import pytest

from monitor.adapters.clock import SystemClock
from monitor.domain import labels
from monitor.domain.images import ImageLimits
from monitor.ports.engine import Launch
from monitor.services.image_keeping import ImageKeeping
from tests.contracts.engine_world import WS
from tests.live.docker_world import DockerWorld
from tests.support.components import docker_url

pytestmark = [pytest.mark.live, pytest.mark.docker]
ALL = ImageLimits(age_s=-1e9)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[DockerWorld]:
    world = DockerWorld(docker_url(), tmp_path)
    yield world
    world.close()


async def test_only_unused_images_of_this_install_go(world: DockerWorld) -> None:
    """Every limit passed: all that is not in use goes, and nothing else."""
    engine, spec = world.engine(), world.installing(ok=True)
    mine = world.installs["one"]
    made = [image(world, mine, WS), image(world, mine, "gone"), image(world, mine, "kept")]
    others = image(world, world.installs["other"], WS)
    launch = Launch(world.source({"message.txt": "hello"}), ("message.txt",), "d1")
    await engine.prepare(spec, launch, lambda _line: None)
    instance = await engine.start(spec, launch, 1)
    old, foreign = runtime(world), runtime(world)
    current = engine._images.tag(spec.runtime)
    for tag in (old, current):
        engine._shelf.built(tag)
    keeping = ImageKeeping(engine, SystemClock(), ALL, lambda: {WS, "kept"})
    try:
        said = await keeping.round()
        left = {name for row in world.api.images() for name in row["RepoTags"] or []}
        assert not {made[0], made[1], old} & left, said
        assert {made[2], others, foreign, f"slipway/deps:{spec.deps_key}"} <= left, "in use, newest, or not ours"
        assert current in left, "new workspaces run on it"
        await engine.stop(instance, 1)
        assert await keeping.round() == [], "the workspace's next start needs its newest layer"
        keeping.names = set
        assert len(await keeping.round()) == 2
    finally:
        for name in (*made, others, old, foreign):
            with contextlib.suppress(docker.errors.APIError):
                world.api.remove_image(name)
        await engine.close()


def image(world: DockerWorld, install: str, workspace: str) -> str:
    marks = {labels.INSTALL_ID: install, labels.WORKSPACE: workspace, labels.ROLE: labels.ROLE_DEPS}
    return committed(world, f"slipway/deps:{secrets.token_hex(12)}", marks)


def runtime(world: DockerWorld) -> str:
    return committed(world, f"slipway/runtime-static:{secrets.token_hex(8)}", {})


def committed(world: DockerWorld, name: str, marks: dict[str, str]) -> str:
    api: Any = world.api
    base = api.create_container("debian:trixie-slim", ["true"])["Id"]
    repository, _, tag = name.partition(":")
    try:
        api.commit(base, repository=repository, tag=tag, conf={"Labels": marks})
    finally:
        api.remove_container(base)
    return name
