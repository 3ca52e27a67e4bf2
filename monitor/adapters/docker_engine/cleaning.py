"""Removing what is no longer needed, found by its labels: forget, purge and the sweep after a crash."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection

from docker import APIClient

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.containers import Containers
from monitor.adapters.docker_engine.control import ControlFolders
from monitor.adapters.docker_engine.evidence import addresses, state_of
from monitor.adapters.docker_engine.networks import Networks
from monitor.adapters.docker_engine.rendering import Json
from monitor.adapters.docker_engine.stacks import BIND
from monitor.adapters.docker_engine.volumes import GIVEN
from monitor.domain import labels
from monitor.domain.docker_names import Names
from monitor.domain.instance import Running

Remove = Callable[[APIClient], object]
CONTAINERS = (labels.ROLE_APP, labels.ROLE_PART, labels.ROLE_INSTALL, labels.ROLE_RUN, labels.ROLE_COPY)
"""The roles of containers we make."""
_STAGES_KEPT = 8
_LAYERS_KEPT = 3
"""Dependency layers kept per workspace: going back to yesterday's lock file costs nothing."""


class Cleaner:
    """Removes one install's things; the sweep leaves `busy` workspaces alone, something is being made for them."""

    def __init__(
        self,
        client: DockerClient,
        names: Names,
        containers: Containers,
        networks: Networks,
        control: ControlFolders,
        busy: Collection[str],
    ) -> None:
        self._client = client
        self._names = names
        self._containers = containers
        self._networks = networks
        self._control = control
        self._busy = busy

    async def forget(self, workspace: str) -> None:
        """Everything of it but its data volumes and the images made for it."""
        rows = [row for role in CONTAINERS for row in await self._containers.ours(role, workspace)]
        await asyncio.gather(*(self._containers.remove(row["Id"]) for row in rows))
        await self._networks.remove(workspace)
        await self._remove_volume(self._names.cache(workspace))
        self._control.remove(workspace)

    async def purge(self, workspace: str) -> None:
        """Everything of it."""
        await self.forget(workspace)
        for volume in await self._volumes(labels.ROLE_DATA):
            if _label(volume, labels.WORKSPACE) == workspace:
                await self._remove_volume(volume["Name"])
        for image in (*await self._images(labels.ROLE_DEPS), *await self._images(labels.ROLE_BUILD)):
            if _label(image, labels.WORKSPACE) == workspace:
                await self._remove_image(image["Id"])

    async def sweep(self, known: set[str]) -> list[str]:
        """Half-made containers, lost installers, networks, folders and layers nothing uses; a sentence each."""
        return [
            *await self._half_made(),
            *await self._lost_parts(),
            *await self._installers(),
            *await self._unused_networks(known),
            *await self._unused_caches(known),
            *await self._unused_layers(known),
            *await self._unused_builds(known),
            *await self._unused_folders(),
        ]

    async def evict(self, hosts: Collection[str]) -> list[str]:
        """Containers with our label that we never made, at one of these addresses; a sentence each."""
        rows = [row for row in await self._containers.marked() if _label(row, labels.ROLE) not in CONTAINERS]
        found = [row for row in rows if addresses(row) & set(hosts)]
        await self._containers.remove_all(found)
        return [f"removed the container {row['Names'][0].lstrip('/')}, which Slipway did not make" for row in found]

    async def _half_made(self) -> list[str]:
        idle = [*await self._idle(labels.ROLE_APP), *await self._idle(labels.ROLE_PART)]
        rows = [row for row in idle if state_of(row["State"]) is Running.CREATED]
        await self._containers.remove_all(rows)
        return [
            f"removed a container of '{_label(row, labels.WORKSPACE)}' that was made but never started"
            for row in rows
        ]

    async def _lost_parts(self) -> list[str]:
        """Services of stacks whose front is no more."""
        alive = {_label(row, labels.WORKSPACE) for row in await self._containers.ours(labels.ROLE_APP)}
        rows = [row for row in await self._idle(labels.ROLE_PART) if _label(row, labels.WORKSPACE) not in alive]
        await self._containers.remove_all(rows)
        return [
            f"removed a service of '{_label(row, labels.WORKSPACE)}', which does not run any more" for row in rows
        ]

    async def _installers(self) -> list[str]:
        rows = await self._idle(labels.ROLE_INSTALL)
        await self._containers.remove_all(rows)
        copies = await self._idle(labels.ROLE_COPY)
        await self._containers.remove_all(copies)
        runs = await self._idle(labels.ROLE_RUN)
        await self._containers.remove_all(runs)
        for image in await self._images(labels.ROLE_RUN):
            await self._remove_image(image["Id"])
        return [
            *(f"removed an unfinished installation of '{_label(row, labels.WORKSPACE)}'" for row in rows),
            *(f"ended a copy of the data of '{_label(row, labels.WORKSPACE)}'" for row in copies),
            *(
                f"ended a command in '{_label(row, labels.WORKSPACE)}' that an earlier monitor had left"
                for row in runs
            ),
        ]

    async def _idle(self, role: str) -> list[Json]:
        rows = await self._containers.ours(role)
        return [row for row in rows if _label(row, labels.WORKSPACE) not in self._busy]

    async def _unused_networks(self, known: set[str]) -> list[str]:
        said = []
        for network, workspace in (await self._networks.ours()).items():
            if workspace not in {*known, *self._busy} and await self._networks.remove_named(network):
                said.append(f"removed the network of '{workspace}', which is no workspace any more")
        return said

    async def _unused_caches(self, known: set[str]) -> list[str]:
        caches = await self._volumes(labels.ROLE_CACHE)
        gone = [v for v in caches if _label(v, labels.WORKSPACE) not in {*known, *self._busy}]
        removed = [volume for volume in gone if await self._remove_volume(volume["Name"])]
        return [f"removed the download cache of '{_label(volume, labels.WORKSPACE)}'" for volume in removed]

    async def _unused_layers(self, known: set[str]) -> list[str]:
        by_workspace: dict[str, list[Json]] = {}
        for image in sorted(await self._images(labels.ROLE_DEPS), key=lambda image: -int(image["Created"])):
            by_workspace.setdefault(_label(image, labels.WORKSPACE), []).append(image)
        old = [
            (workspace, image)
            for workspace, images in by_workspace.items()
            for image in images[_LAYERS_KEPT if workspace in known else 0 :]
            if workspace not in self._busy
        ]
        return [
            f"removed old dependencies of '{name}'" for name, image in old if await self._remove_image(image["Id"])
        ]

    async def _unused_folders(self) -> list[str]:
        """Control folders without a container; never those of an instance that exists or is being made."""
        alive = {_place(row) for row in await self._containers.ours(labels.ROLE_APP)}
        running = {workspace for workspace, _ in alive}
        said = []
        for workspace, name in self._control.generations():
            if (workspace, name) in alive or workspace in self._busy:
                continue
            if name.startswith((BIND, GIVEN)) and workspace in running:
                continue
            self._control.discard(workspace, name)
            said.append(f"removed what was left on disk of '{workspace}' ({name})")
        return said

    async def _unused_builds(self, known: set[str]) -> list[str]:
        """Old images of users' Dockerfiles; the newest stages are kept, the next build goes on from them."""
        kept: Counter[tuple[str, bool]] = Counter()
        said = []
        for image in sorted(await self._images(labels.ROLE_BUILD), key=lambda image: -int(image["Created"])):
            workspace, tagged = _label(image, labels.WORKSPACE), _tagged(image)
            kept[workspace, tagged] += 1
            most = (_LAYERS_KEPT if tagged else _STAGES_KEPT) if workspace in known else 0
            if workspace in self._busy or kept[workspace, tagged] <= most:
                continue
            if await self._remove_image(image["Id"]) and tagged:
                said.append(f"removed an old image of '{workspace}'")
        return said

    async def _images(self, role: str) -> list[Json]:
        wanted = {"label": [f"{labels.INSTALL_ID}={self._names.install_id}", f"{labels.ROLE}={role}"]}
        found: list[Json] = await self._client.ask(lambda api: api.images(filters=wanted))
        return found

    async def _volumes(self, role: str) -> list[Json]:
        wanted = {"label": [f"{labels.INSTALL_ID}={self._names.install_id}", f"{labels.ROLE}={role}"]}
        listed: Json = await self._client.ask(lambda api: api.volumes(filters=wanted))
        return list(listed.get("Volumes") or [])

    async def _remove_image(self, image: str) -> bool:
        return await self._removed(lambda api: api.remove_image(image, force=False))

    async def _remove_volume(self, name: str) -> bool:
        return await self._removed(lambda api: api.remove_volume(name))

    async def _removed(self, act: Remove) -> bool:
        """Whether it is gone because of us: what is in use stays, what is gone is gone."""
        try:
            await self._client.do(act)
        except (Gone, Declined):
            return False
        return True


def _label(thing: Json, name: str) -> str:
    return str((thing.get("Labels") or {}).get(name, ""))


def _tagged(image: Json) -> bool:
    return any(not tag.startswith("<none>") for tag in image.get("RepoTags") or [])


def _place(row: Json) -> tuple[str, str]:
    return _label(row, labels.WORKSPACE), _label(row, labels.GENERATION)
