"""The router's promises, kept by a real Traefik through its file provider, and how soon a route is live."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.traefik_router import FILE_NAME, TraefikRouter
from monitor.domain.route_difference import Mismatch
from tests.contracts.router_contract import RouterContract
from tests.live.routing.town import WAIT_S, table_of
from tests.support.route_latency import route_latency
from tests.support.traefik import TraefikServer

pytestmark = pytest.mark.traefik


class TraefikBench:
    def __init__(self, server: TraefikServer, router: TraefikRouter) -> None:
        self.server = server
        self.router = router

    def writes(self) -> int:
        """The file's inode and time: neither stays through a write."""
        seen = (self.server.directory / FILE_NAME).stat()
        return hash((seen.st_ino, seen.st_mtime_ns))

    async def again(self) -> TraefikRouter:
        return TraefikRouter(self.server.directory, self.server.api_url, SystemClock())

    async def go_away(self) -> None:
        await asyncio.to_thread(self.server.program.stop)


class TestTraefikByFile(RouterContract):
    @pytest.fixture
    def bench(self, server: TraefikServer, router: TraefikRouter) -> TraefikBench:
        return TraefikBench(server, router)

    async def test_a_new_process_writes_nothing_either(self, bench: TraefikBench) -> None:
        wanted = table_of([], gate="http://127.0.0.1:9", known=["a"])
        await bench.router.publish(wanted)
        before = bench.writes()
        again = await bench.again()
        assert await again.publish(wanted) is False
        await again.close()
        assert bench.writes() == before

    async def test_a_file_somebody_spoiled_is_mended(self, bench: TraefikBench) -> None:
        wanted = table_of([], gate="http://127.0.0.1:9", known=["a"])
        await bench.router.publish(wanted)
        (bench.server.directory / FILE_NAME).write_text("http: [")
        assert await bench.router.publish(wanted) is True
        assert await bench.router.confirm(wanted.routes, WAIT_S) == ()

    async def test_what_traefik_refuses_is_told_with_its_reason(self, bench: TraefikBench) -> None:
        wanted = table_of([], gate="http://127.0.0.1:9", known=["a"])
        await bench.router.publish(wanted)
        assert await bench.router.confirm(wanted.routes, WAIT_S) == ()
        path = bench.server.directory / FILE_NAME
        path.write_text(path.read_text().replace("PathRegexp(`^/(?:a)", "PathRegexp(`^/(?:a"))
        missing: tuple[Mismatch, ...] = ()
        async with asyncio.timeout(WAIT_S):
            # Asked route by route: an answer may be half from before Traefik read the file, half from after.
            while [m.name for m in missing] != ["slipway-gate@file"] or "refused" not in str(missing):
                missing = await bench.router.confirm(wanted.routes, 0.1)


@pytest.mark.parametrize("workspaces", [100, 1000])
async def test_how_soon_a_published_route_is_live(
    server: TraefikServer, router: TraefikRouter, workspaces: int, record_property: Any
) -> None:
    seen = await route_latency(server, router, workspaces, rounds=3)
    for what, seconds in (("live", seen.ours), ("confirmed", seen.confirmed), ("traefik alone", seen.peer)):
        line = " ".join(f"{one:.3f}" for one in seconds)
        record_property(f"{workspaces} workspaces, {what}", line)
        print(f"{workspaces} workspaces, {what}: {line} s")  # noqa: T201
    assert len(seen.ours) == len(seen.peer) == 3
