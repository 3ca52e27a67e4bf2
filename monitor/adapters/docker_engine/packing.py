"""What an ended container left in its working copy, written as one archive by a container that does nothing else.

Docker's own way of copying files out of a container is not used: it can be led to the host's files
(CVE-2026-41567). The ended container is committed instead, and `tar` of that image, as the same user, without a
network and on a read-only root, writes into a folder of ours. What is in the archive is as untrusted as before.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from docker import APIClient

from monitor.adapters.docker_engine.client import Declined, DockerClient, Gone
from monitor.adapters.docker_engine.containers import Containers
from monitor.adapters.docker_engine.placing import sayable
from monitor.adapters.docker_engine.rendering import Json
from monitor.domain.container import ContainerPlan
from monitor.domain.sizes import MIB
from monitor.ports.engine import LaunchFailed

ARCHIVE = "app.tar"
MOST_BYTES = 2 * 1024**3
MEMORY = 256 * MIB
_OUT = "/packed"


async def packed(
    client: DockerClient,
    containers: Containers,
    container: str,
    plan: ContainerPlan,
    into: Path,
    leave: Iterable[str],
) -> Path:
    """The archive of `/app` of an ended container made by `plan`, in the new folder `into`, without names in `leave`.

    Raises `LaunchFailed` where it cannot be written: it is more than `MOST_BYTES`, or the disk is full.
    """
    into.mkdir(parents=True)
    into.chmod(0o733)
    image = await client.work(partial(_committed, container=container))
    made = ""
    try:
        made = await containers.put(_body(image, plan, into, leave), f"{plan.name}-pack")
        await containers.start(made)
        if await containers.exit_code(made):
            said = " ".join(await containers.lines(made, 3))
            raise LaunchFailed(
                f"what the command left cannot be brought back: {said or 'it is too much'}",
                hint="at most 2 GiB come back; run it without `keep`, or write such files below /data",
            )
        return into / ARCHIVE
    except (Gone, Declined) as error:
        raise LaunchFailed(f"what the command left cannot be brought back: {error.message}") from error
    finally:
        if made:
            await containers.discard(made)
        await _discarded(client, image)


def _body(image: str, plan: ContainerPlan, into: Path, leave: Iterable[str]) -> Json:
    excluded = [f"--exclude={name}" for name in leave]
    tar = ["tar", "--create", f"--file={_OUT}/{ARCHIVE}", "--directory=/", "--ignore-failed-read", *excluded, "app"]
    return {
        "Image": image,
        "User": f"{plan.user[0]}:{plan.user[1]}",
        "Entrypoint": tar,
        "Cmd": [],
        "WorkingDir": "/",
        # The image carries the environment of the workspace: nothing of it may change what tar does.
        "Env": [*(f"{name}=" for name, _ in plan.env), "PATH=/usr/bin:/bin", "LC_ALL=C"],
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": dict(plan.labels),
        "HostConfig": {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "Memory": MEMORY,
            "PidsLimit": 16,
            "NanoCpus": 10**9,
            "Ulimits": [{"Name": "fsize", "Soft": MOST_BYTES, "Hard": MOST_BYTES}],
            "Mounts": [{"Type": "bind", "Source": sayable(into), "Target": _OUT}],
        },
    }


def _committed(api: APIClient, container: str) -> str:
    made: Json = api.commit(container)
    return str(made["Id"])


async def _discarded(client: DockerClient, image: str) -> None:
    """Left behind with the daemon away, the sweep finds it by its labels."""
    try:
        await client.do(lambda api: api.remove_image(image, force=True))
    except (Gone, Declined):
        return
