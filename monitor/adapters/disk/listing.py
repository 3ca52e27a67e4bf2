"""One folder as it was listed: what the filter keeps of it, what lies below, and how to tell that it changed.

A walk makes a tree of such nodes. The next walk takes over each node nothing can have changed in: the folder is the
same one with the same times, nobody named it, and the rules that lead into it are the same.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from monitor.domain.filters import FolderRules, Verdict
from monitor.domain.tree import Access, Entry, Excluded, Kind, Tree

Identity = tuple[int, int, int, int, int, int, int]
Stamp = tuple[int, int, int] | None


@dataclass(slots=True)
class Node:
    """`rules` are those inside it, `verdict` is its own. `leaves` and `excluded` are its own names, `below` the
    folders it was entered for; `repository` are the stamps of git's files that the rules come from."""

    rules: FolderRules
    verdict: Verdict
    identity: Identity
    leaves: tuple[Entry, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    problems: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    access: frozenset[Access] = frozenset()
    repository: tuple[Stamp, Stamp] | None = None
    below: dict[str, Node] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.rules.path

    @property
    def repositories(self) -> Iterator[Node]:
        """This one and those below that hold a repository."""
        if self.repository is not None:
            yield self
        for child in self.below.values():
            yield from child.repositories


@dataclass(slots=True)
class Findings:
    """A node being filled."""

    leaves: list[Entry] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    access: set[Access] = field(default_factory=set)
    below: dict[str, Node] = field(default_factory=dict)

    def cannot(self, path: str, reason: str) -> None:
        self.problems.append(f"{path}: {reason}")
        self.unread.append(path)

    def node(self, rules: FolderRules, verdict: Verdict, identity: Identity) -> Node:
        return Node(
            rules,
            verdict,
            identity,
            tuple(self.leaves),
            tuple(self.excluded),
            tuple(self.problems),
            tuple(self.unread),
            frozenset(self.access),
            below=self.below,
        )


def identity_of(info: os.stat_result) -> Identity:
    """What is another one where a name came or went, a mode or an owner changed, or another folder took the place."""
    owner = (info.st_uid, info.st_gid)
    return (info.st_dev, info.st_ino, info.st_mtime_ns, info.st_ctime_ns, info.st_mode, *owner)


def access_of(info: os.stat_result) -> Access:
    return (info.st_uid, info.st_gid, info.st_mode & (0o777 | stat.S_IFDIR))


def tree_of(top: Node, begun: float = 0.0) -> Tree:
    """The whole tree of a folder, by a look that began at `begun`."""
    gathered = _Gathered()
    gathered.take(top)
    gathered.access.add(_own_access(top))
    return Tree(
        gathered.entries,
        tuple(gathered.excluded),
        tuple(gathered.problems),
        tuple(gathered.unread),
        access=frozenset(gathered.access),
        begun=begun,
    )


class _Gathered:
    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.excluded: list[Excluded] = []
        self.problems: list[str] = []
        self.unread: list[str] = []
        self.access: set[Access] = set()

    def take(self, node: Node) -> bool:
        """True if anything in it or below is kept (or could not be seen)."""
        self.entries.update((entry.path, entry) for entry in node.leaves)
        self.excluded += node.excluded
        self.problems += node.problems
        self.unread += node.unread
        kept = bool(node.leaves or node.unread)
        for child in node.below.values():
            kept |= self._folder(child)
        if node.access:
            self.access |= node.access
        return kept

    def _folder(self, node: Node) -> bool:
        """A folder without anything kept is an entry of its own, where it is kept itself."""
        kept = self.take(node)
        if not kept and node.verdict.kept:
            _, inode, mtime_ns, _, mode, _, _ = node.identity
            self.entries[node.path] = Entry(node.path, Kind.DIR, 0, mtime_ns, mode & 0o7777, inode=inode)
            kept = True
        if kept or node.access:
            self.access.add(_own_access(node))
        return kept


def ancestors(paths: Iterable[str]) -> set[str]:
    """The folders on the way to these."""
    found: set[str] = set()
    for path in paths:
        while path and (path := path.rpartition("/")[0]) not in found:
            found.add(path)
    return found


def _own_access(node: Node) -> Access:
    *_, mode, uid, gid = node.identity
    return (uid, gid, mode & (0o777 | stat.S_IFDIR))
