"""Which daemon this is, and whether it is new enough to work with."""

from __future__ import annotations

import re
from dataclasses import dataclass

from docker import APIClient

from monitor.adapters.docker_engine.client import DockerClient
from monitor.adapters.docker_engine.rendering import Json
from monitor.domain.container import Limit
from monitor.errors import Refused

FLOOR = 25
"""`start_interval`, without which a new container is hidden from the router for 30 s."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon's version, how many CPUs it has, which limits its kernel lacks, and what a person should know."""

    version: str
    cpus: float
    warnings: tuple[str, ...]
    lacks: frozenset[Limit] = frozenset()


async def daemon(client: DockerClient) -> Daemon:
    """Ask the daemon. Raises `EngineAway`, or `Refused` below the functional floor."""
    said: Json = await client.ask(_info)
    version = str(said.get("ServerVersion", ""))
    major = re.match(r"\d+", version)
    if major and int(major.group()) < FLOOR:
        raise Refused(
            f"Docker Engine {version} is older than {FLOOR}: containers would be hidden from the router for 30 s",
            hint="install a newer Docker Engine, or choose SLIPWAY_ENGINE=process",
        )
    return Daemon(version, float(said.get("NCPU") or 1), tuple(_warnings(said)), frozenset(_lacking(said)))


def _info(api: APIClient) -> Json:
    said: Json = api.info()
    return said


def _warnings(said: Json) -> list[str]:
    security = " ".join(said.get("SecurityOptions") or [])
    lacks = []
    if "name=seccomp" not in security:
        lacks.append("Docker runs without seccomp: a workspace may use every system call of the kernel")
    missing = [limit.value for limit in _lacking(said)]
    if missing:
        lacks.append(f"this kernel cannot limit {', '.join(missing)}: one workspace can take all there is")
    return lacks


def _lacking(said: Json) -> list[Limit]:
    keys = {"MemoryLimit": Limit.MEMORY, "SwapLimit": Limit.SWAP, "CpuCfsQuota": Limit.CPUS, "PidsLimit": Limit.PIDS}
    return [limit for key, limit in keys.items() if said.get(key) is False]
