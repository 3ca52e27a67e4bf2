"""Putting a data volume back: fetched and checked while the app runs, replaced while it does not.

A note is written before the volume is touched and removed once it is whole again: after a kill the next monitor
completes or undoes the replacement before it lets the workspace start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.history.entry import Entry
from monitor.domain.history.revision import Origin, Why
from monitor.domain.streams import data_of
from monitor.domain.tree import Kind
from monitor.errors import Conflict, SlipwayError, UsageError
from monitor.ports.clock import Clock
from monitor.ports.engine import Engine
from monitor.ports.state_files import StateFiles
from monitor.services.data.keeping import DataKeeper
from monitor.services.history.archive import Archive
from monitor.services.jobs import Tell
from monitor.services.restore.choosing import Choosing, Chosen
from monitor.services.restore.restorer import Restorer
from monitor.services.restore.restoring import Asked
from monitor.services.restore.turns import Turns
from monitor.services.restore.wish import Wish

NOTE = "data-replacing.json"
"""Not among the marks: a workspace may be called `replacing`."""
AGAIN_S = 5.0
ONLY_WHOLE = "the data volume is put back as a whole"

log = logging.getLogger(__name__)

Stop = Callable[[str], Awaitable[None]]
UserOf = Callable[[str], Awaitable[tuple[int, int]]]


def nothing_runs(_workspace: str) -> bool:
    """No command has the volume."""
    return False


@dataclass(frozen=True, slots=True)
class Replaced:
    """`before` is the revision of what was there (None: nothing was), `chosen` what is there now."""

    chosen: Chosen
    before: int | None
    files: int
    bytes: int

    def as_json(self) -> dict[str, Any]:
        return {
            **self.chosen.as_json(),
            "before": self.before,
            "files": self.files,
            "bytes": self.bytes,
            "incomplete": False,
            "lines": list(self.lines()),
        }

    def lines(self) -> list[str]:
        """For people."""
        said = [*self.chosen.lines(), f"the data volume holds {self.files} files now, {self.bytes} bytes"]
        return said if self.before is None else [*said, f"what was there before is revision {self.before}"]


@dataclass(frozen=True, slots=True)
class DataReplacer:
    """`stop` ends a workspace's instances, whose loop starts them again once its turn is over; `user_of` says whom
    its app runs as. `restorer` makes one that reads from an archive. `commands`: whether a command of the workspace
    is under way, which has the volume too and is nobody's to stop."""

    engine: Engine
    keeper: DataKeeper
    restorer: Callable[[Archive], Restorer]
    turns: Turns
    notes: StateFiles
    clock: Clock
    stop: Stop
    user_of: UserOf
    commands: Callable[[str], bool] = nothing_runs

    async def restore(self, archive: Archive, workspace: str, asked: Asked, tell: Tell) -> dict[str, Any]:
        """As `asked`; raises `UsageError` for what only source can be asked, and as choosing and restoring do."""
        chosen = await self.chosen(archive, workspace, asked)
        if asked.into is not None:
            wish = Wish(chosen, asked.mode, asked.path, asked.into)
            return await _elsewhere(self.restorer(archive), wish, tell, dry_run=asked.dry_run)
        if asked.path or asked.as_name or asked.mode != Asked().mode:
            raise UsageError(
                ONLY_WHOLE, hint="use --into FOLDER and copy what you need, or `slipway fork --with-data`"
            )
        if asked.dry_run:
            return await self._plan(archive, workspace, chosen)
        return (await self.put(archive, chosen, workspace, Why.RESTORE, tell)).as_json()

    async def chosen(self, archive: Archive, workspace: str, asked: Asked) -> Chosen:
        """The revision of the data that is meant; without a moment there is none to mean."""
        return await Choosing(archive, self.clock).choose(
            data_of(workspace), at=asked.at, revision=asked.revision, snapshot=asked.snapshot, force=asked.force
        )

    async def put(self, archive: Archive, chosen: Chosen, workspace: str, kind: str, tell: Tell) -> Replaced:
        """Make `chosen` what `workspace` has in its volume; what it had becomes a revision first."""
        async with self.keeper.replacing(workspace), self.engine.data_stage(workspace) as stage:
            await self._fetch(archive, chosen, stage, tell)
            async with self.turns.hold(workspace, f"restoring its data to revision {chosen.seq}"):
                if self.commands(workspace):
                    raise Conflict(
                        f"a command runs in {workspace} and may be writing to its data; nothing was changed",
                        hint="wait for its end, or cancel its job",
                    )
                tell("stopping the app and keeping what is there now")
                await self.stop(workspace)
                before = await self.keeper.keep_before(workspace, Why.BEFORE_RESTORE)
                tell("moving it into place")
                await self._replace(workspace, stage)
                await self._after(workspace, stage, kind, chosen)
        counts = (chosen.header.files, chosen.header.bytes)
        return Replaced(chosen, before.revision if before.there else None, *counts)

    async def recover(self) -> None:
        """Bring to its end what a kill left behind; holds the turn of each such workspace until that is done."""
        async with asyncio.TaskGroup() as group:
            for workspace in self._pending():
                group.create_task(self._complete(workspace), name=f"data of {workspace}")

    async def _complete(self, workspace: str) -> None:
        what = "completing a restore of its data"
        async with self.keeper.replacing(workspace), self.turns.hold(workspace, what):
            while not await self._recovered(workspace):
                await self.clock.sleep(AGAIN_S)

    async def _recovered(self, workspace: str) -> bool:
        try:
            await self.stop(workspace)
            await self.engine.recover_data(workspace)
            self._note(workspace, pending=False)
        except SlipwayError as error:
            log.warning("the data of %s is not whole yet: %s %s", workspace, error.message, error.hint)
            return False
        except Exception:
            log.exception("the data of %s is not whole yet", workspace)
            return False
        log.info("a restore of the data of %s that was broken off is completed or undone", workspace)
        return True

    async def _fetch(self, archive: Archive, chosen: Chosen, stage: Path, tell: Tell) -> None:
        """Every byte, checked, into a folder of ours."""
        result = await self.restorer(archive).run(Wish(chosen, into=stage), tell=tell)
        if result.incomplete:
            raise SlipwayError(
                f"not all of revision {chosen.seq} of {chosen.workspace} could be read; nothing was changed",
                hint="`slipway verify` says what is damaged; another revision may be whole",
            )

    async def _replace(self, workspace: str, stage: Path) -> None:
        self.keeper.forget(workspace)
        self._note(workspace, pending=True)
        try:
            await self.engine.replace_data(workspace, stage, await self.user_of(workspace))
        except BaseException:
            # Broken off in the middle it is completed or undone before the app may run again.
            while not await self._recovered(workspace):
                await self.clock.sleep(AGAIN_S)
            raise
        self._note(workspace, pending=False)

    async def _after(self, workspace: str, stage: Path, kind: str, chosen: Chosen) -> None:
        """Its own revision; where that fails, the next look at the volume keeps it."""
        try:
            await self.keeper.write(workspace, stage, kind, Origin(chosen.workspace, chosen.seq))
        except SlipwayError as error:
            log.warning("the restored data of %s is not a revision of its own yet: %s", workspace, error.message)

    async def _plan(self, archive: Archive, workspace: str, chosen: Chosen) -> dict[str, Any]:
        wanted = await archive.state(chosen.workspace, chosen.seq)
        seqs = await archive.seqs(chosen.workspace)
        counts = _counts(await archive.state(chosen.workspace, seqs[-1]) if seqs else {}, wanted)
        header = chosen.header
        said = ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "no difference"
        return {
            **chosen.as_json(), "counts": counts, "files": header.files, "bytes": header.bytes, "incomplete": False,
            "lines": [
                *chosen.lines(),
                f"{workspace} would be stopped, its data kept, replaced by {header.files} files and started again",
                f"against what was kept last, revision {seqs[-1] if seqs else 0}: {said}",
            ],
        }  # fmt: skip

    def _pending(self) -> list[str]:
        kept = self.notes.read(NOTE)
        return sorted(str(name) for name in kept) if isinstance(kept, list) else []

    def _note(self, workspace: str, *, pending: bool) -> None:
        others = [name for name in self._pending() if name != workspace]
        self.notes.write(NOTE, [*others, workspace] if pending else others)


def _counts(now: Any, wanted: Any) -> dict[str, int]:
    both = now.keys() & wanted.keys()
    changed = sum(not _same(now[path], wanted[path]) for path in both)
    return {"back": len(wanted.keys() - now.keys()), "changed": changed, "gone": len(now.keys() - wanted.keys())}


def _same(one: Entry, other: Entry) -> bool:
    if one.kind is Kind.FILE:
        return (one.kind, one.sha256, one.mode) == (other.kind, other.sha256, other.mode)
    return (one.kind, one.target) == (other.kind, other.target)


async def _elsewhere(restorer: Restorer, wish: Wish, tell: Tell, *, dry_run: bool) -> dict[str, Any]:
    if dry_run:
        planned = await restorer.plan(wish)
        return {**planned.as_json(), "incomplete": planned.incomplete, "lines": list(planned.lines())}
    result = await restorer.run(wish, tell=tell)
    return {**result.as_json(), "lines": list(result.lines())}
