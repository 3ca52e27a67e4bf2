"""Every request gets an id, is counted, and if it changes something or was refused, written down."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from aiohttp import hdrs, web

from monitor.domain.access import Scope
from monitor.domain.audit import HOST, Act
from monitor.domain.metrics import Name
from monitor.domain.moments import rfc3339
from monitor.ports.audit import Audit
from monitor.ports.clock import Clock
from monitor.ports.meter import Meter
from monitor.ports.tracing import REQUEST_ID
from monitor.web.answers import Handler, answer
from monitor.web.asking import query_number
from monitor.web.guard import SAFE_METHODS, WHO, Guard, needs

HEADER = "X-Request-Id"
_GIVEN = re.compile(r"[\w.-]{1,64}", re.ASCII)
MOST = 1000
REFUSED = frozenset({401, 403, 429})
NAMELESS, MINUTE_S = 100, 60.0
"""Records of requests without a good token, a minute: any page in a browser can cause them, as fast as it likes."""


class Auditing:
    """The outermost middleware, and `GET /api/audit`."""

    def __init__(self, audit: Audit, meter: Meter, clock: Clock, guard: Guard) -> None:
        self._audit = audit
        self._meter = meter
        self._clock = clock
        self._guard = guard
        self._minute, self._nameless = 0.0, 0

    def routes(self) -> list[web.RouteDef]:
        """The one path."""
        return [web.get("/api/audit", self.newest)]

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Stands outside the error shape, so that it sees what was answered."""
        said = request.headers.get(HEADER, "")
        request_id = said if _GIVEN.fullmatch(said) else secrets.token_hex(8)
        mark = REQUEST_ID.set(request_id)
        began = self._clock.monotonic()
        try:
            response = await handler(request)
        finally:
            REQUEST_ID.reset(mark)
        if not response.prepared:
            response.headers[HEADER] = request_id
        if "Upgrade" not in request.headers:
            took = self._clock.monotonic() - began
            self._meter.observe(Name.API_SECONDS, took, method=_method(request), status=str(response.status))
        if request.method not in SAFE_METHODS or response.status in REFUSED:
            self._note(self._act(request, response, request_id))
        return response

    def _note(self, act: Act) -> None:
        if act.who:
            self._audit.note(act)
            return
        now = self._clock.monotonic()
        if now - self._minute >= MINUTE_S:
            self._minute, self._nameless = now, 0
        self._nameless += 1
        if self._nameless < NAMELESS:
            self._audit.note(act)
        elif self._nameless == NAMELESS:
            self._audit.note(replace(act, reason="more without a token are not written down in this minute"))

    @needs(Scope.ADMIN)
    async def newest(self, request: web.Request) -> web.Response:
        """Who did what, newest first: `?limit=` (100 unless told), `?before=` an answer's `next`."""
        most = query_number(request, "limit", 100, MOST) or 100
        acts, place = self._audit.newest(most, query_number(request, "before", None, 2**62))
        return answer({"items": [act.as_json() for act in acts], "next": place})

    def _act(self, request: web.Request, response: web.StreamResponse, request_id: str) -> Act:
        token = request.get(WHO)
        return Act(
            time=rfc3339(self._clock.wall_ns()),
            who=token.id if token else HOST if self._guard.trusted else "",
            scope=token.scope.word if token else Scope.ADMIN.word if self._guard.trusted else "",
            method=_method(request),
            path=request.path[:500],
            status=response.status,
            workspace=request.match_info.get("name", "")[:63] if "/workspaces/" in request.path else "",
            place=request.remote or "",
            request_id=request_id,
        )


def _method(request: web.Request) -> str:
    return request.method if request.method in hdrs.METH_ALL else "other"
