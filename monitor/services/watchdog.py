"""Compares the routes wanted with those the router has, and acts on a difference that lasts.

A difference is normal for a moment: a table was just published, a container just became healthy. One that
outlives `patience_s` means that the router has gone deaf; it is then restarted, and left alone for ever longer
where that does not help. What containers' labels brought beyond the table is taken away as soon as it was seen
twice.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from monitor.domain.route_difference import Difference, Extra, difference
from monitor.domain.routes import RouteTable
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.router import Router, RouterAway

LONGEST_PAUSE_S = 300.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hands:
    """What the watchdog can do: start the router anew, remove what an extra leads to, tell people."""

    restart_router: Callable[[], Awaitable[None]]
    remove_extra: Callable[[Extra], Awaitable[None]]
    tell: Callable[[str], None]


class Watchdog:
    """One watchdog for one router; `look` is one round, `run` looks for ever."""

    def __init__(self, router: Router, clock: Clock, hands: Hands, *, patience_s: float = 10.0) -> None:
        self._router = router
        self._clock = clock
        self._hands = hands
        self._patience_s = patience_s
        self._since: dict[str, float] = {}
        self._extra_seen: frozenset[Extra] = frozenset()
        self._restarts = 0
        self._rest_until = 0.0

    async def run(self, wanted: Callable[[], RouteTable], *, every_s: float = 5.0) -> None:
        """Look every `every_s` seconds, at the table wanted then; ends only by cancellation."""
        while True:
            try:
                await self.look(wanted())
            except Exception:
                log.exception("a look at the router's table failed; the next one comes")
            await self._clock.sleep(every_s)

    async def look(self, wanted: RouteTable) -> dict[str, str]:
        """One round: compare, act on what lasted; return what is wrong now, each with its reason."""
        try:
            seen = difference(wanted, await self._router.actual())
            problems = _problems(seen)
        except RouterAway as error:
            seen, problems = Difference(), {"router": error.message}
        self._remember(problems)
        await self._take_away(seen.extra)
        if lasting := self._lasting():
            await self._restart({name: problems[name] for name in lasting})
        return problems

    def _remember(self, problems: dict[str, str]) -> None:
        now = self._clock.monotonic()
        self._since = {name: self._since.get(name, now) for name in problems}
        if not problems:
            self._restarts = 0
            self._rest_until = 0.0

    def _lasting(self) -> list[str]:
        now = self._clock.monotonic()
        if now < self._rest_until:
            return []
        return [name for name, since in self._since.items() if now - since >= self._patience_s]

    async def _take_away(self, extra: tuple[Extra, ...]) -> None:
        """Remove what was already there at the last look: a container may start between wanted and seen."""
        again = [one for one in extra if one in self._extra_seen]
        self._extra_seen = frozenset(extra)
        for one in again:
            self._hands.tell(
                f"the {one.kind} {one.name} came from the labels of a container that serves no workspace now"
            )
            await self._attempt(self._hands.remove_extra(one))

    async def _restart(self, lasting: dict[str, str]) -> None:
        name, reason = next(iter(lasting.items()))
        more = f", and {len(lasting) - 1} more" if len(lasting) > 1 else ""
        self._hands.tell(f"routes differ for {self._patience_s:g} s ({name}: {reason}{more}): restarting the router")
        self._restarts += 1
        pause = min(self._patience_s * 2**self._restarts, LONGEST_PAUSE_S)
        self._rest_until = self._clock.monotonic() + pause
        await self._attempt(self._hands.restart_router())

    async def _attempt(self, act: Awaitable[None]) -> None:
        """A hand that fails is told of, and tried again at a later look."""
        try:
            await act
        except SlipwayError as error:
            self._hands.tell(error.message)


def _problems(seen: Difference) -> dict[str, str]:
    wrong = {mismatch.name: mismatch.reason for mismatch in seen.mismatched}
    return wrong | dict.fromkeys(seen.stale, "no longer wanted, and still there")
