"""Route published → live with 100 and 1,000 workspaces, beside Traefik's file provider with a plain file."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from monitor.adapters.clock import SystemClock
from monitor.adapters.embedded.binaries import find_binary
from monitor.adapters.traefik_router import TraefikRouter
from scripts.benchmarks.figures import Figure, median
from tests.support.route_latency import Latency, route_latency
from tests.support.traefik import traefik

TARGETS = {100: 0.15, 1000: 0.4}


def figures() -> Iterator[Figure]:
    """One figure for each size."""
    for workspaces, target in TARGETS.items():
        seen = asyncio.run(_measured(workspaces))
        yield Figure(
            f"route published → live, {workspaces} workspaces", median(seen.ours), "s", "Traefik, plain file",
            median(seen.peer), f"≤ {target} s", median(seen.ours) <= target,
        )  # fmt: skip


async def _measured(workspaces: int) -> Latency:
    with (
        tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder,
        traefik(find_binary("traefik"), Path(folder)) as server,
    ):
        router = TraefikRouter(server.directory, server.api_url, SystemClock())
        try:
            return await route_latency(server, router, workspaces)
        finally:
            await router.close()
