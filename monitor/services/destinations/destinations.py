"""All destinations, side by side: each on its own schedule, and failing on its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from monitor.domain.destination_results import DestinationState
from monitor.domain.moments import NS
from monitor.errors import NotFound, SlipwayError
from monitor.ports.clock import Clock
from monitor.services.destinations.destination import Destination

FIRST_RETRY_S = 30.0
# A store that was just started, or a share being mounted, gets a moment.
FIRST_LOOK_S = 10.0
READ_S = 2.0

log = logging.getLogger(__name__)


Read = Callable[[Mapping[str, Destination]], Mapping[str, Destination] | None]


def as_they_are(_there: Mapping[str, Destination]) -> Mapping[str, Destination] | None:
    """The settings are read once."""
    return None


class Destinations:
    """Owns one loop for each destination; `run` is their task.

    `read` is given those there are and asked every few seconds which there should be, None where nothing changed;
    one it gives back is left at its work.
    """

    def __init__(self, destinations: Sequence[Destination], clock: Clock, read: Read = as_they_are) -> None:
        self._all: Mapping[str, Destination] = {one.terms.name: one for one in destinations}
        self._clock, self._read = clock, read
        self._loops: dict[str, tuple[Destination, asyncio.Task[None]]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def states(self) -> list[DestinationState]:
        """Every destination as the API lists it."""
        return [one.state() for one in self._all.values()]

    def get(self, name: str) -> Destination:
        """Raises `NotFound`."""
        try:
            return self._all[name]
        except KeyError:
            there = f"in slipway.toml are: {', '.join(self._all)}" if self._all else "`slipway backup add` makes one"
            raise NotFound(f"there is no destination {name[:60]!r}", hint=there) from None

    @property
    def protected(self) -> bool:
        """Whether a copy of everything exists that does not share the primary's disk."""
        return any(one.protects for one in self._all.values())

    async def run(self) -> None:
        """Copy and verify whenever it is due, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._begin(group)
            while self._read is not as_they_are:
                await self._clock.sleep(READ_S)
                self.reread()
                self._begin(group)

    def reread(self) -> None:
        """Know those the settings name now; settings that cannot be read change nothing."""
        try:
            found = self._read(self._all)
        except SlipwayError as error:
            log.warning("the destinations stay as they were: %s", error.message)
            return
        except Exception:
            log.exception("the destinations stay as they were")
            return
        self._all = self._all if found is None else found

    def _begin(self, group: asyncio.TaskGroup) -> None:
        """A loop for each that has none; one that is not wanted any more is broken off, which loses nothing."""
        for name, (one, loop) in tuple(self._loops.items()):
            if self._all.get(name) is not one:
                loop.cancel()
                del self._loops[name]
        for name, one in self._all.items():
            if name not in self._loops:
                self._loops[name] = one, group.create_task(self._keep(one), name=f"destination {name}")

    async def _keep(self, one: Destination) -> None:
        failures = 0
        pause = self._until_due(one)
        while True:
            one.due_at = self._clock.monotonic() + pause
            await self._clock.sleep(pause)
            failures = 0 if await self._once(one) else failures + 1
            pause = retry_after(failures, one.terms.every_s) if failures else one.terms.every_s

    async def _once(self, one: Destination) -> bool:
        """Whether it went well."""
        try:
            outcome = await one.run(quick=True)
            if outcome.complete and self._verify_due(one):
                await one.verify()
        except SlipwayError as error:
            log.warning("destination %s: %s", one.terms.name, error.message)
            return False
        except Exception:
            log.exception("destination %s failed; it is tried again", one.terms.name)
            return False
        return outcome.complete

    def _until_due(self, one: Destination) -> float:
        """Seconds to the first run: restarting is no reason to copy early, a wrong clock none to wait long."""
        if one.complete_ns is None:
            return FIRST_LOOK_S
        passed = (self._clock.wall_ns() - one.complete_ns) / NS
        return min(max(one.terms.every_s - passed, FIRST_LOOK_S), one.terms.every_s)

    def _verify_due(self, one: Destination) -> bool:
        if one.verified_ns is None:
            return True
        return abs(self._clock.wall_ns() - one.verified_ns) / NS >= one.terms.verify_every_s


def retry_after(failures: int, every_s: float) -> float:
    """Seconds after so many failures in a row: doubling, and never longer than the usual pause."""
    return float(min(FIRST_RETRY_S * 2 ** min(failures - 1, 16), every_s))
