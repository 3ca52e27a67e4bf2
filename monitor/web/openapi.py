"""The API described by itself: made from the routes, so that it cannot tell anything else than they do."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from monitor.domain.access import Scope
from monitor.web.answers import answer
from monitor.web.guard import needs, scope_of

PATH = "/api/openapi.json"
_PATTERN = re.compile(r"\{(\w+):[^{}]*\}")
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["reason", "message", "hint"],
            "properties": {name: {"type": "string"} for name in ("reason", "message", "hint")},
        }
    },
}


class Description:
    """Answers `/api/openapi.json` for the routes it was made from, itself included."""

    def __init__(self, routes: Iterable[web.RouteDef], version: str) -> None:
        self._value = describe([*routes, *self.routes()], version)

    def routes(self) -> list[web.RouteDef]:
        """The one path."""
        return [web.get(PATH, self.openapi)]

    @needs(Scope.READ)
    async def openapi(self, request: web.Request) -> web.Response:
        """This description."""
        return answer(self._value)


def describe(routes: Iterable[web.RouteDef], version: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document: every path under `/api`, what it does and the scope it needs."""
    paths: dict[str, Any] = {}
    for route in routes:
        if route.path.startswith("/api"):
            paths.setdefault(_PATTERN.sub(r"{\1}", route.path), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Slipway", "version": version},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR},
        },
    }


def _operation(route: web.RouteDef) -> dict[str, Any]:
    scope = scope_of(route.handler)
    names = re.findall(r"\{(\w+)", route.path)
    return {
        "summary": (inspect.getdoc(route.handler) or "").partition("\n")[0],
        "parameters": [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names],
        "security": [{"token": [scope.word]}] if isinstance(scope, Scope) else [],
        "responses": {
            "2XX": {"description": "as asked"},
            "default": {
                "description": "what happened and what to try",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
