"""What the mirror holds back, and what survives trouble: the store, the folder, or files that never rest."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from monitor.ports.files import FolderGone
from monitor.ports.store import StoreAway, StoreRefused
from tests.support.mirroring import Bench
from tests.support.waiting import until


async def test_the_store_away_is_pending_and_caught_up_alone(bench: Bench) -> None:
    bench.write("a", b"1")
    bench.store.fault = StoreAway("the store does not answer")
    away = await bench.sync()
    assert away.pending >= 1
    assert away.error is not None
    assert "does not answer" in away.error
    asked = await bench.sync()
    assert bench.store.calls == {}, "the back-off asks nothing"
    assert asked.pending >= 1
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.mirror.run())
        await asyncio.sleep(0.1)
        bench.store.fault = None
        await until(lambda: bench.store.mirrored == {"a": b"1"})
        await until(lambda: bench.mirror.state("shop").pending == 0)
        task.cancel()
    assert bench.mirror.state("shop").error is None
    assert bench.mirror.state("shop").mirror_lag_s == 0


async def test_what_was_sent_before_the_store_went_away_is_not_sent_again(bench: Bench) -> None:
    for number in range(200):
        bench.write(f"f{number}", str(number).encode())
    bench.store.fault, bench.store.after = StoreAway("gone"), 50
    state = await bench.sync()
    done = len(bench.store.mirrored)
    assert 0 < done <= 50
    assert state.pending == 200 - done
    bench.store.fault = None
    bench.clock.ahead += 100
    await bench.sync()
    assert bench.store.calls == {"put": 200 - done}


async def test_a_refusal_is_told_and_tried_rarely(bench: Bench) -> None:
    bench.write("a")
    bench.store.fault = StoreRefused("the access key is wrong")
    assert "access key" in ((await bench.sync()).error or "")


async def test_losing_much_at_once_waits_for_a_person(bench: Bench) -> None:
    for number in range(150):
        bench.write(f"old/f{number}")
    bench.write("index.html")
    await bench.sync()
    shutil.rmtree(bench.folder / "old")
    state = await bench.sync()
    assert (state.pending, state.held_deletes, bench.store.calls) == (0, 150, {})
    for number in range(400):
        bench.write(f"new/f{number}")
    state = await bench.sync()
    assert state.held_deletes == 150, "more files must not release what is held"
    await bench.mirror.close()
    bench.mirror = bench.new()
    assert (await bench.sync()).held_deletes == 150, "nor a restart"
    bench.mirror.confirm_deletes("shop")
    state = await bench.sync()
    assert (state.held_deletes, state.pending, len(bench.store.mirrored)) == (0, 0, 401)


async def test_held_files_that_come_back_are_no_longer_held(bench: Bench) -> None:
    for number in range(150):
        bench.write(f"old/f{number}")
    await bench.sync()
    (bench.folder / "old").rename(bench.base / "aside")
    assert (await bench.sync()).held_deletes == 150
    (bench.base / "aside").rename(bench.folder / "old")
    state = await bench.sync()
    assert (state.held_deletes, bench.store.calls["delete"]) == (0, 0)


async def test_a_missing_folder_deletes_nothing(bench: Bench) -> None:
    bench.write("a")
    await bench.sync()
    tree = await bench.files.walk(bench.folder)
    (bench.folder / "a").unlink()
    emptied = await bench.files.walk(bench.folder)
    bench.write("a")
    shutil.rmtree(bench.folder)
    with pytest.raises(FolderGone):
        await bench.files.walk(bench.folder)
    state = await bench.mirror.sync("shop", bench.folder, emptied)
    assert bench.store.mirrored == {"a": b"x"}
    assert state.error is not None
    assert len(tree) == 1


async def test_an_old_tree_deletes_nothing_that_is_on_disk(bench: Bench) -> None:
    bench.write("a")
    old = await bench.files.walk(bench.folder)
    bench.write("b")
    await bench.sync()
    await bench.mirror.sync("shop", bench.folder, old)
    assert set(bench.store.mirrored) == {"a", "b"}


async def test_a_file_that_never_holds_still_is_pending_and_never_clean(bench: Bench) -> None:
    file = bench.write("busy", b"0")
    bench.write("calm", b"1")
    stop = asyncio.Event()

    async def scribble() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            file.write_bytes(b"%d" % number)
            await asyncio.sleep(0.001)

    async with asyncio.TaskGroup() as group:
        group.create_task(scribble())
        state = await bench.sync()
        assert bench.store.mirrored["calm"] == b"1"
        assert state.pending == 1
        assert "busy" in (state.error or "")
        stop.set()
    bench.clock.ahead += 100
    await asyncio.sleep(0.05)
    state = await bench.sync()
    assert (state.pending, state.error) == (0, None)
    assert bench.store.mirrored["busy"] == file.read_bytes()
