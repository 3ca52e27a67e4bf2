"""The process engine: instances as local processes, on loopback ports, kept by keepers that need no monitor.

It trusts its workspaces: what runs here shares the machine's network and, without bubblewrap, its files.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from monitor.adapters.data_stage import WithVolumes
from monitor.adapters.process_engine import commands, deps, edits, observing, starting, stopping
from monitor.adapters.process_engine.data import DataVolumes
from monitor.adapters.process_engine.exits import Exits
from monitor.adapters.process_engine.workshop import Config, Workshop
from monitor.domain.command import Command, Ran
from monitor.domain.images import Image
from monitor.domain.launch import LaunchSpec, ProjectType, deps_key
from monitor.domain.stack import Stack
from monitor.errors import Refused
from monitor.ports.clock import Clock
from monitor.ports.engine import Diagnosis, EngineAway, EngineInfo, Hear, Instance, Launch, Progress, refuse_stack

T = TypeVar("T")
THREADS = 4


class ProcessEngine(WithVolumes):
    """Keeps the promises of `monitor.ports.engine`; used from one event loop."""

    name = "process"
    labels_routes = False

    def __init__(self, config: Config, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="process-engine")
        self._exits = Exits()
        self._opening = asyncio.Lock()
        self._workshop: Workshop | None = None
        self._working: set[str] = set()
        self._volumes = self._data = DataVolumes(self._open)

    async def check(self) -> EngineInfo:
        """Always answers: there is no daemon that could be away."""
        workshop = await self._open()
        return await self._run(observing.info, workshop)

    async def deps_key(self, spec: LaunchSpec, contents: dict[str, bytes]) -> str:
        workshop = await self._open()
        stamp = await self._run(workshop.tools.stamp, spec.type)
        user = (workshop.owner.uid or 0, workshop.owner.gid or 0)
        return deps_key(spec.install or "", f"process {stamp}", user, contents)

    async def keyed(self, stack: Stack, workspace: str, launch: Launch) -> Stack:
        raise Refused(
            "it says itself in which containers it runs, and that needs Docker",
            hint="start Docker and set SLIPWAY_ENGINE=docker, or set `type:` in slipway.yaml to run it without",
        )

    async def lacking(self, images: Sequence[str]) -> str:
        """None of them is ever used: `keyed` says so."""
        return ""

    async def offers(self, type_: ProjectType) -> str | None:
        """The version of the interpreter on this machine; None where it is missing, which a start says clearly."""
        workshop = await self._open()
        return await self._run(workshop.versions.of, type_)

    async def basis(self, type_: ProjectType, image: str) -> str:
        return "local processes run on what is installed on this machine"

    async def instances(self) -> list[Instance]:
        workshop = await self._open()
        seen = await self._run(observing.instances, workshop)
        for found in seen:
            self._watch(found)
        return [found.instance for found in seen]

    async def expect(self, workspace: str) -> None:
        """Nothing can be made ahead."""

    async def prepare(self, spec: LaunchSpec, launch: Launch, progress: Progress) -> None:
        workshop = await self._open()
        await self._run(workshop.refuse_unable, spec)
        if spec.install and await self._run(workshop.slots.idle, spec.workspace, spec.deps_key) is None:
            await self._install(workshop, spec, launch, progress)

    async def start(self, spec: LaunchSpec, launch: Launch, generation: int) -> Instance:
        """As the port says; installs first where no prepared app folder is free (a second generation at once)."""
        workshop = await self._open()
        await self.prepare(spec, launch, _silent)
        with self._at_work(f"{spec.workspace}/{generation}"):
            seen = await self._run(starting.start, workshop, spec, launch, generation, self.clock.wall_ns())
        self._watch(seen)
        self._exits.ring(spec.workspace)
        return seen.instance

    async def run(
        self, spec: LaunchSpec, launch: Launch, command: Command, hear: Hear, into: Path | None = None
    ) -> Ran:
        """As the port says; installs first where no prepared app folder is free."""
        refuse_stack(spec)
        workshop = await self._open()
        await self.prepare(spec, launch, _silent)
        with self._at_work(f"{spec.workspace}/{commands.name_of(command)}"):
            return await commands.run(workshop, self._pool, spec, launch, command, hear, into)

    async def apply(self, instance: Instance, spec: LaunchSpec, launch: Launch) -> None:
        workshop = await self._open()
        await edits.apply(workshop, self._pool, instance, spec, launch)

    async def applied(self, instance: Instance) -> str | None:
        workshop = await self._open()
        return await self._run(edits.applied, workshop, instance)

    async def stop(self, instance: Instance, grace_s: float) -> None:
        workshop = await self._open()
        folder = workshop.places.generation(instance.workspace, instance.generation)
        await self._run(stopping.ask, folder)
        await stopping.wait(folder, grace_s)
        await self._run(stopping.end, workshop, instance.workspace, instance.generation)

    async def diagnose(self, instance: Instance, lines: int = 50) -> Diagnosis:
        workshop = await self._open()
        return await self._run(observing.diagnose, workshop, instance, lines)

    async def logs(self, instance: Instance, lines: int = 200) -> list[str]:
        workshop = await self._open()
        return await self._run(observing.logs, workshop, instance, lines)

    async def forget(self, workspace: str) -> None:
        workshop = await self._open()
        await self._run(stopping.forget, workshop, workspace)

    async def purge(self, workspace: str) -> None:
        workshop = await self._open()
        await self._run(stopping.purge, workshop, workspace)

    async def sweep(self, known: set[str]) -> list[str]:
        workshop = await self._open()
        return await self._run(stopping.sweep, workshop, known, frozenset(self._working))

    async def images(self, known: Collection[str]) -> list[Image]:
        """None: what is installed lies in app folders, of which the sweep keeps the newest."""
        return []

    async def discard(self, image: Image) -> bool:
        return False

    async def evict(self, hosts: Collection[str]) -> list[str]:
        """Nothing routes itself to a process: routes are ours alone."""
        return []

    def hints(self) -> AsyncIterator[str]:
        return self._exits.hints()

    async def close(self) -> None:
        """Let go of everything; instances run on."""
        self._exits.close()
        self._data.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _open(self) -> Workshop:
        async with self._opening:
            if self._workshop is None:
                self._workshop = await self._run(Workshop, self.config)
            return self._workshop

    async def _install(self, workshop: Workshop, spec: LaunchSpec, launch: Launch, progress: Progress) -> None:
        with self._at_work(f"{spec.workspace}/{deps.INSTALL}"):
            await deps.install(workshop, self._pool, spec, launch, progress)

    def _watch(self, found: observing.Seen) -> None:
        if found.keeper is not None:
            self._exits.watch(found.instance.workspace, found.keeper)

    @contextlib.contextmanager
    def _at_work(self, what: str) -> Iterator[None]:
        """What `sweep` must not take for a leftover."""
        self._working.add(what)
        try:
            yield
        finally:
            self._working.discard(what)

    async def _run(self, function: Callable[..., T], *arguments: object) -> T:
        """Blocking work in the engine's own threads; a full or broken disk is the engine being away."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)
        except OSError as error:
            raise EngineAway(
                f"the process engine cannot work: {error}", hint="look at the disk and its rights"
            ) from error


def _silent(_line: str) -> None:
    """Nobody listens to the progress of an install inside `start`."""
