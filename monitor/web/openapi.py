"""The API described by itself: made from the routes and from the table their requests are checked against."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

from aiohttp import web
from pydantic.json_schema import models_json_schema

from monitor.domain.access import Scope
from monitor.web.answers import answer
from monitor.web.contract import JSON, TABLE, Operation, operation_of
from monitor.web.guard import needs, scope_of
from monitor.web.shapes import COMPONENTS

PATH = "/api/openapi.json"
REF = "#/components/schemas/{model}"
_PATTERN = re.compile(r"\{(\w+):[^{}]*\}")
ERRORS = {
    400: "the request is not as described",
    401: "no good token",
    403: "the token's scope is too small, or a rule forbids it",
    404: "there is no such thing",
    405: "the method does not work here",
    408: "the body stopped coming",
    409: "something else stands in the way right now",
    412: "it is not what If-Match or If-None-Match said",
    413: "the body is too large",
    415: "the body is of a kind that is not taken",
    422: "the request cannot be carried out",
    429: "too many tries",
    503: "something this needs does not answer; try again",
    507: "the disk is full",
}
Json = dict[str, Any]


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


def describe(routes: Iterable[web.RouteDef], version: str) -> Json:
    """An OpenAPI 3.1 document: every path under `/api`, what it does, takes and answers, and the scope it needs."""
    models = {one for row in TABLE.values() for one in (row.body, row.query) if one is not None}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, made = models_json_schema([(model, "validation") for model in ordered], ref_template=REF)
    paths: Json = {}
    for route in routes:
        if route.path.startswith("/api"):
            paths.setdefault(_PATTERN.sub(r"{\1}", route.path), {})[route.method.lower()] = _operation(route, made)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Slipway", "version": version, "description": "How it is used: `GET /api/guide`."},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**made.get("$defs", {}), **COMPONENTS},
            "responses": {"Error": {"description": "what happened and what to try", "content": _of("Error")}},
        },
    }


def _operation(route: web.RouteDef, made: Json) -> Json:
    scope, path = scope_of(route.handler), _PATTERN.sub(r"{\1}", route.path)
    row = operation_of(route.method, path)
    first, _, rest = (inspect.getdoc(route.handler) or "").partition("\n")
    described: Json = {
        "summary": first,
        "description": rest.strip(),
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{path}").strip("_"),
        "parameters": [*_path(path), *_query(row, made), *_headers(row)],
        "security": [{"token": [scope.word]}] if isinstance(scope, Scope) else [],
        "responses": _responses(row),
    }
    if row.body is not None:
        described["requestBody"] = {"required": True, "content": _of(row.body.__name__)}
    elif row.raw:
        described["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    return described


def _path(path: str) -> Iterator[Json]:
    for name in re.findall(r"\{(\w+)", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query(row: Operation, made: Json) -> Iterator[Json]:
    if row.query is None:
        return
    schema = made["$defs"][row.query.__name__]
    for name, one in schema.get("properties", {}).items():
        choices = [kind for kind in one.get("anyOf", [one]) if kind.get("type") != "null"]
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": {key: value for key, value in choices[0].items() if key != "description"},
            **({"description": said} if (said := one.get("description") or choices[0].get("description")) else {}),
        }


def _headers(row: Operation) -> Iterator[Json]:
    for name in row.headers:
        yield {"name": name, "in": "header", "schema": {"type": "string"}, "description": 'A hash: `"…"`, or `*`.'}


def _responses(row: Operation) -> Json:
    said: Json = {}
    for status, what in row.answers:
        content = {what: {}} if "/" in what else _of(what) if what else {JSON: {}}
        one = said.setdefault(str(status), {"description": "as asked", "content": {}})
        one["content"] |= content
    said |= {str(status): {"$ref": "#/components/responses/Error"} for status in ERRORS}
    return said


def _of(name: str) -> Json:
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
