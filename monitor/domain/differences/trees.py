"""The difference of two states, path by path: added, removed, changed, renamed, or only its mode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitor.domain.history.entry import Entry
from monitor.domain.history.path_text import order
from monitor.domain.tree import Kind


class What(StrEnum):
    """`mode`: the bytes are the same and the permissions are not. Times alone are no difference."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    MODE = "mode"


@dataclass(frozen=True, slots=True)
class Change:
    """One path; `before` has another path where it was renamed."""

    what: What
    before: Entry | None
    after: Entry | None

    @property
    def path(self) -> str:
        entry = self.after or self.before
        return entry.path if entry else ""

    @property
    def grown(self) -> int:
        """How many bytes more there are now."""
        return (self.after.size if self.after else 0) - (self.before.size if self.before else 0)


def compare(old: Mapping[str, Entry], new: Mapping[str, Entry], below: str = "") -> tuple[Change, ...]:
    """What leads from `old` to `new`, sorted by path; `below`: only that path and what is in it."""
    removed = {path: entry for path, entry in old.items() if path not in new}
    added = {path: entry for path, entry in new.items() if path not in old}
    found = [Change(What.RENAMED, before, after) for before, after in renames(removed.values(), added.values())]
    for change in found:
        if change.before and change.after:
            del removed[change.before.path], added[change.after.path]
    found += [Change(What.REMOVED, entry, None) for entry in removed.values()]
    found += [Change(What.ADDED, None, entry) for entry in added.values()]
    for path in old.keys() & new.keys():
        if what := _change(old[path], new[path]):
            found.append(Change(what, old[path], new[path]))
    wanted = [change for change in found if _is_below(change, below)]
    return tuple(sorted(wanted, key=lambda change: order(change.path)))


def renames(removed: Iterable[Entry], added: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """Files that went and files that came with the same bytes, in pairs; the same last name is preferred."""
    homeless: dict[str, list[Entry]] = {}
    for entry in sorted(removed, key=lambda e: order(e.path)):
        if entry.kind is Kind.FILE and entry.size:
            homeless.setdefault(entry.sha256, []).append(entry)
    pairs: list[tuple[Entry, Entry]] = []
    waiting: list[Entry] = []
    for entry in sorted(added, key=lambda e: order(e.path)):
        same = homeless.get(entry.sha256, []) if entry.kind is Kind.FILE else []
        namesake = next((one for one in same if _name(one) == _name(entry)), None)
        if namesake is not None:
            same.remove(namesake)
            pairs.append((namesake, entry))
        elif same:
            waiting.append(entry)
    for entry in waiting:
        if same := homeless[entry.sha256]:
            pairs.append((same.pop(0), entry))
    return pairs


def _change(old: Entry, new: Entry) -> What | None:
    if (old.kind, old.sha256, old.target) != (new.kind, new.sha256, new.target):
        return What.CHANGED
    return What.MODE if old.mode != new.mode and old.kind is not Kind.SYMLINK else None


def _is_below(change: Change, top: str) -> bool:
    paths = [entry.path for entry in (change.before, change.after) if entry]
    return not top or any(path == top or path.startswith(f"{top}/") for path in paths)


def _name(entry: Entry) -> str:
    return entry.path.rpartition("/")[2]
