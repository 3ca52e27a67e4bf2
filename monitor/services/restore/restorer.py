"""A restore from its wish to its result: keep what is there, plan, stage, move into place.

Everything is staged and its hashes compared before the first file changes; until then it can be cancelled and leaves
nothing. From the commit on it is completed, by this process or, after a kill, by the next one's `recover`.
"""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

from monitor.domain.history.revision import Origin
from monitor.domain.workspace import assign_names
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.files import Files
from monitor.ports.placing import Job, Phase, Placing, Problem, Stage
from monitor.services.history.archive import Archive
from monitor.services.history.vouching import Vouched
from monitor.services.jobs import Tell
from monitor.services.restore.displacing import Left, keep_displaced
from monitor.services.restore.fetching import Fetching, Progress
from monitor.services.restore.preparing import (
    Prepared,
    check_room,
    newest_paths,
    orders_for,
    prepared,
    wanted_by,
)
from monitor.services.restore.result import Planned, Recovered, Result
from monitor.services.restore.safety import Kept, Safety
from monitor.services.restore.turns import Turns
from monitor.services.restore.wish import Target, Wish, target_of
from monitor.services.unbroken import to_the_end

log = logging.getLogger(__name__)


def _quiet(text: str, done: int | None = None, total: int | None = None) -> None:
    """Nobody is told."""


class Restorer:
    """Restores from one archive to the workspaces under `root`. `turns` is shared with whoever else acts on them."""

    def __init__(
        self,
        archive: Archive,
        files: Files,
        placing: Placing,
        clock: Clock,
        root: Path,
        safety: Safety,
        turns: Turns | None = None,
    ) -> None:
        self._archive, self._files, self._placing, self._clock = archive, files, placing, clock
        self._root, self._safety = root, safety
        self.turns = turns or Turns()

    async def is_there(self, workspace: str) -> bool:
        """Whether it has a folder. Raises `RootTrouble`."""
        return workspace in assign_names((await self._files.scan_root(self._root)).folders)[0]

    async def plan(self, wish: Wish) -> Planned:
        """What `run` would do, as far as can be seen now; nothing is written anywhere.

        Raises `NotFound`, `UsageError`, `Conflict`, `BadObject`, `StoreAway`, `RootTrouble`.
        """
        target = await target_of(wish, self._root, self._files)
        state = await wanted_by(wish, self._archive)
        ours = not target.fresh and not target.elsewhere
        known = await newest_paths(self._archive, target.workspace) if ours else None
        found = await prepared(wish, target, state, self._files, self._placing, known, self._archive)
        return Planned(wish.chosen, target.folder, found.plan)

    async def run(self, wish: Wish, *, job: str = "", tell: Tell = _quiet) -> Result:
        """Do it. `job` names it (letters, digits, `-`, `_`); `tell` hears how far it is.

        Raises as `plan` does, `Damaged` and `SlipwayError` (`disk-full`): nothing was changed then, unless the error
        says that it goes on later. Cancelling before the commit leaves nothing; afterwards it has no effect.
        """
        target = await target_of(wish, self._root, self._files)
        async with self.turns.hold(target.turn, f"restoring revision {wish.chosen.seq}"):
            await self._recover(target.turn)
            return await self._run(wish, target, job or secrets.token_hex(8), tell)

    async def recover(self) -> tuple[Recovered, ...]:
        """Complete or undo what a kill left behind; called once at the start, before workspaces are looked at."""
        found: list[Recovered] = []
        for job in await self._placing.unfinished(self._root):
            async with self.turns.hold(_turn(job), "completing a restore"):
                found.append(await self._again(job))
        return tuple(found)

    async def _run(self, wish: Wish, target: Target, job_id: str, tell: Tell) -> Result:
        state = await wanted_by(wish, self._archive)
        tell("keeping what is there now")
        before = await self._before(target)
        due = None if wish.as_name or target.elsewhere else (wish.chosen.workspace, wish.chosen.seq)
        job = Job(job_id, self._root, target.workspace, target.folder, target.fresh, target.elsewhere, due)
        stage = await self._placing.begin(job)
        try:
            known = before.state if before else None
            found = await prepared(wish, target, state, self._files, self._placing, known, self._archive)
            planned = Planned(wish.chosen, target.folder, found.plan)
            if not found.plan.changes and not target.fresh:
                await stage.end()
                return Result(planned, before.seq if before else None)
            await self._stage(wish, found, stage, tell)
            after = await self._forked(wish, target, stage) if wish.as_name else None
            tell("moving it into place")
            problems = await stage.place(orders_for(found, before.state if before else None))
        except BaseException:
            await self._undo(stage)
            raise
        vouched = self._vouched(wish, target, found, stage)
        left, restored = await to_the_end(self._finish(stage, vouched), f"finish {job_id}")
        return _result(planned, before, after or restored, problems, left)

    async def _finish(self, stage: Stage, vouched: Vouched) -> tuple[Left, Kept | None]:
        """All is in place, so that this has happened whatever comes: what was displaced, and the state after it."""
        try:
            left = await keep_displaced(stage, self._safety)
        except SlipwayError as error:
            await stage.leave()
            left = Left(notes=[f"what was replaced is kept at the next start: {error.message}"])
        return left, await self._after(stage.job, vouched, left)

    async def _before(self, target: Target) -> Kept | None:
        if target.fresh or target.elsewhere:
            return None
        return await self._safety.before(target.workspace, target.folder)

    async def _stage(self, wish: Wish, found: Prepared, stage: Stage, tell: Tell) -> None:
        entries = found.to_stage
        check_room(found.plan, await stage.room())

        def told(progress: Progress) -> None:
            tell(progress.text, progress.bytes, progress.all_bytes)

        source = Fetching(self._archive.store, self._archive.prefix, wish.chosen.workspace, self._clock)
        await source.fetch(entries, stage, told)

    async def _forked(self, wish: Wish, target: Target, stage: Stage) -> Kept:
        """Its first revision exists before its folder does, so that no other can come first."""
        return await self._safety.forked(target.workspace, stage.staged, _origin(wish))

    async def _undo(self, stage: Stage) -> None:
        """Nothing was changed yet: leave nothing. After the commit the next try goes on."""
        if stage.phase is Phase.STAGING:
            await stage.end()
        else:
            log.warning("a restore of %s is not finished; it goes on at the next start", stage.job.folder)
            await stage.leave()

    def _vouched(self, wish: Wish, target: Target, found: Prepared, stage: Stage) -> Vouched:
        """What was staged from this workspace's own pieces."""
        if not self._safety.owns(self._archive) or wish.chosen.workspace != target.workspace:
            return {}
        return {path: (mark, found.wanted[path]) for path, mark in stage.marks.items()}

    async def _after(self, job: Job, vouched: Vouched, left: Left) -> Kept | None:
        if job.origin is None:
            return None
        try:
            return await self._safety.restored(job.workspace, job.folder, Origin(*job.origin), vouched)
        except SlipwayError as error:
            left.notes.append(f"the state after it is not kept yet: {error.message}")
            return None

    async def _recover(self, turn: str) -> None:
        """An earlier restore of the same folder comes to its end first."""
        for job in await self._placing.unfinished(self._root):
            if _turn(job) == turn:
                recovered = await self._again(job)
                if recovered.outcome == "waiting" and not recovered.left_behind:
                    raise SlipwayError(
                        f"an earlier restore of {job.folder} is not finished: {recovered.reason}",
                        hint="mend what keeps it from going on; it is completed first",
                    )

    async def _again(self, job: Job) -> Recovered:
        stage = await self._placing.resume(job)
        problems: tuple[Problem, ...] = ()
        placed = stage.phase is Phase.PLACING
        try:
            if placed:
                problems = await stage.place(None)
            if stage.phase is Phase.STAGING:
                await stage.end()
                return Recovered(job.id, job.workspace, job.folder, "undone")
            left = await keep_displaced(stage, self._safety)
        except SlipwayError as error:
            if stage.phase is Phase.STAGING:
                await stage.end()
                return Recovered(job.id, job.workspace, job.folder, "undone", error.message)
            await stage.leave()
            return Recovered(job.id, job.workspace, job.folder, "waiting", error.message)
        # Where something is left behind this comes again at each start: only a try that placed something says so.
        after = await self._after(job, {}, left) if placed or not left.behind else None
        outcome = "waiting" if left.behind and not job.elsewhere else "completed"
        said = (outcome, left.reason, left.revisions, problems, left.behind)
        return Recovered(job.id, job.workspace, job.folder, *said, after=after.seq if after else None)


def _turn(job: Job) -> str:
    return job.workspace or str(job.folder)


def _result(
    planned: Planned, before: Kept | None, after: Kept | None, problems: tuple[Problem, ...], left: Left
) -> Result:
    return Result(
        planned,
        before.seq if before else None,
        after.seq if after else None,
        left.revisions,
        problems,
        left.behind,
        (*([left.reason] if left.behind and left.reason else []), *left.notes),
    )


def _origin(wish: Wish) -> Origin:
    return Origin(wish.chosen.workspace, wish.chosen.seq)
