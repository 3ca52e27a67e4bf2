"""A revision: the state of one workspace at one moment, as a base and what changed since that base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from monitor.domain.history.entry import Entry, packs_of


class Why(StrEnum):
    """The kinds of revision known today; a reader takes any word."""

    CHANGE = "change"
    MANUAL = "manual"
    SCHEDULED = "scheduled"
    BEFORE_RESTORE = "before-restore"
    RESTORE = "restore"
    DISPLACED = "displaced"
    BEFORE_RUN = "before-run"
    RUN = "run"
    FORK = "fork"
    PULL = "pull"
    MASS_DELETE = "mass-delete"
    DELETED = "deleted"
    REPACK = "repack"


class Grade(StrEnum):
    """`busy`: some paths (`Revision.unstable`) could not be read at rest; everything else is as it was on disk."""

    SETTLED = "settled"
    BUSY = "busy"


CLOCK_BACK, MASS_DELETE, RENUMBERED, MERGED = "clock-back", "mass-delete", "renumbered", "merged"
CONTENT_LOST = "content-lost"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote: the install, its epoch (raised by each take-over), and a nonce of the one process."""

    install: str
    epoch: int
    nonce: str


@dataclass(frozen=True, slots=True)
class Origin:
    """The revision of another (or this) workspace that this one continues: forks, renames, restores."""

    workspace: str
    seq: int


@dataclass(frozen=True, slots=True)
class GitHead:
    """What `.git/HEAD` led to: the commit, and the branch's full ref where it was not detached."""

    commit: str
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """All of a revision but its entries.

    `time_ns`: every byte of it was on disk no later than this; `seen_ns`: the first event of its batch. `base` names
    the base, `base_bytes` is that object's size, `delta_bytes` the sizes of the earlier revisions on the same base.
    `segment` is the first seq of the clock segment (see `times`). `files` and `bytes` count the whole state.
    """

    seq: int
    time_ns: int
    seen_ns: int
    writer: Writer
    base: str
    base_bytes: int = 0
    delta_bytes: int = 0
    kind: str = Why.CHANGE
    parent: int | None = None
    origin: Origin | None = None
    segment: int = 1
    files: int = 0
    bytes: int = 0
    git: GitHead | None = None
    grade: Grade = Grade.SETTLED
    unstable: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    merged: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """A header and the difference to its base: `changed` entries by path, `removed` paths."""

    header: Header
    changed: Mapping[str, Entry] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "changed", MappingProxyType(dict(self.changed)))

    @property
    def seq(self) -> int:
        return self.header.seq

    @property
    def time_ns(self) -> int:
        return self.header.time_ns

    @property
    def packs(self) -> frozenset[str]:
        """The packs its own entries name; those of its base come on top."""
        return packs_of(self.changed.values())
