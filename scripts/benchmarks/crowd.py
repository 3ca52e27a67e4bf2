"""A monitor over many workspaces, of which the first few are real containers and the rest are in memory."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from monitor.adapters.docker_engine.engine import DockerEngine
from monitor.adapters.docker_engine.placing import Options
from monitor.adapters.fake_engine import FakeEngine
from monitor.adapters.fake_stage import Stage
from monitor.app import engines
from monitor.app.install import Install
from monitor.app.run import run
from monitor.domain.launch import LaunchSpec
from monitor.ports.clock import Clock
from monitor.ports.engine import Diagnosis, EngineInfo, Instance, Launch, Progress
from monitor.settings import Settings, load
from monitor.shipped import shipped


class SplitEngine:
    """Sends the workspaces named `real-…` to Docker and all others to the engine in memory."""

    name = "docker"
    labels_routes = False

    def __init__(self, docker: DockerEngine, fake: FakeEngine) -> None:
        self._docker, self._fake = docker, fake

    def _of(self, workspace: str) -> DockerEngine | FakeEngine:
        return self._docker if workspace.startswith("real-") else self._fake

    async def check(self) -> EngineInfo:
        return await self._docker.check()

    async def deps_key(self, spec: LaunchSpec, contents: dict[str, bytes]) -> str:
        return await self._of(spec.workspace).deps_key(spec, contents)

    async def instances(self) -> list[Instance]:
        return [*await self._docker.instances(), *await self._fake.instances()]

    async def expect(self, workspace: str) -> None:
        await self._of(workspace).expect(workspace)

    async def prepare(self, spec: LaunchSpec, launch: Launch, progress: Progress) -> None:
        await self._of(spec.workspace).prepare(spec, launch, progress)

    async def start(self, spec: LaunchSpec, launch: Launch, generation: int) -> Instance:
        return await self._of(spec.workspace).start(spec, launch, generation)

    async def apply(self, instance: Instance, spec: LaunchSpec, launch: Launch) -> None:
        await self._of(spec.workspace).apply(instance, spec, launch)

    async def applied(self, instance: Instance) -> str | None:
        return await self._of(instance.workspace).applied(instance)

    async def stop(self, instance: Instance, grace_s: float) -> None:
        await self._of(instance.workspace).stop(instance, grace_s)

    async def diagnose(self, instance: Instance, lines: int = 50) -> Diagnosis:
        return await self._of(instance.workspace).diagnose(instance, lines)

    async def logs(self, instance: Instance, lines: int = 200) -> list[str]:
        return await self._of(instance.workspace).logs(instance, lines)

    async def forget(self, workspace: str) -> None:
        await self._of(workspace).forget(workspace)

    async def purge(self, workspace: str) -> None:
        await self._of(workspace).purge(workspace)

    async def sweep(self, known: set[str]) -> list[str]:
        return await self._docker.sweep(known)

    def hints(self) -> AsyncIterator[str]:
        return self._docker.hints()

    async def close(self) -> None:
        await self._docker.close()


def main(base: Path, answering_port: int, flags: dict[str, str]) -> None:
    """Run until a signal; workspaces in memory are "served" by whatever listens on `answering_port`."""

    async def choose(settings: Settings, install: Install, clock: Clock, *_: object) -> SplitEngine:
        host = engines.docker_host(settings)
        options = Options(install.id, settings.data, shipped("runtimes").parent, settings.subnets, host)
        docker = DockerEngine(options, clock, lambda *_: {})
        fake = FakeEngine(Stage(clock), install.id, address=lambda *_: ("127.0.0.1", answering_port))
        return SplitEngine(docker, fake)

    engines.choose = choose  # type: ignore[assignment]
    asyncio.run(run(load(dict(flags), base=base)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), dict(word.split("=", 1) for word in sys.argv[3:]))
