"""The Docker engine: the parts of this package behind the engine port."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from ipaddress import IPv4Network
from pathlib import Path

from monitor.adapters.data_stage import WithVolumes
from monitor.adapters.docker_engine import events
from monitor.adapters.docker_engine.bases import Bases
from monitor.adapters.docker_engine.cleaning import Cleaner
from monitor.adapters.docker_engine.client import DockerClient
from monitor.adapters.docker_engine.commands import Commands
from monitor.adapters.docker_engine.containers import Containers
from monitor.adapters.docker_engine.control import UNKNOWN, ControlFolders
from monitor.adapters.docker_engine.data import DataVolumes
from monitor.adapters.docker_engine.deps import DependencyLayers
from monitor.adapters.docker_engine.images import RuntimeImages
from monitor.adapters.docker_engine.info import daemon
from monitor.adapters.docker_engine.inside import ask_inside
from monitor.adapters.docker_engine.networks import Networks
from monitor.adapters.docker_engine.observing import Observer
from monitor.adapters.docker_engine.placing import Options, Placing
from monitor.adapters.docker_engine.shelf import ImageShelf
from monitor.adapters.docker_engine.stacks import Stacks
from monitor.domain.command import Command, Ran
from monitor.domain.compose import TEMPLATE, compose_text
from monitor.domain.container import ContainerPlan
from monitor.domain.container_plan import plan_app
from monitor.domain.docker_names import Names, deps_image
from monitor.domain.images import Image
from monitor.domain.launch import LaunchSpec, ProjectType, Source, deps_key
from monitor.domain.runtimes import as_typed
from monitor.domain.stack import Stack
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.engine import Diagnosis, EngineInfo, Hear, Instance, Launch, LaunchFailed, Progress, refuse_stack

RouteLabels = Callable[[LaunchSpec, int, str], Mapping[str, str]]
"""Spec, generation and network name to the labels the router reads."""
Guard = Callable[[], Awaitable[tuple[str, ...]]]
"""Closes the host to the workspaces' networks; says in sentences what it could not close. Asked before each start."""
Step = Callable[[str], None]

_SYNC_S = 1_200.0
_STARTS_PER_CORE, _INSTALLS_PER_CORE = 2, 4
"""Installs mostly wait for the network, and one that hangs must not keep anything else from starting."""


async def unguarded() -> tuple[str, ...]:
    """The guard where none is set up."""
    return ()


def _no_step(_name: str) -> None:
    """Nothing to do between steps."""


class DockerEngine(WithVolumes):
    """See `monitor.ports.engine`. `step` is told each step of a start by name, so that a test can crash there."""

    name = "docker"
    labels_routes = True

    def __init__(
        self,
        options: Options,
        clock: Clock,
        route_labels: RouteLabels,
        guard: Guard = unguarded,
        step: Step = _no_step,
    ) -> None:
        self._names = Names(options.install_id)
        self._options = options
        self._route_labels = route_labels
        self._guard = guard
        self._step = step
        self._client = DockerClient(options.docker_host, quick_s=options.patience_s)
        self._control = ControlFolders(options.data)
        self._containers = Containers(self._client, self._names, clock)
        self._networks = Networks(self._client, self._names, IPv4Network(options.subnets))
        self._images = RuntimeImages(self._client, options.shipped / "runtimes", options.extra_ca)
        self._layers = DependencyLayers(self._client, self._images, self._containers, self._control, clock, step)
        self._observer = Observer(self._client, self._containers)
        self._commands = Commands(self._client, self._containers, self._control, clock)
        self._placing = Placing(options, self._client, self._names, self._networks, self._control)
        self._stacks = Stacks(
            self._client, self._names, self._images, self._containers, self._control, self._placing, clock, step
        )
        self._shelf = ImageShelf(self._client, self._names, self._images, options.data, clock)
        self._images.built = self._shelf.built
        self._bases = Bases(self._images, self._stacks.pulls, clock)
        self._busy: Counter[str] = Counter()
        self._volumes = self._data = DataVolumes(
            self._client, self._names, self._images, self._containers, self._busy, options.shipped, options.data
        )
        self._cleaner = Cleaner(
            self._client, self._names, self._containers, self._networks, self._control, self._busy
        )
        cores = os.cpu_count() or 1
        self._starting = asyncio.Semaphore(_STARTS_PER_CORE * cores)
        self._installing = asyncio.Semaphore(_INSTALLS_PER_CORE * cores)

    async def check(self) -> EngineInfo:
        found = await daemon(self._client)
        return EngineInfo(self.name, found.version, (*found.warnings, *await self._guard()))

    async def deps_key(self, spec: LaunchSpec, contents: dict[str, bytes]) -> str:
        """One workspace's layers are never another's: what its download cache holds may be its own app's work."""
        scope = f"{self._images.tag(spec.runtime, spec.base)} {self._names.install_id}/{spec.workspace}"
        return deps_key(spec.install or "", scope, spec.user, contents)

    async def instances(self) -> list[Instance]:
        return await self._observer.instances()

    async def expect(self, workspace: str) -> None:
        """The network takes longest to make, and no spec decides how it is made."""
        with suppress(SlipwayError), self._working_on(workspace):
            await self._networks.ensure(workspace)

    async def keyed(self, stack: Stack, workspace: str, launch: Launch) -> Stack:
        return await self._stacks.keyed(stack, workspace, launch)

    async def lacking(self, images: Sequence[str]) -> str:
        return await self._stacks.pulls.lacking(images)

    async def offers(self, type_: ProjectType) -> str | None:
        return self._bases.debian(type_)

    async def basis(self, type_: ProjectType, image: str) -> str:
        return await self._bases.lacking(type_, image)

    async def prepare(self, spec: LaunchSpec, launch: Launch, progress: Progress) -> None:
        with self._working_on(spec.workspace):
            if spec.stack is not None:
                await self._guard()
                async with self._installing:
                    await self._stacks.prepare(spec, spec.stack, launch, progress)
                return
            runtime = await self._bases.ensure(spec, progress)
            if not _layered(spec) or await self._images.has(deps_image(spec.deps_key)):
                return
            progress(f"installing dependencies: {as_typed(spec.install or '')}")
            place = await self._placing.place(spec, launch, runtime, generation=0)
            await self._guard()
            async with self._installing:
                await self._layers.install(spec, launch.source, place, progress)

    async def start(self, spec: LaunchSpec, launch: Launch, generation: int) -> Instance:
        with self._working_on(spec.workspace):
            if spec.stack is not None:
                return await self._start_stack(spec, spec.stack, launch, generation)
            async with self._starting:
                await self._guard()
                return await self._start(spec, launch, generation)

    async def run(
        self, spec: LaunchSpec, launch: Launch, command: Command, hear: Hear, into: Path | None = None
    ) -> Ran:
        refuse_stack(spec)
        with self._working_on(spec.workspace):
            await self._guard()
            place = await self._placing.place(spec, launch, self._image(spec), generation=0)
            return await self._commands.run(spec, launch, command, place, hear, into)

    async def apply(self, instance: Instance, spec: LaunchSpec, launch: Launch) -> None:
        place = (instance.workspace, instance.generation)
        self._control.write_manifest(self._control.control(*place), launch.files, launch.digest)
        if spec.source is Source.COPY:
            self._control.set_applied(*place, UNKNOWN)
            answer = await ask_inside(self._client, instance.id, "sync", _SYNC_S)
            if not answer.get("ok"):
                raise LaunchFailed(
                    f"the edit did not come up: {answer.get('reason') or 'no reason given'}",
                    hint="mend it and save again; what ran before goes on where it can",
                    log=[str(line) for line in answer.get("log") or ()],
                )
            self._control.set_applied(*place, str(answer.get("digest", UNKNOWN)))
        else:
            self._control.set_applied(*place, launch.digest)

    async def applied(self, instance: Instance) -> str | None:
        """What was acknowledged; for a fresh instance what it says it copied, asked once it is ready."""
        kept = self._control.applied(instance.workspace, instance.generation)
        if kept is None and instance.ready:
            kept = await self._observer.copied(instance.id) or UNKNOWN
            if kept:
                self._control.set_applied(instance.workspace, instance.generation, kept)
        return kept or None

    async def stop(self, instance: Instance, grace_s: float) -> None:
        await self._containers.stop(instance.id, grace_s)
        if not instance.announced:
            await self._stacks.abandon(instance.workspace, grace_s)
        self._control.clear(instance.workspace, instance.generation)

    async def diagnose(self, instance: Instance, lines: int = 50) -> Diagnosis:
        return await self._observer.diagnose(instance.id, lines)

    async def logs(self, instance: Instance, lines: int = 200) -> list[str]:
        return await self._observer.logs(instance.id, lines)

    async def forget(self, workspace: str) -> None:
        await self._cleaner.forget(workspace)

    async def purge(self, workspace: str) -> None:
        await self._cleaner.purge(workspace)

    async def sweep(self, known: set[str]) -> list[str]:
        return await self._cleaner.sweep(known)

    async def images(self, known: Collection[str]) -> list[Image]:
        return await self._shelf.images(known, self._busy)

    async def discard(self, image: Image) -> bool:
        return await self._shelf.remove(image)

    async def evict(self, hosts: Collection[str]) -> list[str]:
        return await self._cleaner.evict(hosts)

    def hints(self) -> AsyncIterator[str]:
        return events.hints(self._client, self._names.install_id)

    async def close(self) -> None:
        self._stacks.close()
        self._data.close()
        await self._client.close()

    async def _start(self, spec: LaunchSpec, launch: Launch, generation: int) -> Instance:
        place = await self._placing.place(spec, launch, self._image(spec), generation)
        self._step("network")
        plan = plan_app(spec, generation, place, self._route_labels(spec, generation, place.network.name))
        self._write(spec, launch, generation, plan)
        self._step("control")
        try:
            container = await self._containers.create(plan)
            self._step("created")
            await self._containers.start(container)
            self._step("started")
            return await self._observer.one(container)
        except BaseException:
            await self._containers.discard(plan.name)
            self._control.clear(spec.workspace, generation)
            raise

    def _image(self, spec: LaunchSpec) -> str:
        return deps_image(spec.deps_key) if _layered(spec) else self._images.tag(spec.runtime, spec.base)

    async def _start_stack(self, spec: LaunchSpec, stack: Stack, launch: Launch, generation: int) -> Instance:
        """Nothing is held while services wait for each other: that takes as long as they like."""
        self._control.clear(spec.workspace, generation)
        self._control.set_applied(spec.workspace, generation, launch.digest)
        try:
            async with self._starting:
                await self._guard()
                plan = await self._stacks.create(spec, stack, launch, generation)
            return await self._observer.one(await self._stacks.start(spec.workspace, generation, plan))
        except BaseException:
            await self._stacks.discard(spec.workspace, self._names.container(spec.workspace, generation))
            self._control.clear(spec.workspace, generation)
            raise

    def _write(self, spec: LaunchSpec, launch: Launch, generation: int, plan: ContainerPlan) -> None:
        self._control.clear(spec.workspace, generation)
        self._control.write_manifest(self._control.control(spec.workspace, generation), launch.files, launch.digest)
        template = (self._options.shipped / "compose" / TEMPLATE).read_text("utf-8")
        self._control.write_compose(spec.workspace, generation, compose_text(plan, template))
        if spec.source is Source.DIRECT:
            self._control.set_applied(spec.workspace, generation, launch.digest)

    @contextmanager
    def _working_on(self, workspace: str) -> Iterator[None]:
        self._busy[workspace] += 1
        try:
            yield
        finally:
            self._busy[workspace] -= 1
            if not self._busy[workspace]:
                del self._busy[workspace]


def _layered(spec: LaunchSpec) -> bool:
    return bool(spec.install and spec.deps_key)
