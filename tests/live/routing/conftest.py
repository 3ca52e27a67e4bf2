"""A real Traefik that reads our file, and a town behind it, for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.traefik_router import TraefikRouter
from tests.live.routing.town import Town
from tests.support.traefik import TraefikServer, traefik


@pytest.fixture
def server(traefik_binary: Path, tmp_path: Path) -> Iterator[TraefikServer]:
    with traefik(traefik_binary, tmp_path) as running:
        yield running


@pytest.fixture
async def router(server: TraefikServer) -> AsyncIterator[TraefikRouter]:
    made = TraefikRouter(server.directory, server.api_url, SystemClock())
    yield made
    await made.close()


@pytest.fixture
async def town(server: TraefikServer, router: TraefikRouter) -> AsyncIterator[Town]:
    made = Town(server, router)
    made.gate_url = await made.gate.start()
    yield made
    await made.gate.close()
    for echo in made.echoes.values():
        await echo.stop()
