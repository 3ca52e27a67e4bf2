"""What a batch has to do: what is as it was, what only its stamps changed, what must be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from monitor.domain import tree as trees
from monitor.domain.batch import MASS_FILES, MAX_FILE, LeftOut, Stamp, eligible, is_mass_delete, stamp_of
from monitor.domain.history.entry import Entry, kept_time
from monitor.domain.tree import Kind, Tree

FileMark = tuple[int, int]
"""Inode and change time: what an edit that puts size and time back cannot put back."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a workspace before a batch.

    `clean` has the mark of every file whose entry was read at rest; without it a file is read again. `keys` are
    files that turned out to be private keys, by what they were then.
    """

    state: Mapping[str, Entry] = field(default_factory=dict)
    clean: Mapping[str, FileMark] = field(default_factory=dict)
    keys: Mapping[str, Stamp] = field(default_factory=dict)

    def vouched(self, files: Mapping[str, tuple[FileMark, Entry]]) -> Known:
        """The same, knowing of files we wrote ourselves: their marks, and the entries of their bytes."""
        if not files:
            return self
        state = {**self.state, **{path: entry for path, (_, entry) in files.items()}}
        return Known(state, {**self.clean, **{path: mark for path, (mark, _) in files.items()}}, self.keys)


@dataclass(slots=True)
class Plan:
    """`state` is the coming one as far as it needs no reading; `read` are the files that do.

    `unseen` paths lie where the disk could not be read: they stay as they were.
    """

    state: dict[str, Entry]
    read: list[trees.Entry]
    unseen: frozenset[str] = frozenset()
    left_out: LeftOut = field(default_factory=LeftOut)


def mark_of(entry: trees.Entry) -> FileMark:
    """What an entry of the history does not hold, and a file on disk is remembered by."""
    return (entry.inode, entry.ctime_ns)


def plan_of(
    known: Known, tree: Tree, *, allows_secret: Callable[[str], bool] = lambda _: False, max_file: int = MAX_FILE
) -> Plan:
    """Compare by stamps alone, no bytes."""
    files, account = eligible(tree, max_file)
    plan = Plan({}, [], left_out=replace(account, unmirrored=0))
    keys = keys_bytes = 0
    for entry in tree:
        if entry.kind is not Kind.FILE:
            plan.state[entry.path] = _plain(known.state.get(entry.path), entry)
        elif entry.path in files:
            if _is_key(known, entry) and not allows_secret(entry.path):
                keys, keys_bytes = keys + 1, keys_bytes + entry.size
            elif (old := _unread(known, entry)) is not None:
                plan.state[entry.path] = old
            else:
                plan.read.append(entry)
    plan.left_out = with_keys(plan.left_out, keys, keys_bytes)
    plan.unseen = _unseen(known, tree, plan)
    return plan


def composed(
    plan: Plan, read: Iterable[Entry], before: Mapping[str, Entry], unstable: Collection[str]
) -> dict[str, Entry]:
    """The whole new state: what was not read, what was, and the `unstable` as they were before.

    An unstable path stays away where something else has taken its place.
    """
    state = plan.state
    state.update((entry.path, entry) for entry in read)
    for path in plan.unseen:
        del state[path]
    if not unstable:
        return state
    folders = {above for path in state for above in _above(path)}
    for path in sorted(unstable):
        old = before.get(path)
        taken = path in state or path in folders or any(above in state for above in _above(path))
        if old is not None and not taken:
            state[path] = old
            folders.update(_above(path))
    return state


def with_keys(left_out: LeftOut, files: int, size: int) -> LeftOut:
    """The account with so many private keys more."""
    return replace(
        left_out, files=left_out.files + files, bytes=left_out.bytes + size, secrets=left_out.secrets + files
    )


def much_gone(old: Mapping[str, Entry], new: Mapping[str, Entry]) -> bool:
    """More than 100 files and more than half of them vanished at once."""
    gone = old.keys() - new.keys()
    if len(gone) <= MASS_FILES:
        return False
    files = [entry for entry in old.values() if entry.kind is Kind.FILE]
    return is_mass_delete(len(files), sum(entry.path in gone for entry in files))


def changes_between(old: Mapping[str, Entry], new: Mapping[str, Entry]) -> int:
    """How many paths differ."""
    written = sum((before := old.get(p)) is not e and before != e for p, e in new.items())
    return written + len(old.keys() - new.keys())


def _is_key(known: Known, entry: trees.Entry) -> bool:
    return bool(known.keys) and known.keys.get(entry.path) == stamp_of(entry)


def _plain(old: Entry | None, entry: trees.Entry) -> Entry:
    new = Entry(entry.path, entry.kind, entry.mode, kept_time(entry.mtime_ns), target=entry.target)
    return old if old == new else new


def _unread(known: Known, entry: trees.Entry) -> Entry | None:
    """The entry as it is kept, where its bytes need no reading."""
    old = known.state.get(entry.path)
    if old is None or old.kind is not Kind.FILE or known.clean.get(entry.path) != mark_of(entry):
        return None
    if (old.size, old.mtime_ns) != (entry.size, kept_time(entry.mtime_ns)):
        return None
    return old if old.mode == entry.mode else replace(old, mode=entry.mode)


def _unseen(known: Known, tree: Tree, plan: Plan) -> frozenset[str]:
    if not tree.unread:
        return frozenset()
    unseen = {path for path in known.state if path not in tree and tree.is_unread(path)}
    plan.state.update((path, known.state[path]) for path in unseen)
    return frozenset(unseen)


def _above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
