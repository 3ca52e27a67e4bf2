"""A dashboard and a control socket over a registry the test drives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse
from aiohttp.test_utils import TestClient, TestServer

from monitor.domain.access import Scope
from monitor.web.server import dashboard_app
from tests.support.face import Stage

ORIGIN = "http://slipway.test:8081"


class Door:
    """The dashboard over a `Stage`, and tokens of every scope."""

    def __init__(self, stage: Stage, client: TestClient[Any, Any]) -> None:
        self.stage = stage
        self.client = client
        self.ids: dict[Scope, str] = {}
        self.secrets: dict[Scope, str] = {}
        for scope in Scope:
            token, self.secrets[scope] = stage.access.new(scope)
            self.ids[scope] = token.id

    def bearer(self, scope: Scope = Scope.ADMIN) -> dict[str, str]:
        """The header that proves a token of this scope."""
        return {"Authorization": f"Bearer {self.secrets[scope]}"}

    async def live(self, scope: Scope = Scope.READ, **options: Any) -> ClientWebSocketResponse:
        """A proved live connection whose first event has not been read."""
        socket = await self.client.ws_connect("/api/events", **options)
        await socket.send_json({"type": "auth", "token": self.secrets[scope]})
        return socket


@asynccontextmanager
async def running(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work())
        await asyncio.sleep(0)
        yield
        task.cancel()


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
async def door(stage: Stage) -> AsyncIterator[Door]:
    """The dashboard's application on a real loopback port."""
    app = dashboard_app(stage.face, frozenset({ORIGIN}))
    async with running(stage.jobs.run), TestClient(TestServer(app)) as client:
        yield Door(stage, client)
