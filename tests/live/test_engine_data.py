"""Data volumes on both real engines: the contract, on a daemon and on local processes with and without bubblewrap."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.data_contract import DataContract
from tests.live.docker_world import DockerWorld
from tests.live.test_engine_process_contract import ProcessWorld


@pytest.mark.docker
class TestDockerData(DataContract):
    @pytest.fixture
    def world(self, docker_host: str, tmp_path: Path) -> Iterator[DockerWorld]:
        world = DockerWorld(docker_host, tmp_path)
        yield world
        world.close()


class TestProcessData(DataContract):
    @pytest.fixture(params=["bubblewrap", "bare"])
    def world(self, request: pytest.FixtureRequest) -> Iterator[ProcessWorld]:
        root = Path(tempfile.mkdtemp(prefix="slipway-contract-"))
        root.chmod(0o755)
        yield ProcessWorld(root, request.param == "bubblewrap")
        shutil.rmtree(root)
