"""One run over all workspaces: each is compared, copied and, in a mirror, relieved of what the primary removed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from monitor.domain.destination_results import Outcome
from monitor.domain.destinations import (
    Difference,
    Holding,
    Mode,
    Part,
    Step,
    Terms,
    Waited,
    difference,
    held_back,
    is_ahead,
    newest_common,
    waited,
)
from monitor.domain.history.errors import BadObject
from monitor.domain.moments import NS
from monitor.errors import Conflict
from monitor.ports.clock import Clock
from monitor.ports.store import NoSuchKey, Store
from monitor.services.destinations.checking import Checker
from monitor.services.destinations.copying import Copier, Diverged, agree, diverged
from monitor.services.destinations.ledger import Ledger
from monitor.services.destinations.looking import holding, known, workspaces
from monitor.services.destinations.removing import Remover, clear, flagged
from monitor.services.destinations.settling import Settling
from monitor.services.jobs import Tell

LONGEST_LOOK_S = 3600.0
PARTED = "another history of it is there (it was purged or renumbered here); confirmed, that one is replaced"


def replaced(name: str) -> str:
    """How it is noted that a person gave up the other history of a workspace: a yes to removals is none to that."""
    return f"{name} replaced"


@dataclass(slots=True)
class _Sum:
    copied: Counter[Part] = field(default_factory=Counter)
    bytes: int = 0
    removed: int = 0
    waiting: int = 0
    held: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Pass:
    """One run; `ledger` is changed, and saved by the caller. With `dry_run` nothing anywhere is changed."""

    def __init__(
        self, source: Store, there: Store, terms: Terms, ledger: Ledger, clock: Clock, pool: Executor, tell: Tell
    ) -> None:
        self._source, self._there, self._terms, self._ledger = source, there, terms, ledger
        self._clock, self._pool, self._tell = clock, pool, tell
        self._sum = _Sum()
        self._settling = Settling(source, ledger, clock)

    async def run(
        self, mode: Mode, names: Sequence[str] = (), *, dry_run: bool = False, quick: bool = False
    ) -> Outcome:
        """Go through the workspaces `names`, or all; what is wrong with one alone does not stop the others.

        Raises `NotFound`, and what copying and removing raise.
        """
        ours = await known(self._source, names)
        only_there = []
        if mode is Mode.MIRROR and not names:
            only_there = [name for name in await workspaces(self._there) if name not in ours]
        for name in (*ours, *only_there):
            if not quick or not await self._settling.as_it_was(name):
                await self._one(name, mode, dry_run=dry_run)
        done = self._sum
        return Outcome(
            destination=self._terms.name,
            mode=mode,
            dry_run=dry_run,
            copied=dict(done.copied),
            copied_bytes=done.bytes,
            removed=done.removed,
            waiting=done.waiting,
            workspaces=tuple(ours),
            held=done.held,
            problems=tuple(done.problems),
        )

    async def _one(self, name: str, mode: Mode, *, dry_run: bool) -> None:
        since_ns, problems = self._clock.wall_ns(), len(self._sum.problems)
        self._settling.forget(name)
        checker = Checker(name, self._pool)
        source, there = await holding(self._source, name), await holding(self._there, name)
        try:
            there = await self._agreed(name, checker, source, there, dry_run=dry_run)
            plan = difference(name, source, there)
            plan = replace(plan, copies=plan.copies + await self._names(source, there))
            if dry_run:
                self._sum.copied.update(step.part for step in plan.copies)
                self._sum.bytes += plan.size
            else:
                await self._copy(plan, there, checker)
            if mode is Mode.MIRROR:
                await self._remove(plan, source, there, checker, dry_run=dry_run)
        except (BadObject, Conflict) as error:
            self._sum.problems.append(error.message)
        if not dry_run and len(self._sum.problems) == problems and name not in self._sum.held:
            await self._settling.note(name, max(source[Part.REVISIONS], default=None), since_ns)

    async def _agreed(
        self, name: str, checker: Checker, source: Holding, there: Holding, *, dry_run: bool
    ) -> Holding:
        """What is there of the same history; raises `Diverged` where another one is, and nobody confirmed its end."""
        common = newest_common(source, there)
        try:
            if common is None and is_ahead(source, there):
                raise diverged(name, max(there[Part.REVISIONS]))
            await agree(self._source, self._there, checker, common)
        except Diverged:
            if replaced(name) not in self._ledger.confirmed:
                self._sum.held[name] = PARTED
                raise
            if not dry_run:
                self._tell(f"removing the other history of {name} from {self._terms.name}", None, None)
                await clear(self._there, there)
                self._write_down(name, {})
                self._ledger.confirmed.discard(replaced(name))
            return Holding()
        return there

    async def _copy(self, plan: Difference, there: Holding, checker: Checker) -> None:
        total, done = len(plan.copies), 0

        def progress(step: Step) -> None:
            nonlocal done
            done += 1
            self._tell(f"copying {plan.workspace} to {self._terms.name}", done, total)

        copier = Copier(self._source, self._there, checker, progress)
        try:
            await copier.copy(plan, there)
        finally:
            self._sum.copied.update(copier.copied.counts)
            self._sum.bytes += copier.copied.bytes
            self._sum.problems += copier.copied.problems

    async def _names(self, source: Holding, there: Holding) -> tuple[Step, ...]:
        """The names whose content is missing or another one there; they are few and small."""
        steps: list[Step] = []
        for key, size in sorted(source[Part.NAMES].items()):
            if key not in there[Part.NAMES]:
                steps.append(Step(Part.NAMES, key, size, "missing"))
            elif not await self._same(key):
                steps.append(Step(Part.NAMES, key, size, "changed"))
        return tuple(steps)

    async def _same(self, key: str) -> bool:
        try:
            ours, theirs = await asyncio.gather(self._source.get(key), self._there.get(key))
        except NoSuchKey:
            return False
        return ours == theirs

    async def _remove(
        self, plan: Difference, source: Holding, there: Holding, checker: Checker, *, dry_run: bool
    ) -> None:
        name = plan.workspace
        waits = self._waits(plan)
        why = held_back(source, there, await flagged(self._source, name, source[Part.REVISIONS])) if waits else ""
        due: list[Step] = []
        if why and name not in self._ledger.confirmed:
            self._sum.held[name] = why
        else:
            due = [step for step in plan.surplus if waits[step.key].waited_ns >= self._terms.grace_ns]
        removed = {step.key for step in due}
        if not dry_run:
            removed = await self._carry_out(due, name, checker) if due else set()
            self._write_down(name, {key: one for key, one in waits.items() if key not in removed})
        self._sum.removed += len(removed)
        self._sum.waiting += len(waits) - len(removed)

    def _waits(self, plan: Difference) -> dict[str, Waited]:
        most = int(2 * max(self._terms.every_s, LONGEST_LOOK_S) * NS)
        return waited(self._ledger.surplus, (step.key for step in plan.surplus), self._clock.wall_ns(), most)

    async def _carry_out(self, due: Sequence[Step], name: str, checker: Checker) -> set[str]:
        remover = Remover(self._source, self._there, checker)
        # Listed again: the copies of this run are there by now, and must keep what they need.
        await remover.remove(due, await holding(self._there, name))
        self._sum.problems += remover.problems
        return set(remover.removed)

    def _write_down(self, name: str, waits: dict[str, Waited]) -> None:
        others = {k: one for k, one in self._ledger.surplus.items() if k.partition("/")[0] != name}
        self._ledger.surplus = others | waits
        if not waits:
            self._ledger.confirmed.discard(name)
