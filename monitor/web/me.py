"""What the caller's token may do, so that a page or a program need not find out by being refused."""

from __future__ import annotations

from aiohttp import web

from monitor.domain.access import Scope
from monitor.domain.audit import HOST
from monitor.web.answers import answer
from monitor.web.guard import WHO, Guard, needs

PATH = "/api/me"


class Me:
    """Answers `/api/me` behind the `guard` that proved who asks."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def routes(self) -> list[web.RouteDef]:
        """The one path."""
        return [web.get(PATH, self.me)]

    @needs(Scope.READ)
    async def me(self, request: web.Request) -> web.Response:
        """Who asks and what for: the token's `id`, `scope`, `note` and `expires_at` (null: never).

        On the control socket there is no token: `id` is `host`, as in the audit log, and the scope is `admin`.
        """
        if self._guard.trusted:
            return answer({"id": HOST, "scope": Scope.ADMIN.word, "note": "", "expires_at": None})
        told = request[WHO].as_json()
        return answer({field: told[field] for field in ("id", "scope", "note", "expires_at")})
