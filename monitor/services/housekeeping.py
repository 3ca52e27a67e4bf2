"""What is done by the clock: scheduled snapshots, and retention with its garbage once an hour."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from monitor.domain.moments import NS
from monitor.domain.schedule import Schedule, turn
from monitor.errors import Conflict, NotFound, SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.state_files import StateFiles
from monitor.services.gc.repacking import Repacker
from monitor.services.past.past import Past

FILE = "schedule.json"
TAG = "scheduled"
TTL_S = 30 * 86_400
LOOK_S = 15.0
"""How late a scheduled snapshot may be."""
AGAIN_NS = 600 * NS
"""How often a plan is compared with a clock that may have been set back."""
FIRST_S, HOUR_S, DAY_S = 600.0, 3600.0, 86_400.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Plan:
    schedule: Schedule
    next_ns: int
    looked_ns: int


@dataclass(slots=True)
class Housekeeping:
    """`names` gives the workspaces that have a folder; `files` remembers when each snapshot is due."""

    past: Past
    repacker: Repacker
    files: StateFiles
    clock: Clock
    names: Callable[[], Collection[str]]
    _plans: dict[str, _Plan] = field(default_factory=dict)
    _late: set[str] = field(default_factory=set)
    _clean: dict[str, tuple[int, float]] = field(default_factory=dict)

    async def run(self) -> None:
        """Both loops, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._snapshots(), name="scheduled snapshots")
            group.create_task(self._retention(), name="retention")

    async def snapshots(self) -> list[str]:
        """Make those that are due now; the workspaces that got one."""
        made = []
        for name in sorted(self.names()):
            schedule = self.past.terms.schedule(name)
            if schedule is None:
                self._unplan(name)
            elif (self._due(name, schedule) or name in self._late) and await self._snapshot(name):
                made.append(name)
        return made

    async def retention(self) -> None:
        """One round over every workspace that has a history; what fails with one does not stop the others."""
        for name in await self.past.reading.kept():
            try:
                await self._collect(name)
            except SlipwayError as error:
                log.warning("retention of %s waits: %s %s", name, error.message, error.hint)

    async def _snapshots(self) -> None:
        while True:
            await self.clock.sleep(LOOK_S)
            try:
                await self.snapshots()
            except Exception:
                log.exception("scheduled snapshots failed; the next look tries again")

    async def _retention(self) -> None:
        # At the start everybody else needs the store more.
        await self.clock.sleep(FIRST_S)
        while True:
            try:
                await self.retention()
            except SlipwayError as error:
                log.info("retention waits: %s", error.message)
            except Exception:
                log.exception("retention failed; it is tried again in an hour")
            await self.clock.sleep(HOUR_S)

    async def _collect(self, name: str) -> None:
        """Nothing is read where nothing came since a run that left nothing to do; but once a day all the same."""
        seqs = await self.past.reading.archive.seqs(name)
        newest, now = (seqs[-1] if seqs else 0), self.clock.monotonic()
        before = self._clean.get(name)
        if not seqs or (before is not None and before[0] == newest and now - before[1] < DAY_S):
            return
        done = await self.past.acting.collect(name, dry_run=False)
        packed = await self.repacker.repack(name, self.past.terms.policy(name))
        if not any(done["condemned"].values()) and packed.seq is None:
            self._clean[name] = (newest, now)
        if done["freed_bytes"] or packed.seq is not None:
            log.info("%s: %s", name, done["lines"][-1])

    def _due(self, name: str, schedule: Schedule) -> bool:
        now_ns, plan = self.clock.wall_ns(), self._plans.get(name)
        same = plan is not None and plan.schedule == schedule
        if plan is not None and same and plan.looked_ns <= now_ns < min(plan.next_ns, plan.looked_ns + AGAIN_NS):
            return False
        planned = plan.next_ns if plan is not None and same else self._remembered(name, schedule)
        found = turn(schedule, planned, now_ns)
        self._plans[name] = _Plan(schedule, found.next_ns, now_ns)
        if found.next_ns != planned:
            self._remember()
        if found.missed:
            log.info("%s: one snapshot stands for %d that were missed", name, found.missed)
        return found.run

    async def _snapshot(self, name: str) -> bool:
        now = datetime.fromtimestamp(self.clock.wall_ns() // NS, UTC)
        late = name in self._late
        self._late.discard(name)
        try:
            return await self.past.acting.scheduled(name, f"{TAG}-{now:%Y-%m-%dT%H%M%SZ}", tag=TAG, ttl_s=TTL_S)
        except (Conflict, NotFound) as error:
            log.info("no scheduled snapshot of %s: %s", name, error.message)
        except SlipwayError as error:
            self._late.add(name)
            if not late:
                log.warning("no scheduled snapshot of %s yet: %s %s", name, error.message, error.hint)
        return False

    def _remembered(self, name: str, schedule: Schedule) -> int | None:
        """When it was due next, by the run of the monitor before this one: what it missed is made up for."""
        kept = self.files.read(FILE)
        one = kept.get(name) if isinstance(kept, Mapping) else None
        if not isinstance(one, Mapping) or one.get("schedule") != _text(schedule):
            return None
        planned = one.get("next_ns")
        return planned if type(planned) is int else None

    def _remember(self) -> None:
        kept = self.files.read(FILE)
        others = {k: v for k, v in kept.items() if k in self.names()} if isinstance(kept, Mapping) else {}
        plans = {k: {"schedule": _text(p.schedule), "next_ns": p.next_ns} for k, p in self._plans.items()}
        self.files.write(FILE, {**others, **plans})

    def _unplan(self, name: str) -> None:
        self._late.discard(name)
        if self._plans.pop(name, None) is not None:
            self._remember()


def _text(schedule: Schedule) -> str:
    return f"{schedule.cron} {schedule.zone}"
