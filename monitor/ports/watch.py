"""Notifications of the file system: a hint that something happened somewhere, never the truth.

Promises every implementation keeps:

- While `state.deaf` is None, a change in a watched folder is hinted within a second. A hint may be late, double
  or groundless, and may be missing whenever `deaf` says so: the periodic scan finds what no hint told.
- Folders that begin to be watched are hinted once they are, so that what was written before is not missed.
- Nothing but `run`'s cancellation ends the watching: an exception, a vanished or replaced root, a full watch table
  are told in `state`, and watching resumes by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from monitor.domain.tree import Kind, Tree

ROOT = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The folders of one workspace worth watching (`""` is its own), and paths whose changes mean nothing."""

    folders: frozenset[str] = frozenset({""})
    noise: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WatchState:
    """How well it hears: `deaf` and `limited` are sentences for a banner, None while all is well.

    `watched` and `unwatched` count folders; the unwatched (over the limit, or of a name that is not UTF-8) are
    only seen by scans.
    """

    deaf: str | None = None
    limited: str | None = None
    watched: int = 0
    unwatched: int = 0


class Watch(Protocol):
    """See the module's promises."""

    @property
    def state(self) -> WatchState: ...

    def keep(self, folder: str, wanted: Wanted) -> None:
        """Watch these folders of the workspace folder `folder` from now on (soon), instead of those before."""
        ...

    def touched(self, folder: str) -> frozenset[str] | None:
        """The paths below a workspace folder that the hints since the last call were about; each is told once.

        None: they are not known, and anything may have changed."""
        ...

    def forget(self, folder: str) -> None:
        """Stop watching a workspace folder."""
        ...

    async def run(self) -> None:
        """Watch until cancelled; everything it made is gone then."""
        ...

    async def hints(self) -> frozenset[str]:
        """Wait for the next hints: names of workspace folders, `ROOT` where the root's own listing changed."""
        ...


def wanted_of(tree: Tree) -> Wanted:
    """What to watch of a workspace: every folder that holds something kept, no folder that was left out."""
    folders = {""}
    for entry in tree:
        folder = entry.path if entry.kind is Kind.DIR else entry.path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    noise = frozenset(e.path for e in tree.excluded if not e.runs)
    return Wanted(frozenset(folders), noise)
