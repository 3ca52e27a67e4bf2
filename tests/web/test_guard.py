"""Who may ask for what, from where: generated from the router, so that no route is forgotten."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import ClientError, web

from monitor.domain.access import Scope
from monitor.domain.workspace import Phase
from monitor.services.jobs import Tell
from monitor.web.answers import HEADERS
from monitor.web.guard import OPEN, scope_of
from monitor.web.server import dashboard_app
from tests.support.face import Stage
from tests.web.conftest import ORIGIN, Door

OPEN_PATHS = {"/", "/static/{path}", "/api/health", "/api/events"}


def _routes() -> list[tuple[str, str, Any]]:
    app = dashboard_app(Stage().face, frozenset({ORIGIN}))
    return [
        (route.method, route.resource.canonical, scope_of(route.handler))
        for route in app.router.routes()
        if route.resource is not None
    ]


ROUTES = _routes()
CLOSED = [route for route in ROUTES if route[1] not in OPEN_PATHS]
MUTATING = [route for route in ROUTES if route[0] not in {"GET", "HEAD"}]


def _path(canonical: str) -> str:
    return (
        canonical.replace("{name}", "blog")
        .replace("{id}", "x1")
        .replace("{path}", "dashboard/main.js")
        .replace("{seq}", "1")
        .replace("{snapshot}", "v1")
    )


def test_only_the_named_paths_are_open() -> None:
    assert {path for _, path, scope in ROUTES if scope == OPEN} == OPEN_PATHS
    assert all(isinstance(scope, Scope) for _, _, scope in CLOSED)


@pytest.mark.parametrize(("method", "path", "scope"), CLOSED)
async def test_every_other_route_wants_a_token_of_its_scope(door: Door, method: str, path: str, scope: Scope) -> None:
    door.stage.add("blog", phase=Phase.SERVING)
    nobody = await door.client.request(method, _path(path))
    assert nobody.status == 401
    stranger = await door.client.request(method, _path(path), headers={"Authorization": "Bearer guessed"})
    assert stranger.status == 401
    for smaller in Scope:
        if smaller < scope:
            refused = await door.client.request(method, _path(path), headers=door.bearer(smaller))
            assert refused.status == 403
    assert door.stage.asked == []
    enough = await door.client.request(method, _path(path), headers=door.bearer(scope))
    assert enough.status not in {401, 403}


PLACES = [
    ({}, True),
    ({"Origin": ORIGIN}, True),
    ({"Origin": "OWN"}, True),
    ({"Origin": "OWN", "Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "none"}, True),
    ({"Origin": "http://slipway.test:8080"}, False),
    ({"Origin": "http://slipway.test"}, False),
    ({"Origin": "https://slipway.test:8081"}, False),
    ({"Origin": "http://127.0.0.1:1"}, False),
    ({"Origin": "null"}, False),
    ({"Origin": ""}, False),
    ({"Origin": "http://slipway.test:8081.evil.example"}, False),
    ({"Origin": "http://evil-slipway.test:8081"}, False),
    ({"Origin": "http://blog.slipway.test:8081"}, False),
    ({"Origin": "http://slipway.test@evil.example:8081"}, False),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Origin": "OWN", "Sec-Fetch-Site": "cross-site"}, False),
]


def _headers(door: Door, given: dict[str, str]) -> dict[str, str]:
    own = str(door.client.make_url("/")).rstrip("/")
    return {name: own if value == "OWN" else value for name, value in given.items()}


@pytest.mark.parametrize(("given", "allowed"), PLACES)
async def test_no_foreign_page_changes_anything(door: Door, given: dict[str, str], allowed: bool) -> None:
    for method, path, _ in MUTATING:
        door.stage.add("blog", phase=Phase.SERVING)
        headers = {**door.bearer(), **_headers(door, given)}
        response = await door.client.request(method, _path(path), headers=headers)
        assert (response.status != 403) is allowed, f"{method} {path}"
    assert bool(door.stage.asked) is allowed


@pytest.mark.parametrize(("given", "allowed"), PLACES)
async def test_no_foreign_page_opens_the_live_stream(door: Door, given: dict[str, str], allowed: bool) -> None:
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    async with door.client.get("/api/events", headers={**upgrade, **_headers(door, given)}) as response:
        assert response.status == (101 if allowed else 403)


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("slipway.test:8081", True),
        ("localhost", True),
        ("127.0.0.1:8081", True),
        ("[::1]:8081", True),
        ("rebound.example", False),
        ("slipway.test.evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("[", False),
        ("", False),
    ],
)
async def test_a_rebound_name_reaches_nothing(door: Door, host: str, known: bool) -> None:
    for path in ("/", "/api/health", "/static/dashboard/main.js", "/nothing"):
        response = await door.client.get(path, headers={"Host": host})
        assert (response.status != 403) is known


async def test_a_forgotten_declaration_fails_closed(stage: Stage, aiohttp_client: Any) -> None:
    async def forgotten(request: web.Request) -> web.Response:
        return web.Response(text="secret")

    app = dashboard_app(stage.face, frozenset({ORIGIN}))
    app.router.add_get("/api/forgotten", forgotten)
    client = await aiohttp_client(app)
    _, secret = stage.access.new(Scope.ADMIN)
    response = await client.get("/api/forgotten", headers={"Authorization": f"Bearer {secret}"})
    assert response.status == 403
    assert "secret" not in await response.text()


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/status", "/nothing", "/static/dashboard/main.js"])
async def test_every_answer_carries_the_fixed_headers(door: Door, path: str) -> None:
    response = await door.client.get(path)
    for name in HEADERS.keys() - {"Cache-Control"}:
        assert response.headers[name] == HEADERS[name]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in response.headers


async def test_what_is_followed_ends_with_its_token(door: Door) -> None:
    """R25: also where nothing more is said for hours."""

    async def work(tell: Tell) -> None:
        tell("waiting")
        await asyncio.Event().wait()

    job = door.stage.jobs.begin("run", "shop", work)
    async with door.client.get(f"/api/jobs/{job.id}/log", headers=door.bearer(Scope.READ)) as answered:
        assert answered.status == 200
        door.stage.access.revoke(door.ids[Scope.READ])
        async with asyncio.timeout(5):
            with pytest.raises(ClientError):
                await answered.read()
    door.stage.jobs.cancel(job.id)
