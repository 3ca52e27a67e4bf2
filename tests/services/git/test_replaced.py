"""A folder replaced under the same name is another one: nothing of the earlier one's remote happens to it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.domain.config_git import Git as Terms
from monitor.errors import Conflict, Refused
from monitor.services.git import means
from tests.support.following import World, followed, quiet

FIRST = {"index.html": "one", "style.css": "a {}", "LICENSE": "MIT"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with followed(tmp_path) as found:
        yield found


def another(world: World, files: dict[str, str]) -> None:
    """The folder is deleted and one of the same name made, while nobody watches."""
    shutil.rmtree(world.folder())
    world.folder().mkdir()
    for name, text in files.items():
        (world.folder() / name).write_text(text)


async def test_what_the_earlier_one_pulled_removes_and_adds_nothing(world: World) -> None:
    world.remote.commit(FIRST)
    await world.make()
    world.remote.commit({"LICENSE": None, "index.html": "two", "new.html": "new"})
    mine = {"LICENSE": "MIT", "app.py": "mine", "index.html": "one"}
    another(world, mine)

    with pytest.raises(Conflict, match="another folder"):
        await world.pull()
    assert world.files() == mine
    with pytest.raises(Refused):
        await world.pull()

    terms = Terms(url=world.url, branch="main")
    world.following.note("shop", world.folder(), terms)
    pulled = await world.following._pull("shop", world.folder(), terms, quiet)
    assert [path for path, _ in pulled.conflicts] == ["index.html"]
    assert world.files() == mine


async def test_it_is_not_pushed_in_the_earlier_ones_place(world: World) -> None:
    world.remote.commit(FIRST)
    await world.make()
    another(world, {"app.py": "mine"})
    with pytest.raises(Conflict, match="another folder"):
        await world.push()
    assert world.remote.paths("main") == sorted(FIRST)
    assert [branch for branch in world.remote.show("--all").splitlines() if "mine" in branch] == []


async def test_the_same_folder_goes_on_after_a_restart_however_much_changed_in_it(tmp_path: Path) -> None:
    async with followed(tmp_path) as world:
        world.remote.commit(FIRST)
        await world.make()
        (world.folder() / "own.txt").write_text("own")
        world.folder().chmod(0o700)
        world.remote.commit({"LICENSE": None})
        await world.pull()
        world.remote.commit({"index.html": "two"})
        moved = world.following._means.book
        device, inode, born = moved.of("shop").folder
        moved.note("shop", folder=(device + 1, inode, born))
        await world.pull()
        assert world.files() == {"index.html": "two", "style.css": "a {}", "own.txt": "own"}


async def test_what_is_too_large_for_a_file_here_is_not_deleted_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.remote.commit({**FIRST, "big.bin": "x" * 100, "gone.txt": "gone"})
    monkeypatch.setattr(means, "MAX_FILE", 10)
    await world.make()
    assert "big.bin" not in world.files()
    (world.folder() / "gone.txt").unlink()
    (world.folder() / "own.txt").write_text("own")
    pushed = await world.push()
    assert world.remote.paths(pushed["branch"]) == sorted({*FIRST, "big.bin", "own.txt"})
