"""`/api/metrics`: everything that is counted, as a Prometheus server reads it."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from monitor.domain.access import Scope
from monitor.web.guard import needs

FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The handler; `render` gives the text."""

    def __init__(self, render: Callable[[], bytes]) -> None:
        self._render = render

    def routes(self) -> list[web.RouteDef]:
        """The one path."""
        return [web.get("/api/metrics", self.metrics)]

    @needs(Scope.READ)
    async def metrics(self, request: web.Request) -> web.Response:
        """Counters, gauges and histograms in Prometheus' text format; a scraper needs a token of scope read."""
        return web.Response(body=self._render(), headers={"Content-Type": FORMAT})
