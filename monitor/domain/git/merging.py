"""A pull as a plan: base, theirs and what is on disk, path by path; changed on both sides is a conflict.

Versions are compared by content alone (`content_id` of the placing port, opaque here). A plan with a conflict is
not carried out at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from monitor.domain.git.leaf import Leaves
from monitor.domain.restoring.standing import ancestors, folders_above
from monitor.domain.tree import Kind, Tree

FOLDER, UNKNOWN = "folder", "unknown"
"""What stands on disk where it is neither a file nor a link; no content is called so."""

BOTH = "changed here and there"
Versions = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A path a pull cannot decide about, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class PullPlan:
    """Paths to write with their version, to remove, and in conflict; `same` stand there as wanted already.

    `cleared`: folders that are to make room for a file, the deepest first. Every tuple is sorted.
    """

    write: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    same: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return bool(self.write or self.remove)


class Standing:
    """Everything a folder holds, by what it means to a pull: `files` (links and odd things too, left out or not),
    `empty` folders, and `sealed` ones, of which nobody looked inside."""

    def __init__(self, files: Collection[str], empty: Collection[str] = (), sealed: Collection[str] = ()) -> None:
        self.files, self.empty, self.sealed = frozenset(files), frozenset(empty), frozenset(sealed)
        self.all = self.files | self.empty | self.sealed
        self.folders = folders_above(self.all) | self.empty | self.sealed

    def inside(self, folder: str) -> Iterator[str]:
        start = f"{folder}/"
        return (path for path in self.all if path.startswith(start))


def standing_of(tree: Tree) -> Standing:
    """What a look saw."""
    sealed = {out.path for out in tree.excluded if out.pruned} | set(tree.unread)
    files = {entry.path for entry in tree if entry.kind is not Kind.DIR}
    files |= {out.path for out in tree.excluded if not out.pruned}
    empty = {entry.path for entry in tree if entry.kind is Kind.DIR}
    # Left out, and yet entered because something below it counts: a folder all the same.
    return Standing(files - sealed - folders_above(files | empty), empty, sealed)


def changed_paths(base: Leaves, theirs: Leaves) -> frozenset[str]:
    """What the other side changed since the base, its modes included."""
    return frozenset(path for path in base.keys() | theirs.keys() if base.get(path) != theirs.get(path))


def plan_pull(base: Versions, theirs: Versions, here: Versions, standing: Standing) -> PullPlan:
    """The plan for the paths of `base` and `theirs`, of which each differs in content or mode.

    `here` says what is on disk at each of them that is not absent.
    """
    write: set[str] = set()
    remove: set[str] = set()
    same: set[str] = set()
    conflicts: dict[str, str] = {}
    for path in base.keys() | theirs.keys():
        old, new, now = base.get(path), theirs.get(path), here.get(path)
        if why := _conflict(old, new, now):
            conflicts[path] = why
        elif (now == new != old) or (new is None and now in {None, FOLDER}):
            same.add(path)
        else:
            (remove if new is None else write).add(path)
    conflicts |= {path: why for path in write if (why := _in_the_way(path, remove, standing))}
    return PullPlan(
        tuple(sorted(write - conflicts.keys())),
        tuple(sorted(remove)),
        tuple(Conflict(path, why) for path, why in sorted(conflicts.items())),
        tuple(sorted(same)),
        _cleared(write - conflicts.keys(), standing),
    )


def _conflict(base: str | None, theirs: str | None, here: str | None) -> str:
    """Why the path is in conflict; empty where it is not."""
    if here in {base, theirs}:
        return ""
    if here == FOLDER:
        # A folder holds no content of its own: what lies in it is asked of by itself.
        return "" if base is None or theirs is None else "a folder stands here"
    if here == UNKNOWN:
        return "what stands here cannot be compared"
    if base is None:
        return "new here and there, with different content"
    if here is None:
        return "deleted here and changed there"
    return "changed here and deleted there" if theirs is None else BOTH


def _in_the_way(path: str, removed: Collection[str], standing: Standing) -> str:
    for above in ancestors(path):
        if above in standing.files and above not in removed:
            return f"{above} stands here and is no folder"
    if path not in standing.folders:
        return ""
    if path in standing.sealed:
        return "a folder stands here"
    staying = (one for one in standing.inside(path) if one not in removed and one not in standing.empty)
    other = min(staying, default="")
    return f"a folder stands here, with {other} in it" if other else ""


def _cleared(write: Collection[str], standing: Standing) -> tuple[str, ...]:
    found: set[str] = set()
    for path in write:
        if path in standing.folders:
            inside = set(standing.inside(path))
            found |= {path} | (inside & standing.empty)
            found |= {above for above in folders_above(inside) if above.startswith(f"{path}/")}
    return tuple(sorted(found, key=lambda path: (-path.count("/"), path)))
