"""An engine in memory that keeps the port's promises: for tests of services, and for a thousand workspaces at once.

Nothing runs. What an instance would do is written down beforehand as a `Part`; a `Stage` is the machine
all engine objects of a test share, so that a second one finds what the first one started.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from monitor.adapters.data_stage import WithVolumes
from monitor.adapters.fake_stage import END, Address, Performance, Play, Stage, serves
from monitor.adapters.fake_volumes import FakeVolumes
from monitor.domain.command import Command, Ran
from monitor.domain.images import Image
from monitor.domain.instance import Instance, Running
from monitor.domain.launch import LaunchSpec, ProjectType, Source, deps_key
from monitor.domain.runtimes import CATALOGUE
from monitor.domain.stack import Stack
from monitor.ports.engine import Diagnosis, EngineAway, EngineInfo, Hear, Launch, LaunchFailed, Progress, refuse_stack


class FakeEngine(WithVolumes):
    """See `monitor.ports.engine`. `address` gives an instance's host and port, where something real serves for it."""

    name = "fake"

    def __init__(
        self,
        stage: Stage,
        install_id: str = "fake",
        *,
        play: Play = serves,
        address: Address | None = None,
        labels_routes: bool = False,
    ) -> None:
        self.labels_routes = labels_routes
        self._stage = stage
        self._install = install_id
        self._volumes = self._data = FakeVolumes(
            stage.volumes.setdefault(install_id, {}),
            lambda workspace: stage.data.add((install_id, workspace)),
            lambda workspace: (install_id, workspace) in stage.data,
        )
        self._play = play
        self._address = address

    async def check(self) -> EngineInfo:
        self._called("check")
        return EngineInfo(self.name, "1")

    async def deps_key(self, spec: LaunchSpec, contents: dict[str, bytes]) -> str:
        scope = f"{spec.runtime} {self._install}/{spec.workspace}"
        return deps_key(spec.install or "", scope, spec.user, contents)

    async def keyed(self, stack: Stack, workspace: str, launch: Launch) -> Stack:
        """Every key is the whole folder's digest."""
        for one in stack.services:
            build = one.build and replace(one.build, key=launch.digest[:24])
            bound = tuple(replace(a, key=launch.digest[:24]) if a.bind else a for a in one.attached)
            stack = stack.with_service(replace(one, build=build, attached=bound))
        return stack

    async def lacking(self, images: Sequence[str]) -> str:
        return ""

    async def offers(self, type_: ProjectType) -> str | None:
        """What Debian has."""
        runtime = CATALOGUE.get(type_)
        return runtime.version if runtime else None

    async def basis(self, type_: ProjectType, image: str) -> str:
        return self._stage.lacking.get(image, "")

    async def instances(self) -> list[Instance]:
        self._called("instances")
        return [self._seen(show) for show in self._shows.values()]

    async def expect(self, workspace: str) -> None:
        """Nothing can be made ahead."""

    async def prepare(self, spec: LaunchSpec, launch: Launch, progress: Progress) -> None:
        self._called("prepare", spec.workspace)
        key = f"{self._install}/{spec.workspace}/{spec.deps_key}"
        if not spec.install or key in self._stage.layers:
            return
        progress(f"installing dependencies: {spec.install}")
        await asyncio.sleep(0)
        part = self._play(spec, launch)
        if part.install_fails:
            raise LaunchFailed(f"installing its dependencies failed (`{spec.install}`)", log=part.install_fails)
        self._stage.layers.add(key)

    async def start(self, spec: LaunchSpec, launch: Launch, generation: int) -> Instance:
        self._called("start", spec.workspace)
        self._stage.count += 1
        host, port = self._address(spec, generation) if self._address else (None, None)
        made = Instance(
            id=f"fake-{self._stage.count}",
            workspace=spec.workspace,
            spec_hash=spec.hash,
            generation=generation,
            state=Running.RUNNING,
            host=host,
            port=port,
            started_at=self._stage.clock.wall_ns(),
        )
        part = self._play(spec, launch)
        ready_at = self._stage.clock.monotonic() + (
            float("inf") if part.ready_after_s is None else part.ready_after_s
        )
        direct = spec.source is Source.DIRECT
        self._shows[made.id] = Performance(made, part, launch.digest, ready_at, direct)
        self._stage.data.add((self._install, spec.workspace))
        self._stage.tell(self._install, spec.workspace)
        return made

    async def run(
        self, spec: LaunchSpec, launch: Launch, command: Command, hear: Hear, into: Path | None = None
    ) -> Ran:
        self._called("run", spec.workspace)
        refuse_stack(spec)
        return await self._play(spec, launch).acts(command, launch, hear, into)

    async def apply(self, instance: Instance, spec: LaunchSpec, launch: Launch) -> None:
        self._called("apply", instance.workspace)
        show = self._shows.get(instance.id)
        if show is None or self._seen(show).state is not Running.RUNNING:
            raise LaunchFailed("the instance cannot be asked: it does not run")
        part = self._play(spec, launch)
        if part.build_fails and not show.direct:
            show.acknowledged = ""
            raise LaunchFailed("the edit did not come up: the build failed", log=part.build_fails)
        show.part, show.acknowledged = part, launch.digest

    async def applied(self, instance: Instance) -> str | None:
        self._called("applied", instance.workspace)
        show = self._shows.get(instance.id)
        if show is None:
            return None
        if show.acknowledged is None and (show.direct or self._seen(show).ready):
            show.acknowledged = show.copied
        return show.acknowledged or None

    async def stop(self, instance: Instance, grace_s: float) -> None:
        self._called("stop", instance.workspace)
        if self._shows.pop(instance.id, None):
            self._stage.tell(self._install, instance.workspace)

    async def diagnose(self, instance: Instance, lines: int = 50) -> Diagnosis:
        self._called("diagnose", instance.workspace)
        show = self._shows.get(instance.id)
        if show is None:
            return Diagnosis(Running.EXITED, None, "it is gone", (), ())
        seen = self._seen(show)
        listening = show.part.listening if seen.state is Running.RUNNING else ()
        return Diagnosis(seen.state, seen.exit_code, seen.exit_reason, listening, show.part.log[-lines:])

    async def logs(self, instance: Instance, lines: int = 200) -> list[str]:
        self._called("logs", instance.workspace)
        show = self._shows.get(instance.id)
        return list(show.part.log[-lines:]) if show else []

    async def forget(self, workspace: str) -> None:
        self._called("forget", workspace)
        for key in [key for key, show in self._shows.items() if show.instance.workspace == workspace]:
            del self._shows[key]

    async def purge(self, workspace: str) -> None:
        await self.forget(workspace)
        self._stage.data.discard((self._install, workspace))
        self._stage.volumes[self._install].pop(workspace, None)
        gone = f"{self._install}/{workspace}/"
        self._stage.layers -= {layer for layer in self._stage.layers if layer.startswith(gone)}

    async def sweep(self, known: set[str]) -> list[str]:
        self._called("sweep")
        return []

    async def images(self, known: Collection[str]) -> list[Image]:
        return list(self._stage.images.values())

    async def discard(self, image: Image) -> bool:
        return self._stage.images.pop(image.id, None) is not None

    async def evict(self, hosts: Collection[str]) -> list[str]:
        self._called("evict")
        return []

    async def hints(self) -> AsyncIterator[str]:
        self._called("hints")
        listener = (self._install, asyncio.Queue[str]())
        self._stage.listeners.append(listener)
        try:
            while (workspace := await listener[1].get()) != END:
                yield workspace
        finally:
            self._stage.listeners.remove(listener)

    async def close(self) -> None:
        self._data.close()

    @property
    def _shows(self) -> dict[str, Performance]:
        return self._stage.installs.setdefault(self._install, {})

    def _called(self, verb: str, workspace: str = "") -> None:
        self._stage.calls.append(f"{verb} {workspace}".rstrip())
        if self._stage.away:
            raise EngineAway("the fake engine is away", hint="it comes back when the test says so")

    def _seen(self, show: Performance) -> Instance:
        if show.part.exit_code is not None:
            reason = show.part.exit_reason or f"exited with code {show.part.exit_code}"
            return replace(
                show.instance,
                state=Running.EXITED,
                exit_code=show.part.exit_code,
                exit_reason=reason,
                host=None,
                port=None,
            )
        return replace(show.instance, ready=self._stage.clock.monotonic() >= show.ready_at)


def calls_that_write(stage: Stage) -> Iterator[str]:
    """What was asked of the stage that changes something, in order."""
    reading = {"check", "instances", "applied", "diagnose", "logs", "hints", "sweep"}
    return (call for call in stage.calls if call.split(" ")[0] not in reading)
