"""The data volume, copied and replaced by programs of ours in short-lived containers that reach nothing else.

They run as root with a few capabilities, because files in a volume may belong to any user, without a network, on a
root filesystem nobody can write to. SQLite is only ever run as the user a database belongs to.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from monitor.adapters.data_stage import ANSWER, CONTENT, COPYING, REPLACING, Stages, answer_of, copied, failed
from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.containers import Containers
from monitor.adapters.docker_engine.images import RuntimeImages
from monitor.adapters.docker_engine.placing import sayable
from monitor.adapters.docker_engine.rendering import Json
from monitor.domain import labels
from monitor.domain.container_plan import volume_labels
from monitor.domain.docker_names import Names
from monitor.domain.sizes import MIB
from monitor.ports.engine import LaunchFailed
from monitor.ports.volumes import DataCopy, Mark

TOOL = "python"
"""The runtime whose Python is used: it has SQLite, and nothing of it comes from a workspace."""
AT_ONCE = 2
MEMORY = 512 * MIB
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "SETGID", "SETUID")
VOLUME, STAGE = "/data", "/stage"
_LAST_LINES = 20


class DataVolumes:
    """The data volumes of one install's workspaces; copies are laid out in the data folder.

    `busy` counts what the sweep must leave alone, by workspace.
    """

    def __init__(
        self,
        client: DockerClient,
        names: Names,
        images: RuntimeImages,
        containers: Containers,
        busy: Counter[str],
        shipped: Path,
        data: Path,
    ) -> None:
        self._client, self._names, self._images, self._containers = client, names, images, containers
        self._busy = busy
        self._programs, self._stages = shipped / "runtimes" / "data", Stages(data / "volumes")
        self._turns = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def copy_data(self, workspace: str, known: Mark | None, limit: int) -> AsyncIterator[DataCopy | None]:
        """See `Volumes.copy_data`."""
        if not await self._has(workspace):
            yield None
            return
        async with self._stages.stage(workspace, "copy") as stage:
            owner = [os.geteuid(), os.getegid()]
            asked = {"into": f"{STAGE}/{CONTENT}", "limit": limit, "known": known, "owner": owner}
            yield copied(await self._run(workspace, COPYING, stage, asked), stage, limit)

    def data_stage(self, workspace: str) -> AbstractAsyncContextManager[Path]:
        """See `Volumes.data_stage`."""
        return self._stages.stage(workspace, "stage")

    async def replace_data(self, workspace: str, stage: Path, user: tuple[int, int]) -> None:
        """See `Volumes.replace_data`."""
        await self._run(workspace, REPLACING, stage, {"from": f"{STAGE}/{CONTENT}", "owner": list(user)})

    async def recover_data(self, workspace: str) -> None:
        """See `Volumes.recover_data`."""
        if await self._has(workspace):
            async with self._stages.stage(workspace, "recover") as stage:
                await self._run(workspace, REPLACING, stage, {"from": None, "owner": None})

    def close(self) -> None:
        self._stages.close()

    async def _has(self, workspace: str) -> bool:
        try:
            await self._client.ask(lambda api: api.inspect_volume(self._names.data(workspace)))
        except Gone:
            return False
        return True

    async def _run(self, workspace: str, program: str, stage: Path, asked: Mapping[str, Any]) -> Json:
        """One of an earlier monitor that still works on this volume is ended first: it can be, at any moment."""
        async with self._turns, self._working_on(workspace):
            await self._images.ensure(TOOL, lambda line: None)
            await self._containers.remove(self._name(workspace))
            told = {"volume": VOLUME, "answer": f"{STAGE}/{ANSWER}", **asked}
            body = self._body(workspace, program, sayable(stage.parent), told)
            made = await self._containers.put(body, self._name(workspace))
            try:
                await self._containers.start(made)
                code = await self._containers.exit_code(made)
                if code:
                    raise failed(workspace, await self._containers.lines(made, _LAST_LINES))
                return answer_of(stage)
            except (Gone, Declined) as error:
                raise LaunchFailed(f"the data volume of {workspace} cannot be reached: {error.message}") from error
            finally:
                await self._containers.discard(made)

    @asynccontextmanager
    async def _working_on(self, workspace: str) -> AsyncIterator[None]:
        self._busy[workspace] += 1
        try:
            yield
        finally:
            self._busy[workspace] -= 1
            self._busy += Counter()

    def _name(self, workspace: str) -> str:
        return f"{self._names.project(workspace)}-volume"

    def _body(self, workspace: str, program: str, top: str, asked: Json) -> Json:
        source = (self._programs / program).read_text("utf-8")
        owned = volume_labels(self._names, workspace, labels.ROLE_DATA)
        return {
            "Image": self._images.tag(TOOL),
            "User": "0:0",
            "Entrypoint": ["/usr/bin/python3", "-I", "-c", source, json.dumps(asked)],
            "Cmd": [],
            "WorkingDir": "/",
            "Labels": {
                labels.INSTALL_ID: self._names.install_id,
                labels.WORKSPACE: workspace,
                labels.ROLE: labels.ROLE_COPY,
            },
            "HostConfig": {
                "NetworkMode": "none",
                "ReadonlyRootfs": True,
                "CapDrop": ["ALL"],
                "CapAdd": list(CAPABILITIES),
                "SecurityOpt": ["no-new-privileges:true"],
                "Memory": MEMORY,
                "PidsLimit": 32,
                "NanoCpus": 10**9,
                "Mounts": [
                    {
                        "Type": "volume",
                        "Source": self._names.data(workspace),
                        "Target": VOLUME,
                        "VolumeOptions": {"Labels": dict(owned)},
                    },
                    {"Type": "bind", "Source": top, "Target": STAGE, "BindOptions": {"Propagation": "rprivate"}},
                ],
            },
        }
