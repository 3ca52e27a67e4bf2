"""By the clock: the volume of every workspace that ran since is kept in its turn, and once more when it stopped."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from monitor.domain.data_terms import DataTerms
from monitor.domain.state import WorkspaceState
from monitor.domain.workspace import Phase
from monitor.errors import Refused, SlipwayError
from monitor.ports.clock import Clock

LOOK_S = 5.0
RETRY_S = 60.0
"""After a failure, and before what does not run is looked at for the first time."""
AWAKE = frozenset({Phase.STARTING, Phase.SERVING})

log = logging.getLogger(__name__)


@dataclass(slots=True)
class DataRounds:
    """`states` are the workspaces as they are now; `keep` keeps one's data. One at a time: nobody waits for it."""

    states: Callable[[], Mapping[str, WorkspaceState]]
    keep: Callable[[str], Awaitable[object]]
    terms: Callable[[str], DataTerms]
    clock: Clock
    _ran: set[str] = field(default_factory=set)
    _woken: set[str] = field(default_factory=set)
    _looked: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.clock.sleep(LOOK_S)
            try:
                await self.round()
            except Exception:
                log.exception("keeping data volumes failed; the next look tries again")

    async def round(self) -> None:
        """Look once at all of them."""
        for name in self._due():
            await self._one(name)

    def _due(self) -> list[str]:
        """Those that stopped since, and those that run and were not looked at for as long as their terms say.

        A workspace met for the first time may have run under an earlier monitor, and may be about to start.
        """
        states, now = self.states(), self.clock.monotonic()
        awake = {name for name, state in states.items() if state.phase in AWAKE}
        for name in states.keys() - self._looked.keys():
            self._ran.add(name)
            self._looked[name] = now
        self._ran |= awake
        self._woken |= awake
        return [name for name in sorted(self._ran) if self._is_due(name, now, awake=name in awake)]

    def _is_due(self, name: str, now: float, *, awake: bool) -> bool:
        every, age = self.terms(name).every_s, now - self._looked[name]
        if every is None:
            return False
        return age >= every if awake else name in self._woken or age >= RETRY_S

    async def _one(self, name: str) -> None:
        self._looked[name] = self.clock.monotonic()
        self._woken.discard(name)
        try:
            await self.keep(name)
        except Refused as error:
            log.info("%s. %s", error.message, error.hint)
            self._over(name)
        except SlipwayError as error:
            log.warning("the data of %s is not kept yet: %s %s", name, error.message, error.hint)
        else:
            self._over(name)

    def _over(self, name: str) -> None:
        """What does not run any more need not be looked at again."""
        states = self.states()
        if name not in states or states[name].phase not in AWAKE:
            self._ran.discard(name)
        if name not in states:
            self._looked.pop(name, None)
