"""All destinations, side by side: each on its own schedule, and failing on its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from monitor.domain.destinations import DestinationState
from monitor.domain.moments import NS
from monitor.errors import NotFound, SlipwayError
from monitor.ports.clock import Clock
from monitor.services.destinations.destination import Destination

FIRST_RETRY_S = 30.0
# A store that was just started, or a share being mounted, gets a moment.
FIRST_LOOK_S = 10.0

log = logging.getLogger(__name__)


class Destinations:
    """Owns one loop for each destination; `run` is their task."""

    def __init__(self, destinations: Sequence[Destination], clock: Clock) -> None:
        self._all = {one.terms.name: one for one in destinations}
        self._clock = clock

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
            there = ", ".join(self._all) or "none"
            raise NotFound(f"There is no destination {name[:60]!r}.", hint=f"In slipway.toml are: {there}.") from None

    @property
    def protected(self) -> bool:
        """Whether a copy of everything exists that does not share the primary's disk."""
        return any(one.protects for one in self._all.values())

    async def run(self) -> None:
        """Copy and verify whenever it is due, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, one in self._all.items():
                group.create_task(self._keep(one), name=f"destination {name}")

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
            outcome = await one.run()
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
