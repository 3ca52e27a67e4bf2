"""Dependency layers: installed once by a container under the full baseline, then kept as an image."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace as replace_in
from pathlib import Path

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.containers import Containers
from monitor.adapters.docker_engine.control import ControlFolders, replace
from monitor.adapters.docker_engine.evidence import exit_of, text_lines
from monitor.adapters.docker_engine.following import ended, printed
from monitor.adapters.docker_engine.images import RuntimeImages
from monitor.adapters.docker_engine.staging import stage
from monitor.domain import labels
from monitor.domain.container_plan import Place, install_variables, plan_install
from monitor.domain.docker_names import deps_image
from monitor.domain.instance_env import install_env
from monitor.domain.launch import LaunchSpec
from monitor.domain.runtimes import as_typed
from monitor.ports.clock import Clock
from monitor.ports.engine import LaunchFailed, Progress

_LONGEST_S = 900.0
_TAIL = 60
_SCRIPT = ". /slipway/env && exec slipway-entrypoint install"
"""Variables come from a file: Docker would keep a committed container's own in the image."""


class DependencyLayers:
    """Makes `slipway/deps:<key>` images."""

    def __init__(
        self,
        client: DockerClient,
        images: RuntimeImages,
        containers: Containers,
        control: ControlFolders,
        clock: Clock,
        step: Callable[[str], None],
    ) -> None:
        self._step = step
        self._client = client
        self._images = images
        self._containers = containers
        self._control = control
        self._clock = clock

    async def install(self, spec: LaunchSpec, source: Path, place: Place, progress: Progress) -> None:
        """Install what `spec.deps_files` name and keep the result as the image of `spec.deps_key`.

        `place` is the workspace's, with the runtime's image. Raises `LaunchFailed` with the installer's last lines.
        Whatever happens, cancelling included, the installer and its copies are gone afterwards.
        """
        folder = self._control.root / spec.workspace / f"install-{spec.deps_key}"
        plan = plan_install(spec, _at(place, folder), _SCRIPT)
        try:
            self._stage(spec, source, folder, install_variables(install_env(spec), place))
            self._step("install staged")
            container = await self._containers.create(plan)
            self._step("install created")
            await self._containers.start(container)
            self._step("install started")
            await self._finished(spec, container, progress)
            self._step("install finished")
            await self._keep(spec, container, place.image)
            self._step("install kept")
        finally:
            await self._containers.discard(plan.name)
            self._control.discard(spec.workspace, folder.name)

    def _stage(self, spec: LaunchSpec, source: Path, folder: Path, env: Mapping[str, str]) -> None:
        stage(source, spec.deps_files, folder / "source")
        self._control.write_manifest(folder / "control", spec.deps_files, spec.deps_key)
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in sorted(env.items())]
        replace(folder / "control" / "env", "".join(lines).encode())

    async def _finished(self, spec: LaunchSpec, container: str, progress: Progress) -> None:
        try:
            async with asyncio.timeout(_LONGEST_S), asyncio.TaskGroup() as group:
                telling = group.create_task(self._tell(container, progress), name=f"install log {spec.workspace}")
                inspected = await ended(self._containers, self._clock, container)
                await asyncio.wait([telling], timeout=2)
                telling.cancel()
        except TimeoutError:
            minutes = int(_LONGEST_S // 60)
            raise await self._failed(spec, container, f"took longer than {minutes} min") from None
        code, reason = exit_of(inspected)
        if code:
            raise await self._failed(spec, container, f"failed: {reason}")

    async def _failed(self, spec: LaunchSpec, container: str, what: str) -> LaunchFailed:
        log = text_lines(await self._containers.logs(container, _TAIL), _TAIL)
        return LaunchFailed(
            f"installing its dependencies {what} (`{as_typed(spec.install or '')}`)",
            hint="its last lines say why; behind a proxy that re-signs TLS set SLIPWAY_EXTRA_CA",
            log=log,
        )

    async def _tell(self, container: str, progress: Progress) -> None:
        async with aclosing(printed(self._client, container, _LONGEST_S)) as pieces:
            async for piece in pieces:
                for line in text_lines(piece, 100):
                    progress(line)

    async def _keep(self, spec: LaunchSpec, container: str, runtime: str) -> None:
        """Commit under the runtime's own command, labelled as ours; this is what makes the layer exist."""
        image = await self._images.inspect(runtime)
        mine = (await self._containers.inspect(container))["Config"]["Labels"]
        owned = {name: mine[name] for name in (labels.INSTALL_ID, labels.WORKSPACE)}
        config = {
            "Labels": {**owned, labels.ROLE: labels.ROLE_DEPS},
            "Entrypoint": image["Config"].get("Entrypoint"),
            "Cmd": image["Config"].get("Cmd"),
        }
        repository, _, tag = deps_image(spec.deps_key).partition(":")
        try:
            await self._client.work(lambda api: api.commit(container, repository=repository, tag=tag, conf=config))
        except (Declined, Gone) as error:
            raise LaunchFailed(f"Docker cannot keep its installed dependencies: {error.message}") from error


def _at(place: Place, folder: Path) -> Place:
    return replace_in(place, source=str(folder / "source"), control=str(folder / "control"))
