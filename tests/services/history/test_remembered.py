"""What is known of a history by a new process: with its cache and without, with damage, and of many workspaces."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.keeping import NAME, Desk, picture


async def test_old_content_is_found_again_by_a_new_process(desk: Desk) -> None:
    """Content only older revisions name, behind a newer base."""

    async def branch(word: str) -> None:
        for number in range(1200):
            (desk.folder / f"f{number}").write_text(f"{word} {number}")
        await desk.rest()
        assert await desk.keep() is not None

    await branch("one")
    await branch("two")
    await branch("three")
    await branch("four")
    assert len({r for r in desk.objects if "/bases/" in r}) > 1
    await desk.restart(cache=False)
    desk.store.calls.clear()
    await branch("two")
    assert desk.new_packs() == []


async def test_a_new_process_knows_what_is_kept(desk: Desk) -> None:
    await desk.write("a", "x")
    await desk.write("b", "y")
    await desk.keep()
    await desk.restart()
    desk.store.calls.clear()
    desk.files.pieces = desk.files.read_many = None  # type: ignore[method-assign,assignment]
    assert await desk.keep() is None, "with its cache nothing is read"
    assert desk.store.puts == [f"{'p'}/writer"]
    assert desk.history.state(NAME).revision == 1


async def test_without_its_cache_everything_is_read_and_nothing_sent(desk: Desk) -> None:
    await desk.write("a", "x")
    await desk.keep()
    shot = picture(desk.folder)
    await desk.restart(cache=False)
    desk.store.calls.clear()
    assert await desk.keep() is None
    assert desk.new_packs() == []
    await desk.write("b", "y")
    await desk.keep()
    assert desk.restored(1) == shot
    assert desk.restored(2) == picture(desk.folder)


async def test_condemned_packs_are_uploaded_again(desk: Desk) -> None:
    await desk.write("a", "content")
    await desk.keep()
    (pack,) = desk.packs()
    desk.history.distrust(NAME, [pack.rpartition("/")[2]])
    await desk.write("b", "content")
    desk.store.calls.clear()
    await desk.keep()
    assert desk.new_packs() == [pack]
    await desk.write("c", "content")
    desk.store.calls.clear()
    await desk.keep()
    assert desk.new_packs() == [], "named again, it counts again"


@pytest.mark.parametrize("what", ["revisions", "bases"])
async def test_a_damaged_head_stops_nobody(desk: Desk, what: str) -> None:
    await desk.write("a", "x")
    await desk.keep()
    (key,) = [key for key in desk.objects if f"/{what}/" in key]
    desk.objects[key] = desk.objects[key][:-3] + b"bad"
    await desk.restart(cache=False)
    await desk.write("b", "y")
    revision = await desk.keep()
    assert revision is not None
    assert revision.seq == 2
    assert desk.restored(2) == picture(desk.folder)


async def test_many_workspaces_are_forgotten_and_found_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.services.history.upkeep.MOST_ENTRIES", 3)
    folders: dict[str, Path] = {}
    for number in range(4):
        folders[f"w{number}"] = folder = desk.tmp / f"w{number}"
        folder.mkdir()
        for each in range(2):
            (folder / f"{each}").write_text(f"{number} {each}")
    await desk.rest()
    for turn in range(2):
        desk.store.calls.clear()
        for name, folder in folders.items():
            revision = await desk.history.commit(name, folder, await desk.files.walk(folder))
            assert (revision is None) == (turn == 1)
    assert [call for call in desk.store.calls if call[0] != "list"] == [], "the cache is enough"


async def test_what_is_forgotten_while_somebody_waits_for_it_stays_one(desk: Desk) -> None:
    """Retention that waits for a batch holds the lock the next batch will ask for."""
    await desk.write("a", "one")
    await desk.keep()
    entered, leave = asyncio.Event(), asyncio.Event()

    async def retention() -> None:
        async with desk.history.hold(NAME):
            entered.set()
            await leave.wait()

    async with asyncio.TaskGroup() as group:
        async with desk.history.hold(NAME):
            group.create_task(retention())
            await asyncio.sleep(0)
        desk.history.forget(NAME)
        await entered.wait()
        await desk.write("a", "two")
        batch = group.create_task(desk.keep())
        while not batch.done() and not desk.history._head(NAME).users > 1:
            await asyncio.sleep(0.001)
        assert not batch.done()
        leave.set()
