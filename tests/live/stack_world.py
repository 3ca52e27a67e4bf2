"""A stack in a `DockerWorld`: two services on the base image, started by an engine without a monitor around it."""

from __future__ import annotations

from pathlib import Path

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles
from monitor.domain.config import WorkspaceConfig
from monitor.domain.detection import detect, wanted_paths
from monitor.domain.launch import LaunchSpec
from monitor.ports.engine import Engine, Launch
from monitor.services.stacks import Seen, Stacks
from tests.contracts.engine_world import WS
from tests.live import stack_apps
from tests.live.docker_world import USER
from tests.support.slipway import write


def dropped(folder: Path, version: str = "first") -> Launch:
    """The two services in `folder`, as a launch."""
    files = stack_apps.two_services(version)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, files)
    return Launch(folder, tuple(sorted(files)), version)


async def spec_of(engine: Engine, launch: Launch) -> LaunchSpec:
    """What should run for it, as the survey finds it."""
    files = DiskFiles(SystemClock())
    try:
        tree = await files.walk(launch.source)
        wanted = frozenset(wanted_paths(tree))
        detection = detect(tree, await files.read_texts(launch.source, tree, wanted.__contains__))
        seen = Seen(WS, launch.source, tree, launch, detection, WorkspaceConfig(), USER)
        spec = (await Stacks(files, engine).find(seen)).spec
    finally:
        files.close()
    assert spec is not None
    return spec
