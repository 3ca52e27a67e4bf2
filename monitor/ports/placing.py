"""Putting files into a folder that is not trusted and may be in use, so that a kill never leaves it half done.

One restore is one stage: a folder `<root>/.slipway/restore-<job>/` that everything is first written to. Promises
every implementation keeps:

- Nothing is changed outside the stage before `place`; nothing outside the target and the stage ever; no symlink is
  followed, also not one put in a folder's place meanwhile.
- `place` first makes everything staged durable and writes down its orders: from then on the restore is completed,
  by this process or by the next one (`Placing.unfinished`, `resume`); before that it can only be discarded.
- Nothing that stood in the target is ever overwritten or deleted: it is moved to the stage's displaced folders, also
  what came to stand there while we worked. `displaced` lists what of it is nowhere else; `end` deletes it.
- The target folder itself stays the one it was (same inode). Its owner becomes the owner of all that is placed.
- Work runs in an executor of its own; a call that is cancelled ends only once its worker has. Errors of single
  paths are `Problem`s; `SlipwayError` says what else failed (`reason` `disk-full` where room helps).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from monitor.domain.tree import Tree

# In a target that is no workspace, names that begin so belong to restores.
BESIDE = ".slipway-restore-"


class Phase(StrEnum):
    """How far a stage has come: only `staging` can be discarded."""

    STAGING = "staging"
    PLACING = "placing"
    PLACED = "placed"


@dataclass(frozen=True, slots=True)
class Job:
    """One restore. `root` is the workspaces root, `folder` the target; `fresh`: it is not there yet, and comes to be
    as a whole by one rename. `elsewhere`: the target is no workspace and the bytes are staged inside it, since only
    there they are sure to be on its disk. `origin` (workspace, revision) is what the revision after it names, whoever
    completes it; None where none is due."""

    id: str
    root: Path
    workspace: str
    folder: Path
    fresh: bool = False
    elsewhere: bool = False
    origin: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """Mode and time for something that stands there already, unless its size or time are not `was` any more."""

    path: str
    mode: int
    mtime_ns: int
    was: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be done besides placing what is staged.

    `removed` paths are displaced, then `cleared` folders removed where they are empty. `folders` get their stamps at
    the very end. `known` says what the safety revision holds by path (`content_id`): it need not be kept again.
    """

    removed: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    folders: tuple[Stamp, ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bytes:
    """One file to stage, whole."""

    path: str
    mode: int
    mtime_ns: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Link:
    path: str
    target: str
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A path that was not placed, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Displaced:
    """A folder of what was displaced and is nowhere else, laid out as in the target."""

    folder: Path
    tree: Tree


@dataclass(frozen=True, slots=True)
class Seen:
    """A file in the target: the hash of its bytes, and whether the same file has another name somewhere."""

    sha256: str
    shared: bool


class Stage(Protocol):
    """One restore under way; calls come one after the other, `write` and `extend` also side by side."""

    job: Job

    @property
    def phase(self) -> Phase: ...

    @property
    def staged(self) -> Path:
        """Where the staged bytes lie until they are placed, laid out as in the target."""
        ...

    @property
    def marks(self) -> Mapping[str, tuple[int, int]]:
        """Inode and change time (ns) of the files staged whole so far; once placed, as they were placed."""
        ...

    async def write(self, files: Iterable[Bytes]) -> None:
        """Stage whole files; `files` is iterated in a worker, and what it raises is passed on."""
        ...

    async def extend(self, path: str, data: Iterable[bytes]) -> None:
        """Append to a large file, made by the first call; as `write`, `data` is iterated in a worker."""
        ...

    async def finish(self, path: str, mode: int, mtime_ns: int) -> None:
        """A large file is whole."""
        ...

    async def furnish(self, folders: Sequence[Stamp], links: Sequence[Link]) -> None:
        """Stage empty folders and links."""
        ...

    async def room(self) -> int:
        """Bytes that can still be written."""
        ...

    async def place(self, orders: Orders | None) -> tuple[Problem, ...]:
        """Commit, then move everything into place; None goes on with the orders written down before.

        A cancellation meanwhile has no effect. Raises `Conflict` where a fresh target came to be (and is back in
        `staging` then); after any other failure it is worth trying again, now or by `resume`.
        """
        ...

    async def displaced(self) -> tuple[Displaced, ...]:
        """What was displaced and is in no revision, one folder or (rarely) several, in the order they were filled."""
        ...

    async def release(self, displaced: Displaced, held: Mapping[str, str]) -> int:
        """Delete what is `held` elsewhere by its bytes (`content_id`); how many files are left for `displaced`."""
        ...

    async def end(self) -> None:
        """Remove the stage with everything that is left in it; allowed in `staging` and `placed`."""
        ...

    async def leave(self) -> None:
        """Let go of it as it is, for a later `resume`."""
        ...


class Placing(Protocol):
    """See the module's promises."""

    async def begin(self, job: Job) -> Stage:
        """A new stage; raises `Conflict` where the target cannot be one."""
        ...

    async def unfinished(self, root: Path) -> tuple[Job, ...]:
        """The stages a kill left behind."""
        ...

    async def resume(self, job: Job) -> Stage:
        """One of `unfinished`, as far as it came."""
        ...

    async def look(self, folder: Path, paths: Sequence[str]) -> Mapping[str, Seen]:
        """The regular files among `paths`; what is none or cannot be read is missing."""
        ...


def content_id(sha256: str = "", target: str = "") -> str:
    """What `Orders.known` says of a file or of a link."""
    return sha256 or f"link:{target}"
