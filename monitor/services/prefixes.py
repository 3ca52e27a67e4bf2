"""Measures whether each serving workspace lives under its prefix, beside everything else: nothing waits for it.

What the first page shows also decides, where the table leaves it open, whether the workspace goes through the hop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from monitor.domain.launch import LaunchSpec, Rewrite
from monitor.domain.prefix.verdict import PrefixVerdict
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.visitor import Visitor
from monitor.services.prefix_visit import PrefixVisit
from monitor.services.routing import Routing

QUIET_S = 0.5
AGAIN_S = 5.0
WITHIN_S = 60.0
LIVE_S = 3.0
AT_ONCE = 2

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """A workspace as it serves: `state` names what runs (instances and digest), `told` how it knows its prefix."""

    spec: LaunchSpec
    state: str
    host_url: str
    told: str = ""


class Prefixes:
    """`offer` what serves, as often as one likes; `show` is called with each new verdict."""

    def __init__(
        self, visitor: Visitor, routing: Routing, clock: Clock, show: Callable[[str, PrefixVerdict], None]
    ) -> None:
        self._visitor = visitor
        self._routing = routing
        self._clock = clock
        self._show = show
        self._wishes: dict[str, Wish] = {}
        self._due: dict[str, float] = {}
        self._tried: dict[str, tuple[str, int]] = {}
        self._wake = asyncio.Event()

    def offer(self, name: str, wish: Wish) -> None:
        """This serves now; measured once it has been quiet for a moment, if it was not yet."""
        known = self._wishes.get(name)
        if known is not None and known.state == wish.state and known.spec == wish.spec:
            return
        self._wishes[name] = wish
        self._tried[name] = (wish.state, 0)
        self._plan(name, QUIET_S)

    def forget(self, name: str) -> None:
        """It serves no longer."""
        self._wishes.pop(name, None)
        self._due.pop(name, None)
        self._tried.pop(name, None)

    async def run(self) -> None:
        """Measure what is due, a few at a time, until cancelled."""
        places = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                now = self._clock.monotonic()
                for name in [name for name, due in self._due.items() if due <= now]:
                    del self._due[name]
                    group.create_task(self._measured(name, places), name=f"prefix of {name}")
                await self._next()

    async def _next(self) -> None:
        left = min((due for due in self._due.values()), default=None)
        try:
            async with asyncio.timeout(None if left is None else max(0.0, left - self._clock.monotonic())):
                await self._wake.wait()
        except TimeoutError:
            return

    def _plan(self, name: str, seconds: float) -> None:
        self._due[name] = self._clock.monotonic() + seconds
        self._wake.set()

    async def _measured(self, name: str, places: asyncio.Semaphore) -> None:
        wish = self._wishes.get(name)
        if wish is None:
            return
        async with places:
            try:
                async with asyncio.timeout(WITHIN_S):
                    verdict = await self._measure(name, wish)
            except (SlipwayError, TimeoutError) as error:
                log.info("%s: its prefix was not measured: %r", name, error)
                verdict = None
            except Exception:
                log.exception("%s: its prefix was not measured", name)
                verdict = None
        if verdict is not None and self._wishes.get(name) is wish:
            self._show(name, verdict)
        if verdict is None or not verdict.ok:
            self._once_more(name, wish)

    def _once_more(self, name: str, wish: Wish) -> None:
        """An app may answer before all of it is there: what failed is looked at a second time."""
        state, tries = self._tried.get(name, ("", 0))
        if self._wishes.get(name) is wish and state == wish.state and not tries:
            self._tried[name] = (state, 1)
            self._plan(name, AGAIN_S)

    async def _measure(self, name: str, wish: Wish) -> PrefixVerdict:
        visit = PrefixVisit(self._visitor, name)
        if wish.spec.rewrite is Rewrite.MEASURED:
            await self._routing.measured(name, needs_hop=await visit.strays(), wait_s=LIVE_S)
        return await visit.verdict(hop=self._routing.through_hop(name), told=wish.told, host_url=wish.host_url)
