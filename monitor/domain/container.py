"""A container as a value: the one description both the Engine's API and the compose text are written from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.launch import Limits
from monitor.domain.stack import Need

LOG_OPTIONS = (("max-file", "2"), ("max-size", "5m"))
"""Docker's own rotation: at most 10 MB a container."""


class MountKind(StrEnum):
    BIND = "bind"
    VOLUME = "volume"


class Limit(StrEnum):
    """A limit a kernel may be unable to keep, by its name in `Limits`."""

    MEMORY = "memory"
    SWAP = "swap"
    CPUS = "cpus"
    PIDS = "pids"


@dataclass(frozen=True, slots=True)
class Mount:
    """One folder or volume inside the container.

    `source` is an absolute host path or a volume's name; `key` is the volume's name in the compose text and
    `labels` are the volume's own.
    """

    kind: MountKind
    source: str
    target: str
    read_only: bool = False
    key: str = ""
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """The workspace's own bridge: name, subnet and gateway (IPv4), labels."""

    name: str
    subnet: str
    gateway: str
    labels: tuple[tuple[str, str], ...] = ()


READY = "until test -f /app/.container-ready; do sleep 0.05; done; cat /app/.container-ready"
"""Waits for the mark, so that one probe tells the very moment; prints the digest that stands in it."""


@dataclass(frozen=True, slots=True)
class Health:
    """The readiness mark as Docker asks for it; all times in milliseconds.

    While starting it is asked every `start_interval` for at most `start_period`, after that every `interval`: a child
    that comes up later than `start_period` is only noticed at the next `interval`, so the period covers the
    slowest start that is waited for.
    """

    start_period: int
    start_interval: int
    interval: int = 300_000
    timeout: int = 5_000
    retries: int = 3
    test: tuple[str, ...] = ("CMD", "timeout", "2", "sh", "-c", READY)


@dataclass(frozen=True, slots=True)
class ContainerPlan:
    """Everything about one container that is ours to choose.

    `script` runs by `/bin/sh -c` in place of the image's own command. `aliases` are its names on its network. A limit
    of 0 is none; `swap_limited` means that memory and swap together stay within the memory limit. What follows
    `script` is said by stacks only: words of the image's author that stand where they are None or "", other names on
    the network, services that must be there before.
    """

    name: str
    image: str
    project: str
    service: str
    user: tuple[int, int]
    env: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    mounts: tuple[Mount, ...]
    tmpfs: tuple[tuple[str, str], ...]
    limits: Limits
    network: NetworkPlan
    health: Health | None = None
    read_only: bool = False
    swap_limited: bool = True
    script: str | None = None
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    working_dir: str = ""
    stop_signal: str = ""
    stop_grace: int | None = None
    platform: str = ""
    tty: bool = False
    stdin_open: bool = False
    more_aliases: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()

    @property
    def memory_and_swap(self) -> int:
        """Bytes, -1 for no limit."""
        return self.limits.memory if self.swap_limited else -1

    @property
    def aliases(self) -> tuple[str, ...]:
        return (self.name, self.service, *self.more_aliases)
