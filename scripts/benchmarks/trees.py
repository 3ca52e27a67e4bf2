"""Two folders of real source in turn beside the bundled store with fsync, for the benchmarks of saves."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from monitor.adapters.clock import SystemClock
from monitor.adapters.embedded.supervisor import Supervisor
from monitor.adapters.embedded.weed import bundled_store
from monitor.adapters.s3_access import S3Access
from scripts.benchmarks.figures import Figure
from scripts.benchmarks.source_tree import make_tree

SIZES = ((8_000, 120.0), (300, 5.0))
"""Files and megabytes: a big project, and the folder somebody drops."""

Measured = Callable[[Path, Path, S3Access], list[Figure]]
"""A tree, a folder to work in, the store."""


def on_trees(measured: Measured, crowd: Measured | None = None, files: int = 0) -> list[Figure]:
    """What `measured` says of each size; with a `crowd`, what that says of a tree of `files` small ones."""
    return asyncio.run(_on_trees(measured, crowd, files))


async def _on_trees(measured: Measured, crowd: Measured | None, files: int) -> list[Figure]:
    found: list[Figure] = []
    rounds = [(measured, *size) for size in SIZES] + ([(crowd, files, files * 0.002)] if crowd else [])
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as base:
        async with _bundled(Path(base)) as access:
            for measure, count, megabytes in rounds:
                tree = Path(base) / f"tree-{count}"
                await asyncio.to_thread(make_tree, tree, count, megabytes)
                room = Path(base) / f"at-{count}"
                room.mkdir()
                found += await asyncio.to_thread(measure, tree, room, access)
    return found


@asynccontextmanager
async def _bundled(base: Path) -> AsyncIterator[S3Access]:
    """The bundled store, as the product runs it."""
    store = bundled_store(base / "store", base / "logs")
    supervisor = Supervisor(store.spec, SystemClock())
    await supervisor.start()
    try:
        # Told to other processes as JSON, which has no paths.
        yield replace(store.access, disk=None)
    finally:
        await supervisor.stop()
        await store.close()
