"""Deleting a folder and purging a history beside everything else that goes on: nothing that counts as kept goes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.adapters.folders import DiskFolders
from monitor.domain.tree import Tree
from monitor.errors import Conflict, Refused
from monitor.services.mirror import Mirror, MirrorState
from monitor.services.restore.restoring import Asked
from tests.support.faults import Fault
from tests.support.past import Kept, kept


def silent(text: str, done: int | None = None, total: int | None = None) -> None:
    """Nobody is told."""


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Kept]:
    async with kept(tmp_path) as found:
        yield found


async def test_what_is_saved_while_a_delete_waits_for_its_turn_is_kept(shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    async with asyncio.TaskGroup() as group, shelf.turns.hold("shop"):
        task = group.create_task(shelf.past.removing.delete("shop", force=False, tell=silent))
        while not shelf.turns.doing("shop"):
            await asyncio.sleep(0.001)
        await shelf.write("shop/b", "saved meanwhile")
    deleted = task.result()
    await shelf.restoring.one("shop", Asked(revision=deleted["revision"]), silent)
    assert (shelf.root / "shop/b").read_text() == "saved meanwhile"


async def test_what_is_saved_at_the_very_last_moment_is_kept_too(
    shelf: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shelf.save("shop/a", "1")
    real, saves = DiskFolders.aside, iter(["late"])

    async def aside(self: DiskFolders, folder: Path) -> Path:
        for text in saves:
            await shelf.write("shop/b", text)
        return await real(self, folder)

    monkeypatch.setattr(DiskFolders, "aside", aside)
    await shelf.past.removing.delete("shop", force=False, tell=silent)
    assert not (shelf.root / "shop").exists()
    assert list((shelf.root / ".slipway").iterdir()) == []
    await shelf.restoring.one("shop", Asked(), silent)
    assert (shelf.root / "shop/b").read_text() == "late"


async def test_a_folder_that_never_rests_is_not_deleted_unasked(shelf: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.save("shop/a", "1")
    real, number = DiskFolders.aside, 0

    async def aside(self: DiskFolders, folder: Path) -> Path:
        nonlocal number
        number += 1
        await shelf.write("shop/b", f"{number}")
        return await real(self, folder)

    monkeypatch.setattr(DiskFolders, "aside", aside)
    with pytest.raises(Conflict, match="keeps writing"):
        await shelf.past.removing.delete("shop", force=False, tell=silent)
    assert (shelf.root / "shop/b").read_text() == f"{number}"
    await shelf.past.removing.delete("shop", force=True, tell=silent)
    assert not (shelf.root / "shop").exists()


async def test_a_file_that_is_being_written_is_not_deleted_unasked(
    shelf: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the mirror came to read it: what counts is the revision."""
    await shelf.save("shop/a", "1")
    growing, stop = shelf.root / "shop/growing", asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            with growing.open("a") as file:
                file.write("more")
            await asyncio.sleep(0.001)

    async def in_step(*_: object) -> MirrorState:
        return MirrorState()

    monkeypatch.setattr(Mirror, "sync", in_step)
    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        try:
            with pytest.raises(Refused) as refused:
                await shelf.past.removing.delete("shop", force=False, tell=silent)
        finally:
            stop.set()
    assert refused.value.reason == "not-kept"
    assert growing.exists()


async def test_a_delete_that_was_killed_half_way_is_put_back_or_ended(tmp_path: Path) -> None:
    folders = DiskFolders()
    for name in ("one", "two", "three"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub/f").write_text(name)
    await folders.aside(tmp_path / "one")
    two = await folders.aside(tmp_path / "two")
    two.parent.rename(two.parent.with_name(two.parent.name.replace("leaving", "deleted")))
    three = await folders.aside(tmp_path / "three")
    (tmp_path / "three").mkdir()
    before = {path.relative_to(tmp_path) for path in tmp_path.rglob("*")}
    await folders.sweep(tmp_path)
    assert (tmp_path / "three").exists()
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if "deleted" not in str(path)} == {
        path for path in before if "deleted" not in str(path)
    }, "what is under way is left alone"
    folders.close()
    folders = DiskFolders()
    await folders.sweep(tmp_path)
    assert (tmp_path / "one/sub/f").read_text() == "one"
    assert not (tmp_path / "two").exists()
    assert (three / "sub/f").read_text() == "three", "something else has its name: both stay"
    assert len(list((tmp_path / ".slipway").iterdir())) == 1
    folders.close()


async def test_a_purge_waits_for_a_restore_and_then_finds_the_folder(shelf: Kept) -> None:
    """The revision after a restore names the packs it was read from."""
    await shelf.save("shop/a", "1" * 5000)
    shutil.rmtree(shelf.root / "shop")
    await shelf.history.commit("shop", shelf.root / "shop", Tree({}), kind="deleted")
    reading = asyncio.Event()
    shelf.store.arm(Fault("delay", match=lambda what, _key: what == "get_range" and not reading.set(), seconds=0.2))
    async with asyncio.TaskGroup() as group:
        restored = group.create_task(shelf.restoring.one("shop", Asked(), silent))
        await reading.wait()
        with pytest.raises(Conflict):
            await shelf.past.removing.purge("shop", "shop", tell=silent)
    shelf.store.arm(None)
    assert restored.result()["after"]
    found = await shelf.past.reading.verify("shop", read_data=True, tell=silent)
    assert found["whole"], found["problems"]


async def test_a_folder_that_comes_before_a_purge_has_its_turn_is_not_forgotten(shelf: Kept) -> None:
    await shelf.save("shop/a", "1")
    shutil.rmtree(shelf.root / "shop")
    async with asyncio.TaskGroup() as group, shelf.turns.hold("shop"):
        task = group.create_task(_conflict(shelf))
        while not shelf.turns.doing("shop"):
            await asyncio.sleep(0.001)
        await shelf.write("shop/b", "new")
        newest = (await shelf.past.acting.keep("shop", silent))["revision"]
    assert task.result() == "conflict"
    state = await shelf.history.archive.state("shop", newest)
    assert set(state) == {"b"}


async def _conflict(shelf: Kept) -> str:
    try:
        await shelf.past.removing.purge("shop", "shop", tell=silent)
    except Conflict as error:
        return error.reason
    return ""


async def test_a_revision_is_named_while_nothing_is_removed(shelf: Kept) -> None:
    """Retention looks at the names, then removes: one given in between would name nothing."""
    await shelf.save("shop/a", "1")
    await shelf.save("shop/a", "2")
    key = "shop/history/names/release"
    async with asyncio.TaskGroup() as group, shelf.history.hold("shop"):
        group.create_task(shelf.past.acting.snapshot("shop", "release", revision="1"))
        lock = shelf.history._heads["shop"].lock
        while not lock._waiters and key not in shelf.memory.objects:
            await asyncio.sleep(0.001)
        assert key not in shelf.memory.objects
    assert key in shelf.memory.objects
