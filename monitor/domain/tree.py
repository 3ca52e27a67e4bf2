"""A folder as a value: paths, types, sizes, times and modes, and the difference of two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

Access = tuple[int, int, int]
"""Uid, gid and mode of a path a running copy gets, or of a folder on the way to it."""


class Kind(StrEnum):
    """What a path is. `special` (FIFO, socket, device) is listed with a reason and never opened."""

    FILE = "file"
    DIR = "dir"
    SYMLINK = "symlink"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a tree.

    `path` is relative to the tree's root with `/` between segments; bytes that are not UTF-8 are carried
    as surrogate escapes (`os.fsdecode`). `mode` is the permission bits (0o7777); `size` is in bytes;
    `target` is a symlink's text; `inode` tells a replaced file from an edited one. `ctime_ns` of a regular file
    tells an edit that put its time back; it is only ever compared for being the same, since clocks jump.
    """

    path: str
    kind: Kind
    size: int = 0
    mtime_ns: int = 0
    mode: int = 0o644
    target: str = ""
    inode: int = 0
    ctime_ns: int = 0

    @property
    def stamp(self) -> tuple[str, int, int, int, str, int, int]:
        """What must be equal for two entries to be the same without reading bytes."""
        return (self.kind.value, self.size, self.mtime_ns, self.mode, self.target, self.inode, self.ctime_ns)


@dataclass(frozen=True, slots=True)
class Excluded:
    """A path the filter left out, with the rule that decided; `pruned` folders were not entered.

    `runs`: not source, yet part of what a running copy gets (`.env`, single files git ignores).
    """

    path: str
    reason: str
    size: int = 0
    secret: bool = False
    pruned: bool = False
    runs: bool = False
    mtime_ns: int = 0
    ctime_ns: int = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """What a folder holds after the filter: kept entries by path, and what was left out and why.

    `problems` are sentences about paths that could not be read; `unread` are these paths: what lies there
    or below is unknown, not gone. `restless` are files that were changing while this was made. An empty folder is an
    entry of kind `dir`; a folder with entries below it is not listed. `access` are the distinct rights of all a
    running copy gets, None where nobody noted them. `begun` is the monotonic clock (s) when the look began, 0 where
    nobody noted it: of two looks at one folder the later one is right about what is there.
    """

    entries: Mapping[str, Entry]
    excluded: tuple[Excluded, ...] = ()
    problems: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    restless: frozenset[str] = frozenset()
    access: frozenset[Access] | None = field(default=None, compare=False)
    begun: float = field(default=0.0, compare=False)
    # Asked for several times on the way of one batch, and slow for thousands of files.
    _digest: list[str] = field(default_factory=list, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", MappingProxyType(dict(self.entries)))

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, path: str) -> bool:
        return path in self.entries

    @property
    def files(self) -> list[str]:
        """The regular files' paths, sorted."""
        return sorted(e.path for e in self if e.kind is Kind.FILE)

    def digest(self) -> str:
        """A short name for exactly this state (paths and stamps, not bytes)."""
        if not self._digest:
            self._digest.append(digest_of(self))
        return self._digest[0]

    def running_digest(self) -> str:
        """As `digest`, of all a running copy gets: also `.env` and single files git ignores."""
        extra = sorted((e.path, e.size, e.mtime_ns, e.ctime_ns) for e in self.excluded if e.runs)
        return hashlib.sha256(f"{self.digest()}{extra!r}".encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def is_unread(self, path: str) -> bool:
        """What is at `path` could not be seen: absent from `entries` does not mean gone."""
        return any(not u or path == u or path.startswith(f"{u}/") for u in self.unread)


def tree_of(entries: Iterable[Entry]) -> Tree:
    """A tree from entries alone, nothing left out."""
    return Tree({e.path: e for e in entries})


def digest_of(tree: Tree) -> str:
    """Hash of paths and stamps: equal digests mean no difference would be found."""
    digest = hashlib.sha256()
    for path in sorted(tree.entries):
        entry = tree.entries[path]
        digest.update(f"{path}\0{entry.stamp}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]
