"""What a restore moved out of its place and no revision holds yet becomes one more revision; only then it goes."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

from monitor.domain.tree import Kind
from monitor.errors import SlipwayError
from monitor.ports.placing import Displaced, Stage, content_id
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
        left.reason = ""
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
    """Whether another round may bring more of it."""
    kept = await safety.displaced(stage.job.workspace, displaced)
    if kept.new:
        left.revisions += (kept.seq,)
    # By their bytes: stamps agree, too, where a file could not be read and stayed in the state as it was.
    found = ((path, kept.state.get(path)) for path in displaced.tree.entries)
    held = {path: content_id(e.sha256, e.target) for path, e in found if e is not None and e.kind is not Kind.DIR}
    still = await stage.release(displaced, held)
    if still:
        left.reason = "the history does not take all of it (unreadable, keys, too large, or no files)"
    return kept.new or still < len(displaced.tree)
