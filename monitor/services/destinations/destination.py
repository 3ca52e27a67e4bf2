"""One destination: copied to, read back, and its own state; what is done to it never overlaps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from monitor.domain.destination_results import DestinationState, Outcome, Verified
from monitor.domain.destinations import Mode, Terms
from monitor.domain.moments import NS, rfc3339
from monitor.errors import Incomplete, NotFound, SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.state_files import StateFiles
from monitor.ports.store import Store
from monitor.services.destinations import ledger as ledgers
from monitor.services.destinations.belonging import belonging, introduce
from monitor.services.destinations.checking import Checker
from monitor.services.destinations.looking import holding, known, repository
from monitor.services.destinations.passing import PARTED, Pass, replaced
from monitor.services.destinations.places import Patient
from monitor.services.destinations.verifying import Verifier, added
from monitor.services.jobs import Tell


def silent(text: str, done: int | None = None, total: int | None = None) -> None:
    """Tells nobody."""


async def nothing() -> tuple[str, ...]:
    """A place that needs no preparation."""
    return ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where copies go: `store` without any prefix; `prepare` makes it usable, or raises why it cannot be.

    It returns sentences about what is dangerous there. `same_disk`: it lies on this machine's own disk or loopback,
    and protects from mistakes only.
    """

    store: Store
    prepare: Callable[[], Awaitable[tuple[str, ...]]] = nothing
    same_disk: bool = False


@dataclass(frozen=True, slots=True)
class Means:
    """What every destination works with: the primary (without its prefix), state files, clock, threads."""

    source: Store
    files: StateFiles
    clock: Clock
    pool: Executor
    changed: Callable[[], None] = lambda: None


class Destination:
    """One place under its `terms`. Everything is read anew in each run: nothing remembered is believed."""

    def __init__(self, terms: Terms, place: Place, means: Means) -> None:
        self.terms, self._place, self._means = terms, place, means
        told = f"Check the credentials of destination {terms.name} in slipway.toml, and what they may do."
        self._source = Patient(means.source, means.clock)
        self.there = Patient(place.store, means.clock, told)
        self._ledger = ledgers.load(means.files, terms.name, terms.where)
        self._lock = asyncio.Lock()
        self._prepared = False
        self._notes: tuple[str, ...] = ()
        self._doing = self._text = ""
        self._held: Mapping[str, str] = {}
        self.error: SlipwayError | None = None
        self.due_at: float | None = None

    @property
    def complete_ns(self) -> int | None:
        """All that was kept before this moment is there; None before the first whole run."""
        return self._ledger.complete_ns

    @property
    def verified_ns(self) -> int | None:
        """When all of it was last read back and right."""
        return self._ledger.verified_ns

    @property
    def protects(self) -> bool:
        """Whether losing the primary's disk loses nothing that was kept before `complete_ns`."""
        return self._ledger.complete_ns is not None and not self._place.same_disk and not self._ledger.damaged

    def state(self) -> DestinationState:
        """As the API shows it."""
        terms, kept, clock = self.terms, self._ledger, self._means.clock
        age = None if kept.complete_ns is None else (clock.wall_ns() - kept.complete_ns) / NS
        left = None if self.due_at is None or self._doing else self.due_at - clock.monotonic()
        return DestinationState(
            name=terms.name,
            kind=terms.kind,
            where=terms.where,
            mode=terms.mode,
            state=self._doing or ("failed" if self.error else "idle"),
            complete_at=None if kept.complete_ns is None else rfc3339(kept.complete_ns),
            lag_s=None if age is None else round(max(0.0, age), 1),
            verified_at=None if kept.verified_ns is None else rfc3339(kept.verified_ns),
            next_in_s=None if left is None else round(max(0.0, left), 1),
            progress=self._text,
            error=self.error.message if self.error else "",
            hint=self.error.hint if self.error else "",
            waiting=len(kept.surplus),
            held=dict(self._held),
            damaged=kept.damaged,
            same_disk=self._place.same_disk,
            notes=self._notes,
            last=kept.last,
        )

    async def run(
        self,
        *,
        mode: Mode | None = None,
        names: Sequence[str] = (),
        dry_run: bool = False,
        start_over: bool = False,
        quick: bool = False,
        tell: Tell = silent,
    ) -> Outcome:
        """Copy what is missing, of the workspaces `names` or all; a mirror also loses what waited long enough.

        `quick`: what was the same in both places less than a day ago, and got nothing new since, is not looked at.

        Raises `Conflict` where the place is not what it was (`start_over` allows one that is empty now) or holds
        another history, `NotFound`, `StoreAway` (the next run goes on), `StoreRefused`, `WrongBytes`.
        """
        async with self._at_it("copying", tell) as telling:
            began = self._means.clock.wall_ns()
            ours = await belonging(
                self._source, self.there, self.terms, self._ledger.repository, start_over=start_over
            )
            if not dry_run:
                await introduce(self._source, self.there)
                self._ledger.repository = ours
            going = Pass(
                self._source, self.there, self.terms, self._ledger, self._means.clock, self._means.pool, telling
            )
            outcome = await going.run(mode or self.terms.mode, names, dry_run=dry_run, quick=quick)
            if not dry_run:
                self._remember(outcome, began, whole=not names)
            return outcome

    async def verify(self, *, names: Sequence[str] = (), repair: bool = True, tell: Tell = silent) -> Verified:
        """Read everything there back; what is damaged gets the primary's bytes, if it has them and `repair`.

        Works with the primary gone. Raises `NotFound` where nothing is kept there, and as `run` does.
        """
        async with self._at_it("verifying", tell) as telling:
            if await repository(self.there) is None:
                raise NotFound(f"Destination {self.terms.name} holds no history yet.", hint="Copy to it first.")
            done = Verified(self.terms.name)
            for name in await known(self.there, names):
                checker = Checker(name, self._means.pool)
                verifier = Verifier(self._source if repair else None, self.there, checker, telling)
                await verifier.verify(await holding(self.there, name))
                done = added(done, verifier.findings)
            self._ledger.damaged = sum(not one.repaired for one in done.damaged) + len(done.problems)
            if done.sound and not names:
                self._ledger.verified_ns = self._means.clock.wall_ns()
            self._save()
            return done

    def confirm(self) -> tuple[str, ...]:
        """A person says that what is gone from the primary is meant to be; returns the workspaces this is about."""
        self._ledger.confirmed |= {replaced(name) if why == PARTED else name for name, why in self._held.items()}
        self._save()
        return tuple(sorted(self._held))

    @asynccontextmanager
    async def _at_it(self, doing: str, tell: Tell) -> AsyncIterator[Tell]:
        """Alone with the place, which is made usable at first; what goes wrong is shown until it goes well."""

        def telling(text: str, done: int | None = None, total: int | None = None) -> None:
            self._text = text
            tell(text, done, total)

        async with self._lock:
            self._doing = doing
            self._means.changed()
            try:
                if not self._prepared:
                    self._notes = await self._place.prepare()
                    self._prepared = True
                yield telling
            except SlipwayError as error:
                self.error = error
                raise
            finally:
                self._doing = self._text = ""
                self._means.changed()

    def _remember(self, outcome: Outcome, began: int, *, whole: bool) -> None:
        # Only a mirror looks for what is gone; that another history is there is found by every run.
        old = self._held if outcome.mode is not Mode.MIRROR else {}
        kept = {name: why for name, why in old.items() if why != PARTED} if whole else self._held
        self._held = {**kept, **outcome.held}
        if whole:
            self._ledger.last = dict(outcome.as_json())
            self.error = None if outcome.complete else incomplete(outcome)
            if outcome.complete:
                self._ledger.complete_ns = began
        self._save()

    def _save(self) -> None:
        ledgers.save(self._means.files, self.terms.name, self._ledger)
        self._means.changed()


def incomplete(outcome: Outcome) -> Incomplete:
    """The letter for a run that left something out."""
    more = f" (and {len(outcome.problems) - 1} more)" if len(outcome.problems) > 1 else ""
    return Incomplete(
        f"Not everything was copied to {outcome.destination}: {outcome.problems[0]}{more}",
        hint="`slipway backup list --json` shows all of it; the rest was copied.",
    )
