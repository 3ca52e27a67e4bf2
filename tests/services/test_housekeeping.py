"""What is done by the clock: snapshots that are due, once; retention that reads nothing where nothing came."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.adapters.state_files import DiskStateFiles
from monitor.domain.config_keep import Keep
from monitor.domain.moments import NS
from monitor.services.gc.ground import BesideHistory
from monitor.services.gc.repacking import Repacker
from monitor.services.housekeeping import TAG, TTL_S, Housekeeping
from monitor.settings import Settings
from tests.support.faults import Fault
from tests.support.past import Kept, kept

HOUR = 3600 * NS
DAY = 24 * HOUR


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Kept]:
    async with kept(tmp_path, Settings(snapshots="0 * * * *", retention="all=1h")) as found:
        yield found


@pytest.fixture
def keeping(shelf: Kept, tmp_path: Path) -> Housekeeping:
    return housekeeping(shelf, tmp_path)


def housekeeping(shelf: Kept, tmp_path: Path) -> Housekeeping:
    """A monitor's own; another one on the same folder is the monitor after a restart."""
    repacker = Repacker(shelf.store, shelf.clock, ThreadPoolExecutor(1), BesideHistory(shelf.history))
    state = DiskStateFiles(tmp_path / "data")
    return Housekeeping(
        shelf.past, repacker, state, shelf.clock, lambda: {p.name for p in shelf.root.iterdir() if p.is_dir()}
    )


async def names(shelf: Kept, name: str = "shop") -> list[int]:
    """The revisions that scheduled snapshots name."""
    return [one.snapshot.seq for one in await shelf.past.reading.snapshots.listed(name, tag=TAG)]


async def test_a_snapshot_is_made_when_it_is_due_and_only_of_what_is_new(shelf: Kept, keeping: Housekeeping) -> None:
    await shelf.save("shop/a", "1")
    assert await keeping.snapshots() == [], "the first look only plans"
    shelf.clock.wall_ahead_ns += HOUR
    await shelf.write("shop/a", "not kept yet")
    assert await keeping.snapshots() == ["shop"]
    (made,) = await shelf.past.reading.snapshots.listed("shop")
    assert (made.snapshot.seq, made.header and made.header.kind) == (2, "scheduled")
    assert made.snapshot.expires_ns == pytest.approx(made.snapshot.made_ns + TTL_S * NS, abs=NS)
    assert await keeping.snapshots() == []
    shelf.clock.wall_ahead_ns += HOUR
    assert await keeping.snapshots() == [], "nothing is new since the last one"
    assert await names(shelf) == [2]
    await shelf.save("shop/a", "3")
    shelf.clock.wall_ahead_ns += HOUR
    assert await keeping.snapshots() == ["shop"]
    assert await names(shelf) == [3, 2]


async def test_what_was_missed_while_nothing_ran_is_made_up_for_once(
    shelf: Kept, keeping: Housekeeping, tmp_path: Path
) -> None:
    await shelf.save("shop/a", "1")
    await keeping.snapshots()
    shelf.clock.wall_ahead_ns += DAY
    after = housekeeping(shelf, tmp_path)
    assert await after.snapshots() == ["shop"]
    assert await after.snapshots() == []
    assert await names(shelf) == [1]


async def test_a_clock_set_back_does_not_silence_it(shelf: Kept, keeping: Housekeeping) -> None:
    await shelf.save("shop/a", "1")
    shelf.clock.wall_ahead_ns += 30 * DAY
    await keeping.snapshots()
    shelf.clock.wall_ahead_ns -= 30 * DAY
    await keeping.snapshots()
    shelf.clock.wall_ahead_ns += HOUR
    assert await keeping.snapshots() == ["shop"]


async def test_a_workspace_may_say_otherwise(shelf: Kept, keeping: Housekeeping, tmp_path: Path) -> None:
    await shelf.save("quiet/a", "1")
    await shelf.save("shop/a", "1")
    keep = Keep.model_validate({"snapshots": "off", "retention": {"daily": 60, "ttl": "1y"}})
    shelf.past.terms.note("quiet", keep)
    await keeping.snapshots()
    shelf.clock.wall_ahead_ns += HOUR
    assert await keeping.snapshots() == ["shop"]
    assert (shelf.past.terms.policy("quiet").daily, shelf.past.terms.policy("quiet").all) == (60 * 86_400, 3600)
    async with kept(tmp_path / "again") as other:
        assert other.past.terms.policy("quiet").all == 24 * 3600
    shelf.past.terms.note("quiet", Keep())
    assert shelf.past.terms.policy("quiet") == shelf.past.terms.policy("shop")


async def test_retention_reads_nothing_where_nothing_came(shelf: Kept, keeping: Housekeeping) -> None:
    await shelf.save("shop/a", "1")
    await keeping.retention()
    shelf.store.calls.clear()
    await keeping.retention()
    assert shelf.store.count("get") == 0
    await shelf.save("shop/a", "2")
    shelf.store.calls.clear()
    await keeping.retention()
    assert shelf.store.count("get") > 0


async def test_what_no_rule_keeps_is_condemned_then_removed_also_of_a_folder_that_is_gone(
    shelf: Kept, keeping: Housekeeping
) -> None:
    for text in ("1", "2", "3"):
        await shelf.save("shop/a", text)
        shelf.clock.wall_ahead_ns += 2 * HOUR
    await keeping.retention()
    assert await shelf.past.reading.archive.seqs("shop") == [1, 2, 3]
    shelf.clock.wall_ahead_ns += 2 * DAY
    await keeping.retention()
    left = await shelf.past.reading.archive.seqs("shop")
    assert left[-1] == 3
    found = await shelf.past.acting.collect("shop", dry_run=True)
    assert {one["seq"] for one in found["decisions"] if one["keep"]} == set(left)


async def test_one_unreadable_history_does_not_stop_the_others(shelf: Kept, keeping: Housekeeping) -> None:
    await shelf.save("bad/a", "1")
    await shelf.save("shop/a", "1")
    key = next(key for key in shelf.memory.objects if key.startswith("bad/history/revisions/"))
    shelf.memory.objects[key] = b"garbage"
    shelf.store.calls.clear()
    await keeping.retention()
    assert any(key.startswith("shop/history/revisions/") for what, key in shelf.store.calls if what == "get")


async def test_with_the_store_away_a_snapshot_comes_later(shelf: Kept, keeping: Housekeeping) -> None:
    await shelf.save("shop/a", "1")
    await keeping.snapshots()
    shelf.clock.wall_ahead_ns += HOUR
    await shelf.write("shop/a", "2")
    shelf.store.arm(Fault())
    assert await keeping.snapshots() == []
    shelf.store.arm(None)
    assert await names(shelf) == []
    shelf.clock.ahead += 60
    await shelf.history.catch_up()
    assert await keeping.snapshots() == ["shop"]
    assert await names(shelf) == [2]
