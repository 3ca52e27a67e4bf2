"""What a folder that says itself how it runs asks for: services with images of its own, as a value, already allowed.

A compose file and a lone Dockerfile both become a stack; a Dockerfile's has one service. Nothing in here is a name, a
network or a limit of this machine: those are added when it is planned (`stack_plan`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

Pairs = tuple[tuple[str, str], ...]
ONLY = "app"
"""The service of a lone Dockerfile."""


@dataclass(frozen=True, slots=True)
class Build:
    """An image made from the workspace's own files.

    `context` is a folder of the workspace ("" is the workspace itself), `file` the Dockerfile's path in the
    workspace, `text` what it became by the rules of `dockerfile`. `bases` are images it starts from, `port` the one
    it says it listens on. `key` names all of it with the bytes of the context, once they are known.
    """

    context: str
    file: str
    target: str = ""
    args: Pairs = ()
    text: str = ""
    bases: tuple[str, ...] = ()
    port: int | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A named volume, or a file or folder of the workspace (always read-only), inside a container.

    `source` is the volume's name in the stack or a path in the workspace; `key` names a path's bytes, once known.
    """

    source: str
    target: str
    bind: bool = False
    read_only: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Scratch:
    """A folder in memory: its place, its bytes, its mode in octal digits."""

    target: str
    size: int
    mode: str = "1777"


@dataclass(frozen=True, slots=True)
class Check:
    """A health check as Docker is told it; times in ms, 0 where nothing was said. An empty test switches it off."""

    test: tuple[str, ...] = ()
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Need:
    """Another service that must have come so far (`service_started`, `…_healthy`, `…_completed_successfully`)."""

    service: str
    condition: str = "service_started"
    required: bool = True


@dataclass(frozen=True, slots=True)
class Service:
    """One container's worth of a stack; None where the image's own word stands. `stop_grace` is in ms."""

    name: str
    image: str = ""
    build: Build | None = None
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    env: Pairs = ()
    labels: Pairs = ()
    needs: tuple[Need, ...] = ()
    aliases: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = ""
    platform: str = ""
    stop_signal: str = ""
    stop_grace: int | None = None
    check: Check | None = None
    attached: tuple[Attached, ...] = ()
    scratch: tuple[Scratch, ...] = ()
    read_only: bool = False
    tty: bool = False
    stdin_open: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    """Services in the order they were written; `front` is the one visitors reach, at `port`.

    `port` is None where only the front's image can tell. `volumes` are the named volumes.
    """

    services: tuple[Service, ...]
    front: str
    port: int | None = None
    volumes: tuple[str, ...] = ()

    @property
    def builds(self) -> Iterator[Build]:
        return (service.build for service in self.services if service.build)

    @property
    def images(self) -> tuple[str, ...]:
        """What must be pulled where it is missing: images of services and bases of builds."""
        bases = [base for build in self.builds for base in build.bases]
        named = [service.image for service in self.services if not service.build]
        return tuple(dict.fromkeys([*bases, *named]))

    def service(self, name: str) -> Service:
        return next(service for service in self.services if service.name == name)

    def with_service(self, changed: Service) -> Stack:
        """The same stack with one service replaced by its namesake."""
        services = tuple(changed if one.name == changed.name else one for one in self.services)
        return replace(self, services=services)


def unnamed_volume(service: str, path: str) -> str:
    """The name given to a volume that has none: the same at every start, so that nothing in it is lost."""
    plain = "".join(char if char.isascii() and char.isalnum() else "-" for char in path)
    return f"{service}{plain}"[:60].rstrip("-")
