"""A revision that goes while it is restored: the revision after it still has every byte."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.domain.history import delta
from monitor.domain.history.revision import Origin
from monitor.services.gc.collecting import Collector
from monitor.services.gc.ground import BesideHistory
from monitor.services.restore.safety import HistorySafety, Kept, Vouched
from tests.services.gc.conftest import NARROW
from tests.support.restoring import NAME, PREFIX, Spot


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


async def test_what_was_read_from_packs_that_went_meanwhile_is_kept_anew(
    tmp_path: Path, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delta, "LEAST_DELTA", 0)
    spot = Spot(tmp_path)
    desk = spot.desk
    await desk.write("a", "one" * 1000)
    first = await spot.keep()
    await desk.write("a", "two" * 1000)
    for _ in range(3):
        await spot.keep()

    async def collect() -> list[str]:
        ground = BesideHistory(desk.history)
        collector = Collector(desk.store, desk.clock, pool, ground, prefix=PREFIX, grace_ns=0)
        return (await collector.collect(NAME, NARROW)).packs

    gone: list[str] = []

    class Late(HistorySafety):
        async def restored(self, workspace: str, folder: Path, origin: Origin, vouched: Vouched) -> Kept:
            gone.extend(await collect())
            return await super().restored(workspace, folder, origin, vouched)

    await collect()
    spot.restorer._safety = Late(desk.history, desk.files)
    result = await spot.restore(first)
    assert gone, "the pack it was read from went"
    assert result.after is not None
    assert spot.oracle(result.after) == spot.now()
    await desk.write("b", "one" * 1000)
    assert spot.oracle(await spot.keep()) == spot.now()
    await spot.close()
