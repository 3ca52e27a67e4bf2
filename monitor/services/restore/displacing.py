"""What a restore moved out of its place and no revision holds yet becomes one more revision; only then it goes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.domain import tree as trees
from monitor.domain.history.entry import Entry
from monitor.domain.tree import Kind, Tree
from monitor.errors import SlipwayError
from monitor.ports.placing import Displaced, Stage
from monitor.services.restore.safety import Safety

ROUNDS = 3

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Left:
    """The revisions that were written, the folders of what no revision took, and why it did not."""

    revisions: tuple[int, ...] = ()
    behind: tuple[Path, ...] = ()
    reason: str = ""
    notes: list[str] = field(default_factory=list)


async def keep_displaced(stage: Stage, safety: Safety) -> Left:
    """Keep and release everything that was displaced, then end the stage if nothing is left behind.

    A program may still write to a file it had open: what changed since it was listed is kept in another round.
    """
    left = Left()
    for _ in range(ROUNDS):
        listed = await stage.displaced()
        if not listed or stage.job.elsewhere:
            break
        try:
            released = [await _keep(stage, safety, displaced, left) for displaced in listed]
        except SlipwayError as error:
            log.warning("what a restore of %s displaced waits: %s", stage.job.workspace, error.message)
            left.reason = error.message
            break
        if not any(released):
            break
    left.behind = tuple(displaced.folder for displaced in await stage.displaced())
    await stage.end()
    return left


async def _keep(stage: Stage, safety: Safety, displaced: Displaced, left: Left) -> bool:
    """Whether anything of it could be released."""
    kept = await safety.displaced(stage.job.workspace, displaced)
    if kept.new:
        left.revisions += (kept.seq,)
    taken = {path: entry for path, entry in displaced.tree.entries.items() if _holds(kept.state, entry)}
    if len(taken) < len(displaced.tree):
        left.reason = "the history does not take all of it (keys, too large, or no files)"
    await stage.release(Displaced(displaced.folder, Tree(taken)))
    return bool(taken)


def _holds(state: Mapping[str, Entry], entry: trees.Entry) -> bool:
    found = state.get(entry.path)
    if found is None or found.kind is not entry.kind:
        return False
    if entry.kind is Kind.SYMLINK:
        return found.target == entry.target
    return (found.size, found.mtime_ns) == (entry.size, entry.mtime_ns)
