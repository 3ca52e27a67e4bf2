"""Data volumes on both real engines: the contract, on a daemon and on local processes with and without bubblewrap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.data_contract import DataContract
from tests.live.docker_world import DockerWorld
from tests.live.process_engine.world import OnProcesses


@pytest.mark.docker
class TestDockerData(DataContract):
    @pytest.fixture
    def world(self, docker_host: str, tmp_path: Path) -> Iterator[DockerWorld]:
        world = DockerWorld(docker_host, tmp_path)
        yield world
        world.close()


class TestProcessData(OnProcesses, DataContract):
    pass
