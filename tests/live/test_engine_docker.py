"""The Docker engine keeps the engine's promises, on a real daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.command_contract import CommandContract
from tests.contracts.engine_contract import EngineContract
from tests.live.docker_world import DockerWorld

pytestmark = pytest.mark.docker


@pytest.fixture
def world(docker_host: str, tmp_path: Path) -> Iterator[DockerWorld]:
    world = DockerWorld(docker_host, tmp_path)
    yield world
    world.close()


class TestDockerEngine(EngineContract):
    """The contract; each test below asks `docker inspect` as well."""

    @pytest.fixture
    def world(self, docker_host: str, tmp_path: Path) -> Iterator[DockerWorld]:
        world = DockerWorld(docker_host, tmp_path)
        yield world
        world.close()


class TestDockerCommands(CommandContract):
    """The contract of commands, each in a container of its own."""
