"""What was damaged while it waited in the spool: it hides nothing in the store and keeps no other one waiting."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import SlipwayError
from tests.support.faults import Fault
from tests.support.keeping import NAME, Desk, assert_kept, keep_some


def spoiled(desk: Desk, start: str) -> Path:
    """The first file of the spool below `start`, one byte of it another one."""
    path = next(p for p in sorted((desk.tmp / "spool").rglob("*")) if p.is_file() and start in str(p))
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    return path


async def test_what_is_damaged_in_the_spool_hides_nothing_in_the_store(desk: Desk) -> None:
    await keep_some(desk, range(1))
    desk.store.arm(Fault())
    await keep_some(desk, range(1, 2))
    spoiled(desk, "shop/history/revisions")
    await desk.restart(kill=True)
    desk.store.arm(None)
    shots = await keep_some(desk, range(2, 3))
    assert list(shots) == [2]
    assert set(await desk.history.archive.state(NAME, 2)) == {"a", "f0", "f1", "f2"}
    assert "set aside" in desk.history.problems[0]
    assert len(list((desk.tmp / "spool").rglob("damaged/*"))) == 1
    assert_kept(desk, shots)


async def test_one_workspace_whose_spool_is_damaged_keeps_no_other_waiting(desk: Desk) -> None:
    await keep_some(desk, range(1))
    desk.store.arm(Fault())
    await keep_some(desk, range(1, 2))
    await desk.history.commit("other", desk.folder, await desk.files.walk(desk.folder))
    spoiled(desk, "shop/history/revisions")
    desk.store.arm(None)
    desk.clock.ahead += 100
    with pytest.raises(SlipwayError) as told:
        await desk.history.catch_up()
    assert told.value.reason == "spool-damaged"
    assert (desk.history.state("other").revision, desk.history.state("other").error) == (1, "")
    assert desk.history.state(NAME).error == told.value.message
