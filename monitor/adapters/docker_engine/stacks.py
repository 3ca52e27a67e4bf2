"""Folders that say themselves how they run: images first, then Compose creates, we compare, Compose starts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from monitor.adapters.docker_engine import contexts
from monitor.adapters.docker_engine.accounts import Accounts
from monitor.adapters.docker_engine.builds import Builds
from monitor.adapters.docker_engine.client import DockerClient, Gone
from monitor.adapters.docker_engine.compose_cli import ComposeCli
from monitor.adapters.docker_engine.conformance import stack_departures
from monitor.adapters.docker_engine.containers import Containers
from monitor.adapters.docker_engine.control import ControlFolders
from monitor.adapters.docker_engine.images import RuntimeImages
from monitor.adapters.docker_engine.placing import Placing, sayable
from monitor.adapters.docker_engine.pulls import Pulls, exposed
from monitor.adapters.docker_engine.rendering import Json, create_body
from monitor.adapters.docker_engine.volumes import Volumes
from monitor.domain import labels
from monitor.domain.container import ContainerPlan
from monitor.domain.docker_names import Names
from monitor.domain.labels import OURS
from monitor.domain.launch import LaunchSpec
from monitor.domain.stack import Service, Stack
from monitor.domain.stack_plan import Cast, Image, StackPlan, plan_stack
from monitor.domain.stack_text import stack_text
from monitor.errors import Refused
from monitor.ports.clock import Clock
from monitor.ports.engine import Launch, LaunchFailed, Progress

BIND = "bind-"
_ROOT = {"", "0", "root"}


class Stacks:
    """Prepares and starts stacks of one install. `step` is told each step of a start by name."""

    def __init__(
        self,
        client: DockerClient,
        names: Names,
        images: RuntimeImages,
        containers: Containers,
        control: ControlFolders,
        placing: Placing,
        clock: Clock,
        step: Callable[[str], None],
    ) -> None:
        self._names = names
        self._images = images
        self._containers = containers
        self._control = control
        self._placing = placing
        self._step = step
        self.pulls = Pulls(client, images, clock)
        self.builds = Builds(client, images, clock)
        self._accounts = Accounts(client, names)
        self._compose = ComposeCli(client, control)
        self._volumes = Volumes(client, names, images, containers, control)

    async def keyed(self, stack: Stack, workspace: str, launch: Launch) -> Stack:
        """The stack with the keys of what its builds and binds read. Raises `Refused` for a bind of nothing."""
        for service in stack.services:
            if service.build:
                key = await self.builds.keyed(service.build, workspace, launch)
                service = replace(service, build=replace(service.build, key=key))
            bound = [
                replace(one, key=await self.builds.read(partial(_bound_key, one.source, launch))) if one.bind else one
                for one in service.attached
            ]
            stack = stack.with_service(replace(service, attached=tuple(bound)))
        return stack

    async def prepare(self, spec: LaunchSpec, stack: Stack, launch: Launch, progress: Progress) -> None:
        """Fetch and build every image. Raises `LaunchFailed`."""
        await self.pulls.ensure(stack.images, progress)
        if stack.volumes:
            await self._volumes.prepare(progress)
        place = await self._placing.place(spec, launch, "", generation=0)
        for build in stack.builds:
            await self.builds.make(build, spec, launch, place, progress)

    async def create(self, spec: LaunchSpec, stack: Stack, launch: Launch, generation: int) -> StackPlan:
        """Create every container and compare each with its plan; nothing of it runs yet.

        Raises `LaunchFailed`; what was made is then for `discard`.
        """
        place = await self._placing.place(spec, launch, "", generation)
        self._step("network")
        cast = await self._cast(spec, stack, launch)
        plan = plan_stack(spec, stack, generation, place, cast)
        self._control.write_compose(spec.workspace, generation, stack_text(plan))
        self._step("control")
        await self._compose.create(spec.workspace, generation)
        self._step("created")
        for one in plan.containers:
            await self._compare(one)
        await self._volumes.give(spec.workspace, plan)
        return plan

    async def start(self, workspace: str, generation: int, plan: StackPlan) -> str:
        """Start what was created, in the order it needs; returns the front's id.

        Raises `LaunchFailed` with the last lines of the service that did not come so far.
        """
        said = await self._compose.start(workspace, generation)
        if said is not None:
            raise await self._failed(plan, said)
        self._step("started")
        return str((await self._containers.inspect(plan.front.name))["Id"])

    async def discard(self, workspace: str, front: str) -> None:
        """Remove a front that did not come up, and its companions where no other generation needs them."""
        await self._containers.discard(front)
        await self.abandon(workspace, 0.0)

    async def abandon(self, workspace: str, grace_s: float) -> None:
        """Stop and remove the companions of a workspace that has no front any more."""
        if await self._containers.ours(labels.ROLE_APP, workspace):
            return
        parts = await self._containers.ours(labels.ROLE_PART, workspace)
        await asyncio.gather(*(self._containers.stop(part["Id"], grace_s) for part in parts))

    def close(self) -> None:
        self.builds.close()

    async def _cast(self, spec: LaunchSpec, stack: Stack, launch: Launch) -> Cast:
        images: dict[str, Image] = {}
        users: dict[str, tuple[int, int]] = {}
        for service in stack.services:
            seen = await self._seen(service)
            images[service.name] = await self._image(service, seen)
            if service.user:
                user = await self._accounts.resolve(seen, service.user)
                if user is None:
                    raise LaunchFailed(f"the user of {service.name} is root in its image: nothing here runs as root")
                users[service.name] = user
        return Cast(images, users, await self._binds(spec, stack, launch))

    async def _seen(self, service: Service) -> Json:
        name = self._named(service)
        try:
            return await self._images.inspect(name)
        except Gone:
            raise LaunchFailed(f"the image of {service.name} is gone", hint="start it again") from None

    def _named(self, service: Service) -> str:
        return self._names.build_image(service.build.key) if service.build else service.image

    async def _image(self, service: Service, seen: Json) -> Image:
        config = seen["Config"]
        _check_labels(service, config.get("Labels") or {}, self._names)
        said = str(config.get("User") or "")
        user = None if said.partition(":")[0] in _ROOT or service.user else await self._accounts.resolve(seen, said)
        pairs = [line.partition("=") for line in config.get("Env") or []]
        return Image(
            name=self._named(service),
            user=user,
            volumes=tuple(sorted(config.get("Volumes") or {})),
            ports=exposed(config),
            env=tuple((name, value) for name, _, value in pairs),
        )

    async def _binds(self, spec: LaunchSpec, stack: Stack, launch: Launch) -> dict[str, str]:
        """Copies of what is bound, by key: a path of the workspace could be made a link to anywhere meanwhile."""
        found: dict[str, str] = {}
        for one in (one for service in stack.services for one in service.attached if one.bind):
            target = self._control.root / spec.workspace / f"{BIND}{one.key}"
            folder, paths = contexts.bound_paths(launch.files, one.source)
            if not target.exists():
                await self.builds.read(partial(contexts.copy, launch.source, folder, paths, target))
            alone = one.source in launch.files
            found[one.key] = sayable(target / paths[0] if alone and paths else target)
        return found

    async def _compare(self, plan: ContainerPlan) -> None:
        inspected = await self._containers.inspect(plan.name)
        image = (await self._images.inspect(inspected["Image"]))["Config"]
        if wrong := stack_departures(plan, create_body(plan), inspected, image):
            raise LaunchFailed(
                f"the container Docker made for {plan.service} is not the one asked for: {wrong[0]}",
                hint="look at the image's labels and volumes, and at the daemon's own defaults",
                log=wrong,
            )

    async def _failed(self, plan: StackPlan, said: tuple[str, ...]) -> LaunchFailed:
        """What Compose says, and the log of the first service that ended or is unhealthy."""
        for one in plan.containers:
            try:
                state = (await self._containers.inspect(one.name))["State"]
            except Gone:
                continue
            unhealthy = (state.get("Health") or {}).get("Status") == "unhealthy"
            if unhealthy or (state["Status"] == "exited" and state["ExitCode"]):
                ended = "is not healthy" if unhealthy else f"ended with code {state['ExitCode']}"
                return LaunchFailed(
                    f"its service {one.service.partition('.')[0]} {ended}",
                    hint="its last lines may say why; nothing here runs as root",
                    log=await self._containers.lines(one.name, 50),
                )
        why = next((line for line in reversed(said) if line.strip()), "no reason given")
        return LaunchFailed(f"Compose cannot start it: {why}", log=said)


def _check_labels(service: Service, said: dict[str, str], names: Names) -> None:
    """R5: what an image says of routes would be believed. Our own builds carry whose they are."""
    ours = {labels.INSTALL_ID: names.install_id, labels.ROLE: labels.ROLE_BUILD}
    for name, value in said.items():
        mine = service.build and (ours.get(name) == value or name == labels.WORKSPACE)
        if name.lower().startswith(OURS) and not mine:
            raise LaunchFailed(
                f"the image of {service.name} brings the label {name}, which only Slipway may set",
                hint="build it without that label",
            )


def _bound_key(path: str, launch: Launch) -> str:
    folder, paths = contexts.bound_paths(launch.files, path)
    if not paths:
        raise Refused(
            f"{path or '.'} is to be mounted, but is no file or folder of the workspace",
            hint="links, and folders that are not source (node_modules and the like), cannot be mounted",
        )
    return contexts.digest(launch.source, folder, paths, path)
