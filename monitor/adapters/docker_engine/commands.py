"""A person's command in a container of its own: the workspace's image under the full baseline, then removed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.containers import Containers
from monitor.adapters.docker_engine.control import ControlFolders
from monitor.adapters.docker_engine.evidence import exit_of
from monitor.adapters.docker_engine.fetching import fetch
from monitor.adapters.docker_engine.following import ended, printed
from monitor.adapters.docker_engine.packing import packed
from monitor.domain.command import ComesBack, Command, Ran, once
from monitor.domain.container_plan import Place, plan_run
from monitor.domain.launch import LaunchSpec
from monitor.ports.clock import Clock
from monitor.ports.engine import Launch, LaunchFailed

_SILENT_S = 86_400.0
_REST_S = 5.0


class Commands:
    """Runs commands; whatever happens, cancelling included, their containers are gone afterwards."""

    def __init__(self, client: DockerClient, containers: Containers, control: ControlFolders, clock: Clock) -> None:
        self._client = client
        self._containers = containers
        self._control = control
        self._clock = clock

    async def run(
        self,
        spec: LaunchSpec,
        launch: Launch,
        command: Command,
        place: Place,
        hear: Callable[[bytes], None],
        into: Path | None,
    ) -> Ran:
        """As the port says; `place` is the workspace's, with the image to run in."""
        folder = self._control.root / spec.workspace / f"run-{command.id}"
        plan = plan_run(once(spec, command.argv), command.id, replace(place, control=str(folder / "control")))
        try:
            self._control.write_manifest(folder / "control", launch.files, launch.digest)
            container = await self._containers.create(plan)
            await self._containers.start(container)
            ran = await self._followed(container, hear)
            if into is not None:
                wanted = ComesBack(launch.files, spec.data)
                archive = await packed(
                    self._client, self._containers, container, plan, folder / "packed", wanted.nowhere
                )
                await self._client.work(lambda api: fetch(archive, into, wanted))
            return ran
        except (Gone, Declined) as error:
            raise LaunchFailed(
                f"the command's container is gone: {error.message}", hint="was the workspace deleted meanwhile?"
            ) from error
        finally:
            await self._containers.discard(plan.name)
            self._control.discard(spec.workspace, folder.name)

    async def _followed(self, container: str, hear: Callable[[bytes], None]) -> Ran:
        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(self._heard(container, hear), name=f"command output {container[:12]}")
            inspected = await ended(self._containers, self._clock, container)
            await asyncio.wait([hearing], timeout=_REST_S)
            hearing.cancel()
        code, reason = exit_of(inspected)
        return Ran(code or 0, reason if (code or 0) > 128 or inspected["State"].get("OOMKilled") else "")

    async def _heard(self, container: str, hear: Callable[[bytes], None]) -> None:
        async with aclosing(printed(self._client, container, _SILENT_S)) as pieces:
            async for piece in pieces:
                hear(piece)
