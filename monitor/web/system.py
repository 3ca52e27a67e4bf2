"""`/api/doctor` and `/api/metrics`: the machine and the monitor themselves, for people and for Prometheus."""

from __future__ import annotations

from aiohttp import web

from monitor.domain.access import Scope
from monitor.errors import Away
from monitor.web.answers import answer
from monitor.web.face import Oversight
from monitor.web.guard import needs

METRICS = "text/plain; version=0.0.4; charset=utf-8"


class System:
    """The handlers; `routes` is the table."""

    def __init__(self, oversight: Oversight) -> None:
        self._oversight = oversight

    def routes(self) -> list[web.RouteDef]:
        """Both paths."""
        return [web.get("/api/doctor", self.doctor), web.get("/api/metrics", self.metrics)]

    @needs(Scope.READ)
    async def doctor(self, request: web.Request) -> web.Response:
        """What Slipway stands on, looked at now: versions, ports, space, limits, store, Docker; each with a level."""
        if self._oversight.examine is None:
            raise Away("this monitor cannot look at its machine", hint="`slipway doctor` on the host can")
        return answer({"items": [finding.as_json() for finding in await self._oversight.examine()]})

    @needs(Scope.READ)
    async def metrics(self, request: web.Request) -> web.Response:
        """Counters, gauges and histograms in Prometheus' text format; a scraper needs a token of scope read."""
        return web.Response(body=self._oversight.render(), headers={"Content-Type": METRICS})
