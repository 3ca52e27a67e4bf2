"""Tokens over the API: listed without their secrets, made (the secret is answered this once), revoked."""

from __future__ import annotations

import math
from typing import Any

from aiohttp import web

from monitor.domain.access import Scope
from monitor.errors import UsageError
from monitor.services.access import Access
from monitor.web.answers import answer, body
from monitor.web.guard import needs

LONGEST_S = 10 * 365 * 86400.0


class Tokens:
    """The handlers; `routes` is the table. All of them need an admin."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """Every path about tokens."""
        return [
            web.get("/api/tokens", self.tokens),
            web.post("/api/tokens", self.new),
            web.delete("/api/tokens/{id}", self.revoke),
        ]

    @needs(Scope.ADMIN)
    async def tokens(self, request: web.Request) -> web.Response:
        """Every token, never its secret."""
        return answer({"items": [token.as_json() for token in self._access.tokens()]})

    @needs(Scope.ADMIN)
    async def new(self, request: web.Request) -> web.Response:
        """Make a token from `{"scope", "ttl_s", "note"}`; the answer's `token` is shown this once."""
        asked = await body(request)
        if unknown := asked.keys() - {"scope", "ttl_s", "note"}:
            raise UsageError(f"unknown field {min(unknown)[:40]!r}", hint="fields are scope, ttl_s and note")
        token, secret = self._access.new(
            Scope.of(asked.get("scope", "operate")), ttl_s=_ttl(asked.get("ttl_s")), note=_note(asked.get("note"))
        )
        return answer({**token.as_json(), "token": secret}, 201)

    @needs(Scope.ADMIN)
    async def revoke(self, request: web.Request) -> web.Response:
        """End a token at once; its live connections are closed."""
        token_id = request.match_info["id"]
        self._access.revoke(token_id)
        return answer({"id": token_id, "revoked": True})


def _ttl(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise UsageError("ttl_s is not a number of seconds", hint="give seconds from now, or leave it out for never")
    if value > LONGEST_S:
        raise UsageError("ttl_s is longer than ten years", hint="leave it out for a token that does not expire")
    return float(value)


def _note(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UsageError("note is not a text", hint="give a few words, or leave it out")
    return value
