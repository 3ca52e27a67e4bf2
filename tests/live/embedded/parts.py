"""Bundled programs for tests: one under a supervisor, one alone, a Traefik."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from monitor.adapters.clock import SystemClock
from monitor.adapters.embedded.child import Child, ChildSpec
from monitor.adapters.embedded.supervisor import State, Supervisor
from monitor.adapters.embedded.traefik import BundledTraefik, bundled_traefik


@asynccontextmanager
async def watched(spec: ChildSpec) -> AsyncIterator[Supervisor]:
    """A supervisor at work, its process gone afterwards whatever happens."""
    supervisor = Supervisor(spec, SystemClock())
    supervisor.probe_every_s = 0.2
    try:
        await supervisor.start()
        async with asyncio.TaskGroup() as group:
            group.create_task(supervisor.run())
            try:
                yield supervisor
            finally:
                await supervisor.stop()
    finally:
        await supervisor.child.stop()


@asynccontextmanager
async def started(spec: ChildSpec) -> AsyncIterator[Child]:
    """A child without a supervisor, as the backup scripts run the store."""
    child = Child(spec)
    try:
        await child.start()
        yield child
    finally:
        await child.stop()


def a_traefik(tmp_path: Path, port: int) -> BundledTraefik:
    return bundled_traefik(tmp_path / "traefik", tmp_path / "logs", bind="127.0.0.1", port=port, install_id="test-1")


def pid(child: Child) -> int:
    assert child.process
    return child.process.pid


async def restarted(supervisor: Supervisor) -> bool:
    return supervisor.condition.state is State.READY and supervisor.condition.restarts > 0
