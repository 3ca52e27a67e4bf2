"""One restore of a workspace at a time, and what becomes of one that is cancelled."""

from __future__ import annotations

import asyncio
import os
import shutil

from tests.support.restoring import NAME, Spot


async def test_a_cancelled_restore_leaves_nothing(spot: Spot) -> None:
    for number in range(50):
        await spot.desk.write(f"d{number}/f", os.urandom(1000))
    seq = await spot.keep()
    for number in range(50):
        shutil.rmtree(spot.folder / f"d{number}")
    before = spot.now()
    staged = asyncio.Event()
    loop = asyncio.get_running_loop()
    spot.placing._step = lambda name: loop.call_soon_threadsafe(staged.set) if name == "staged" else None  # type: ignore[method-assign]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(spot.restore(seq))
        await staged.wait()
        task.cancel()
    assert task.cancelled()
    assert spot.now() == before
    assert spot.stages == []
    await spot.restore(seq)
    assert spot.now() == spot.oracle(seq)


async def test_a_cancellation_after_the_commit_has_no_effect(spot: Spot) -> None:
    await spot.desk.write("a/b", "one")
    seq = await spot.keep()
    await spot.desk.write("a/b", "two")
    loop = asyncio.get_running_loop()
    committed = asyncio.Event()
    spot.placing._step = lambda name: loop.call_soon_threadsafe(committed.set) if name == "committed" else None  # type: ignore[method-assign]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(spot.restore(seq))
        await committed.wait()
        task.cancel()
    assert not task.cancelled()
    assert task.result().before == 2
    assert spot.now() == spot.oracle(seq)
    assert spot.stages == []


async def test_restores_of_one_workspace_come_one_after_the_other(spot: Spot) -> None:
    await spot.desk.write("a", "one")
    first = await spot.keep()
    await spot.desk.write("a", "two")
    second = await spot.keep()
    over: list[str] = []
    spot.restorer.turns.over = over.append
    async with asyncio.TaskGroup() as group:
        group.create_task(spot.restore(first))
        group.create_task(spot.restore(second))
        await asyncio.sleep(0)
    assert spot.now() in (spot.oracle(first), spot.oracle(second))
    assert over == [NAME, NAME]
    assert spot.restorer.turns.doing(NAME) == ""
