"""One restore of a workspace at a time, and what becomes of one that is cancelled."""

from __future__ import annotations

import asyncio
import os
import shutil

import pytest

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


@pytest.mark.parametrize("step", ["committed", "all placed", "released"])
async def test_a_cancellation_after_the_commit_has_no_effect(spot: Spot, step: str) -> None:
    await spot.desk.write("a/b", "one")
    seq = await spot.keep()
    place = await spot.desk.write("a/b", "two")
    loop = asyncio.get_running_loop()
    reached = asyncio.Event()

    def stepped(name: str) -> None:
        if name == "durable":
            place.write_text("saved meanwhile")
        if name == step:
            loop.call_soon_threadsafe(reached.set)

    spot.placing._step = stepped  # type: ignore[method-assign]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(spot.restore(seq))
        await reached.wait()
        task.cancel()
    assert not task.cancelled()
    result = task.result()
    assert result.before == 2
    (displaced,) = result.displaced
    assert spot.oracle(displaced)[b"a/b"][1] == b"saved meanwhile"
    assert spot.now() == spot.oracle(seq) == spot.oracle(result.after or 0)
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
