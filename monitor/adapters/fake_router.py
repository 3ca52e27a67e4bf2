"""A router in memory, for tests of services: takes a table at once, unless told to be slow or away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from monitor.domain.route_difference import (
    ActualRouter,
    Extra,
    Mismatch,
    RouterState,
    mismatches,
    unexpected,
)
from monitor.domain.routes import Provider, Route, RouteTable
from monitor.ports.router import RouterAway


class FakeRouter:
    """Keeps the port's promises; `writes` counts what `publish` wrote.

    `away` makes it not answer, `deaf` makes it keep its old table. `label` and `unlabel` do what an engine
    does by starting and stopping containers with labels.
    """

    def __init__(self) -> None:
        self.writes = 0
        self.away = False
        self.deaf = False
        self._published = RouteTable(())
        self._live: dict[str, Route] = {}
        self._labelled: dict[str, Route] = {}

    def label(self, routes: Iterable[Route]) -> None:
        """Containers with these routes came up."""
        self._labelled |= {route.full_name: route for route in routes}

    def unlabel(self, routes: Iterable[Route]) -> None:
        """Their containers went away."""
        for route in routes:
            self._labelled.pop(route.full_name, None)

    async def check(self) -> str:
        self._answer()
        return "fake"

    async def publish(self, table: RouteTable) -> bool:
        published = RouteTable(tuple(route for route in table if route.provider is Provider.FILE))
        changed = published != self._published
        self._published = published
        self.writes += changed
        return changed

    async def confirm(self, routes: Sequence[Route], timeout_s: float) -> tuple[Mismatch, ...]:
        missing = mismatches(routes, await self.actual())
        if missing:
            await asyncio.sleep(min(timeout_s, 0.01))
            missing = mismatches(routes, await self.actual())
        return missing

    async def gone(self, routes: Sequence[Route], timeout_s: float) -> tuple[str, ...]:
        actual = await self.actual()
        return tuple(route.full_name for route in routes if route.full_name in actual.routers)

    async def actual(self) -> RouterState:
        self._answer()
        if not self.deaf:
            self._live = self._published.by_name()
        routes = [*self._live.values(), *self._labelled.values()]
        urls = {route.full_service: () if route.service.url is None else (route.service.url,) for route in routes}
        names = frozenset(name for route in routes for name in route.full_middlewares)
        return RouterState({route.full_name: _as_seen(route) for route in routes}, urls, names)

    async def unexpected(self, wanted: RouteTable) -> tuple[Extra, ...]:
        return unexpected(wanted, await self.actual())

    async def close(self) -> None:
        return None

    def _answer(self) -> None:
        if self.away:
            raise RouterAway("the router does not answer", hint="see whether it is running")


def _as_seen(route: Route) -> ActualRouter:
    return ActualRouter(route.full_name, route.rule, route.priority, route.full_service, route.full_middlewares)
