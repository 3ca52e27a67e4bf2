"""Named volumes of stacks: new ones are given to the user whose service has them, because none runs as root."""

from __future__ import annotations

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.containers import Containers
from monitor.adapters.docker_engine.control import ControlFolders
from monitor.adapters.docker_engine.images import RuntimeImages
from monitor.adapters.docker_engine.rendering import Json
from monitor.domain import labels
from monitor.domain.container import ContainerPlan, MountKind
from monitor.domain.docker_names import Names
from monitor.domain.sizes import MIB
from monitor.domain.stack_plan import StackPlan
from monitor.ports.engine import LaunchFailed, Progress

TOOL = "static"
"""The runtime whose `chown` is used: the smallest, and nothing of it comes from a workspace."""
GIVEN = "given-"
_LONGEST_S = 60


class Volumes:
    """The volumes of one install's stacks."""

    def __init__(
        self,
        client: DockerClient,
        names: Names,
        images: RuntimeImages,
        containers: Containers,
        control: ControlFolders,
    ) -> None:
        self._control = control
        self._client = client
        self._names = names
        self._images = images
        self._containers = containers

    async def prepare(self, progress: Progress) -> None:
        await self._images.ensure(TOOL, progress)

    async def give(self, workspace: str, plan: StackPlan) -> None:
        """Make each volume's content its first user's, once: a mark beside the instance says that it was done.

        Raises `LaunchFailed`.
        """
        for key, (volume, one) in _volumes(plan).items():
            mark = self._control.root / workspace / f"{GIVEN}{key}-{one.user[0]}-{one.user[1]}"
            if not mark.exists():
                await self._give(volume, one)
                mark.mkdir(parents=True, exist_ok=True)

    async def _give(self, volume: str, one: ContainerPlan) -> None:
        made = await self._containers.put(self._body(volume, one))
        try:
            await self._containers.start(made)
            code = await self._containers.exit_code(made, _LONGEST_S)
        except (Gone, Declined) as error:
            raise LaunchFailed(f"the volume {volume} could not be given to its user: {error.message}") from error
        finally:
            await self._containers.discard(made)
        if code:
            raise LaunchFailed(f"the volume {volume} could not be given to its user (code {code})")

    def _body(self, volume: str, one: ContainerPlan) -> Json:
        """Root with two capabilities, without a network, on a root filesystem nobody can write to."""
        uid, gid = one.user
        return {
            "Image": self._images.tag(TOOL),
            "User": "0:0",
            "Entrypoint": ["/bin/chown", "-R", "-h", "--", f"{uid}:{gid}", "/volume"],
            "Cmd": [],
            "Labels": {labels.INSTALL_ID: self._names.install_id, labels.ROLE: labels.ROLE_INSTALL},
            "HostConfig": {
                "NetworkMode": "none",
                "ReadonlyRootfs": True,
                "CapDrop": ["ALL"],
                "CapAdd": ["CHOWN", "DAC_READ_SEARCH"],
                "SecurityOpt": ["no-new-privileges:true"],
                "Memory": 64 * MIB,
                "PidsLimit": 16,
                "Mounts": [{"Type": "volume", "Source": volume, "Target": "/volume"}],
            },
        }


def _volumes(plan: StackPlan) -> dict[str, tuple[str, ContainerPlan]]:
    """Every volume by its name in the stack: its real name, and the first container that has it."""
    found: dict[str, tuple[str, ContainerPlan]] = {}
    for one in plan.containers:
        for mount in one.mounts:
            if mount.kind is MountKind.VOLUME:
                found.setdefault(mount.key, (mount.source, one))
    return found
