"""The engine: what runs instances of launch specs (Docker, or local processes).

Promises every engine keeps (one contract suite holds all of them, the fake included, to it):

- State lives on the things themselves (labels, process records): a new monitor process that calls `instances`
  sees everything an older one started, and nothing of another install.
- `start` either returns a running instance or leaves nothing behind; killed halfway, what it left is
  shown by `instances` as not running and removed by `remove`.
- `remove` of what is gone is not an error. After `forget` nothing of the workspace is left but its data
  volume; after `purge` that is gone too.
- Two instances of one workspace may run at once (generations); they share the data volume.
- Every call is bounded in time. `EngineAway` means the engine does not answer: retrying helps, and nothing is
  known about what happened. `LaunchFailed` is about this workspace: the same call will fail again until
  something changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from monitor.domain.command import Command, Ran
from monitor.domain.images import Image
from monitor.domain.instance import Instance as Instance
from monitor.domain.instance import Running as Running
from monitor.domain.launch import LaunchSpec, ProjectType
from monitor.domain.stack import Stack
from monitor.errors import Away, Refused, SlipwayError
from monitor.ports.volumes import Volumes

Progress = Callable[[str], None]
"""Takes one line of progress for people; never raises, never blocks."""


Hear = Callable[[bytes], None]
"""Takes what a command prints, in pieces of any size; never raises, never blocks."""


class EngineAway(Away):
    """The engine does not answer; retrying later helps."""

    reason = "engine-away"


class LaunchFailed(SlipwayError):
    """This spec cannot be started (install failed, build failed, interpreter missing): says why and what to do.

    `log` is the tail of what the failing step printed.
    """

    reason = "launch-failed"

    def __init__(self, message: str, *, hint: str = "", log: Sequence[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.log = tuple(log)


@dataclass(frozen=True, slots=True)
class Launch:
    """What `start` and `apply` get besides the spec.

    `source` is the folder (or its readable copy) to read from; `files` the relative paths a working copy consists
    of, `digest` the name of that state (`Tree.digest()`).
    """

    source: Path
    files: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was seen of an instance that does not answer.

    `listening` are sockets its processes really listen on, as `address:port`; `log` its last lines.
    """

    state: Running
    exit_code: int | None
    exit_reason: str
    listening: tuple[str, ...]
    log: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What engine this is: name (docker, process), version, and warnings for people."""

    name: str
    version: str
    warnings: tuple[str, ...] = ()


def refuse_stack(spec: LaunchSpec) -> None:
    """Commands run in instances that are ours to put together; raises `Refused` for the others."""
    if spec.stack is not None:
        raise Refused(
            "it brings containers of its own, and a command would need to know which of them",
            hint="use `docker compose run` with the compose file that its card names",
        )


class Engine(Volumes, Protocol):
    """See the module's promises."""

    name: str
    labels_routes: bool
    """True where instances carry their own route labels, which the router reads from the engine."""

    async def check(self) -> EngineInfo:
        """Answers who it is; raises `EngineAway`, or `Refused` below a functional version floor."""
        ...

    async def deps_key(self, spec: LaunchSpec, contents: dict[str, bytes]) -> str:
        """The key `prepare` will keep the dependency layer under, given the bytes of `spec.deps_files`."""
        ...

    async def keyed(self, stack: Stack, workspace: str, launch: Launch) -> Stack:
        """The stack with the keys of all its builds and binds read of the workspace, which make it comparable.

        Raises `Refused` where this engine runs no images, or one of them names what is not there.
        """
        ...

    async def lacking(self, images: Sequence[str]) -> str:
        """Why one of these images of registries cannot be had now, in a sentence; "" where all of them can."""
        ...

    async def offers(self, type_: ProjectType) -> str | None:
        """The version of the interpreter instances of this type run on, as far as it is known; None without one."""
        ...

    async def basis(self, type_: ProjectType, image: str) -> str:
        """Why the runtime of a type cannot stand on this official image now, in a sentence; "" where it can.

        Bounded in time; a refusal is remembered for some minutes, and asks nobody meanwhile.
        """
        ...

    async def instances(self) -> list[Instance]:
        """Everything of this install, running or not."""
        ...

    async def expect(self, workspace: str) -> None:
        """Something of this new workspace will probably start soon: make what needs no spec. Never raises.

        Optional work ahead, done while the folder settles; what it makes `forget` and `sweep` remove.
        """
        ...

    async def prepare(self, spec: LaunchSpec, launch: Launch, progress: Progress) -> None:
        """Make what `start` needs (runtime image, dependency layer); long on first use, nothing when there.

        Raises `LaunchFailed` with the tail of the installer's output.
        """
        ...

    async def start(self, spec: LaunchSpec, launch: Launch, generation: int) -> Instance:
        """Create, check against the baseline, start; returns at once, before the child is ready."""
        ...

    async def run(
        self, spec: LaunchSpec, launch: Launch, command: Command, hear: Hear, into: Path | None = None
    ) -> Ran:
        """Run a person's command in an instance of its own, prepared as for `start`: working copy, setup, command.

        Returns when it ended by itself; cancelled, it is killed first. Either way nothing of it is left but what it
        wrote into the data volume. `hear` is given what it prints, as it prints it. Into the empty folder `into`
        goes what its working copy then holds (`ComesBack` says what of it), also after a failure of the command.
        Raises `LaunchFailed`, and `Refused` for a workspace with a stack or where the copy is too large.
        """
        ...

    async def apply(self, instance: Instance, spec: LaunchSpec, launch: Launch) -> None:
        """Bring an edit into a running instance; returns when it acknowledged that it now runs `launch.digest`.

        Raises `LaunchFailed` when the build failed (the old child keeps running) or the new child does not come up.
        """
        ...

    async def applied(self, instance: Instance) -> str | None:
        """The digest the instance last acknowledged, None where unknown."""
        ...

    async def stop(self, instance: Instance, grace_s: float) -> None:
        """Stop and remove one instance (TERM, then KILL after `grace_s`)."""
        ...

    async def diagnose(self, instance: Instance, lines: int = 50) -> Diagnosis:
        """What can be seen of it now."""
        ...

    async def logs(self, instance: Instance, lines: int = 200) -> list[str]:
        """The last lines it printed: text only, bounded in length, oldest first."""
        ...

    async def forget(self, workspace: str) -> None:
        """Remove everything of a workspace but its data volume."""
        ...

    async def purge(self, workspace: str) -> None:
        """Remove everything of a workspace, its data volume included."""
        ...

    async def sweep(self, known: set[str]) -> list[str]:
        """Remove leftovers of this install (half-made containers, networks of workspaces not `known`).

        Returns a sentence for each. Never touches running instances of known workspaces.
        """
        ...

    async def images(self, known: Collection[str]) -> list[Image]:
        """What was made here and lies on disk as an image, with what each is in use for; none of another install.

        `known` are the workspaces that have a folder. What is in use now is remembered as used now.
        """
        ...

    async def discard(self, image: Image) -> bool:
        """Remove an image unless something uses it by now; whether it went."""
        ...

    async def evict(self, hosts: Collection[str]) -> list[str]:
        """Remove what carries this install's mark, answers at one of `hosts` and is neither instance nor installer.

        Returns a sentence for each.
        """
        ...

    def hints(self) -> AsyncIterator[str]:
        """Workspace names something happened to; ends or raises `EngineAway` on a break: then list again."""
        ...

    async def close(self) -> None: ...
