"""What one install has in the world beside its own folder: in Docker, and as processes of this host."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import docker
import psutil

from monitor.domain import labels
from tests.support import components


class InDocker:
    """Containers, networks, volumes and images that carry an install's label, read from the daemon itself."""

    def __init__(self, install_id: str) -> None:
        self.install_id = install_id
        self.api: Any = docker.APIClient(base_url=components.docker_url(), version="auto", timeout=60)

    def containers(self, name: str | None = None, role: str | None = None) -> list[dict[str, Any]]:
        """`docker inspect` of each, running or not."""
        found = []
        for row in self.api.containers(all=True, filters=self._filters(name, role)):
            with contextlib.suppress(docker.errors.NotFound):
                found.append(dict(self.api.inspect_container(row["Id"])))
        return found

    def running(self, name: str | None = None) -> list[dict[str, Any]]:
        """`docker inspect` of the instances that run."""
        return [one for one in self.containers(name, labels.ROLE_APP) if one["State"]["Running"]]

    def networks(self, name: str | None = None) -> list[str]:
        return [network["Name"] for network in self.api.networks(filters=self._filters(name))]

    def volumes(self, name: str | None = None, role: str | None = None) -> list[str]:
        listed = self.api.volumes(filters=self._filters(name, role))["Volumes"] or []
        return [volume["Name"] for volume in listed]

    def of(self, name: str | None = None) -> list[str]:
        """Everything but data volumes and images, a word each."""
        return [
            *(f"container {one['Name']}" for one in self.containers(name)),
            *(f"network {one}" for one in self.networks(name)),
            *(f"volume {one}" for one in self.volumes(name, labels.ROLE_CACHE)),
        ]

    def remove_all(self) -> None:
        """Remove everything of this install and nothing else."""
        for one in self.api.containers(all=True, filters=self._filters()):
            self._try(self.api.remove_container, one["Id"], force=True, v=True)
        for name in self.networks():
            self._try(self.api.remove_network, name)
        for name in self.volumes():
            self._try(self.api.remove_volume, name, force=True)
        for one in self.api.images(filters=self._filters()):
            self._try(self.api.remove_image, one["Id"], force=True)
        self.api.close()

    def _filters(self, name: str | None = None, role: str | None = None) -> dict[str, list[str]]:
        wanted = [f"{labels.INSTALL_ID}={self.install_id}"]
        wanted += [f"{labels.WORKSPACE}={name}"] if name else []
        wanted += [f"{labels.ROLE}={role}"] if role else []
        return {"label": wanted}

    def _try(self, act: Any, *words: Any, **more: Any) -> None:
        with contextlib.suppress(docker.errors.APIError):
            act(*words, **more)


def processes_of(marks: Iterable[str]) -> list[psutil.Process]:
    """Every other process of this host whose words, folder or environment name one of `marks`; zombies aside."""
    wanted = tuple(os.fsencode(mark) for mark in marks)
    others = (one for one in psutil.process_iter() if one.pid != os.getpid())
    return [one for one in others if _names(Path(f"/proc/{one.pid}"), wanted)]


def _names(process: Path, marks: tuple[bytes, ...]) -> bool:
    try:
        said = (process / "cmdline").read_bytes()
        if not said:
            return False
        said += (process / "environ").read_bytes() + os.fsencode(os.readlink(process / "cwd"))
    except OSError:
        return False
    return any(mark in said for mark in marks)
