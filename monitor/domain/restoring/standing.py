"""What stands in the target today, as a restore must see it: what may be replaced, and what may not be touched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from monitor.domain.tree import Entry, Kind, Tree

Found = TypeVar("Found")

NOT_KEPT = "it is not in the history: a key, too large, or not kept yet"
UNREAD = "what is there cannot be read"


class Standing:
    """The target's tree, indexed. `known` are the paths the newest revision holds (None: all of them).

    `held`: paths that must not be touched, with the reason; `holders`: the folders above those.
    """

    def __init__(self, tree: Tree, known: Collection[str] | None) -> None:
        self.held: dict[str, str] = dict.fromkeys(tree.unread, UNREAD)
        for out in tree.excluded:
            self.held.setdefault(out.path, out.reason)
        self.entries: dict[str, Entry] = {}
        for entry in tree:
            if known is not None and entry.kind is not Kind.DIR and entry.path not in known:
                self.held.setdefault(entry.path, NOT_KEPT)
            else:
                self.entries[entry.path] = entry
        self.folders = folders_above(self.entries) | {e.path for e in tree if e.kind is Kind.DIR}
        self.holders = folders_above(self.held)
        # Entered though left out: git tracks something below.
        self._entered = {path for path in self.held if path in self.folders}

    def obstacle(self, path: str) -> str:
        """Why nothing can be placed at `path`; empty where something can."""
        if not self.held:
            return ""
        if "" in self.held:
            return UNREAD
        if path in self.held and path not in self._entered:
            return f"in the way, and not to be touched: {self.held[path]}"
        for above in ancestors(path):
            if above in self.held and not (above in self._entered and path in self.entries):
                return f"inside {above}, which is not to be touched: {self.held[above]}"
        return ""

    def held_below(self, folder: str) -> str:
        """One path below `folder` that must not be touched; only for one of the `holders`."""
        return next(path for path in self.held if path.startswith(f"{folder}/"))


def ancestors(path: str) -> Iterable[str]:
    """The folders above `path`, the nearest first."""
    above = path.rpartition("/")[0]
    while above:
        yield above
        above = above.rpartition("/")[0]


def folders_above(paths: Iterable[str]) -> set[str]:
    """Every folder that holds one of `paths`, at any depth."""
    found: set[str] = set()
    for path in paths:
        for above in ancestors(path):
            if above in found:
                break
            found.add(above)
    return found


def below(paths: Mapping[str, Found], top: str) -> dict[str, Found]:
    """The part at and below `top`; everything for an empty `top`."""
    if not top:
        return dict(paths)
    return {path: entry for path, entry in paths.items() if path == top or path.startswith(f"{top}/")}
