"""One batch: what must be written and removed so that what is kept follows a tree, and what is left out of it.

Known stamps are what was kept last; a stamp of None means that something is kept there but not what, so that it
is written again or removed. Losing much at once is not believed before somebody says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from monitor.domain.tree import Entry, Excluded, Kind, Tree

Stamp = tuple[int, int, int, int]
MAX_FILE = 100 * 1024 * 1024
MASS_FILES, MASS_SHARE = 100, 0.5


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not kept as a file of its own: how many paths, their bytes, and how many of them are secrets.

    `too_large` are the files over 100 MiB, with the reason; links, empty folders and whatever has no name in the
    store are only counted in `unmirrored`.
    """

    files: int = 0
    bytes: int = 0
    secrets: int = 0
    unmirrored: int = 0
    too_large: tuple[Excluded, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """What to do: write these entries, remove these paths; `held` removals wait for a confirmation."""

    written: tuple[Entry, ...] = ()
    removed: tuple[str, ...] = ()
    held: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)

    @property
    def size(self) -> int:
        """How many files it writes and removes."""
        return len(self.written) + len(self.removed)

    @property
    def paths(self) -> set[str]:
        return {e.path for e in self.written} | set(self.removed)


def stamp_of(entry: Entry) -> Stamp:
    """What tells that a file's bytes need no reading; its mode does not matter here."""
    return (entry.size, entry.mtime_ns, entry.inode, entry.ctime_ns)


def is_likely_the_same(one: Stamp | None, other: Stamp) -> bool:
    """All but the change time agrees: a mode, an owner or another name, or an edit that put the time back."""
    return one is not None and one[:3] == other[:3]


def eligible(tree: Tree, max_file: int = MAX_FILE) -> tuple[dict[str, Entry], LeftOut]:
    """The files to keep as objects of their own, and an account of the rest."""
    files: dict[str, Entry] = {}
    large: list[Excluded] = []
    others = 0
    for entry in tree:
        if entry.kind is not Kind.FILE:
            others += 1
        elif entry.size > max_file:
            reason = f"larger than {max_file // 2**20} MiB; slipway.yaml can say otherwise"
            large.append(Excluded(entry.path, reason, entry.size))
        else:
            files[entry.path] = entry
    left = [*tree.excluded, *large]
    account = LeftOut(len(left), sum(e.size for e in left), sum(e.secret for e in left), others, tuple(large))
    return files, account


def batch_of(
    known: Mapping[str, Stamp | None],
    files: Mapping[str, Entry],
    tree: Tree,
    held: Collection[str] = (),
    *,
    confirmed: bool = False,
) -> Batch:
    """The difference between what is kept and `files`; paths that could not be seen are left alone.

    `held` are removals that wait already; `confirmed` says that whatever is gone is meant to be.
    """
    written = tuple(entry for path, entry in files.items() if known.get(path) != stamp_of(entry))
    gone = [path for path in known if path not in files and not tree.is_unread(path)]
    if confirmed:
        return Batch(written, tuple(sorted(gone)))
    waiting = {path for path in gone if path in held}
    fresh = [path for path in gone if path not in waiting]
    if is_mass_delete(len(known) - len(waiting), len(fresh)):
        return Batch(written, (), frozenset(gone))
    return Batch(written, tuple(sorted(fresh)), frozenset(waiting))


def is_mass_delete(known: int, gone: int) -> bool:
    """More than 100 files and more than half of them at once."""
    return gone > MASS_FILES and gone > known * MASS_SHARE


def certainly_gone(batch: Batch, tree: Tree, absent: Collection[str]) -> tuple[str, ...]:
    """The removals that may be done: not on disk any more, left out by a rule, or a folder now.

    A path on disk that the tree does not speak of means that the tree is older than the disk.
    """
    known = {e.path for e in tree.excluded} | set(tree.entries)
    folders = _folders_above(tree.entries)
    return tuple(
        p for p in batch.removed if p in absent or p in folders or any(part in known for part in _and_above(p))
    )


def standing_in_the_way(removed: Iterable[str], written: Collection[str]) -> frozenset[str]:
    """Removals that must come before the writes: a file where a folder is needed, or the other way round."""
    targets = set(written)
    folders = _folders_above(written)
    return frozenset(p for p in removed if p in folders or any(a in targets for a in _and_above(p)))


def _folders_above(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        for above in _and_above(path.rpartition("/")[0]):
            if above in found:
                break
            found.add(above)
    return found


def _and_above(path: str) -> Iterable[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
