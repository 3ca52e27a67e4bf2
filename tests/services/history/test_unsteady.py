"""What is kept of files that change, vanish or cannot be seen while they are read, and of those that must not be."""

from __future__ import annotations

import asyncio
import errno
import shutil

import pytest

from monitor.adapters.disk import reading
from monitor.domain.filters import Overrides
from monitor.domain.history.revision import Grade, Revision, Why
from monitor.domain.tree import Tree
from monitor.ports.files import FolderGone
from tests.support.keeping import NAME, Desk, picture


async def test_a_file_that_grows_is_left_out_then_taken_torn_then_whole(desk: Desk) -> None:
    await desk.write("a", "x")
    log = await desk.write("log.txt", "0")

    def growing() -> None:
        with log.open("a") as file:
            file.write("more")

    real = desk.clock.sleep

    async def grows_meanwhile(seconds: float) -> None:
        growing()
        await real(seconds)

    async def kept() -> Revision | None:
        """Kept by a look that is older than the last write, however slow the machine."""
        tree = await desk.files.walk(desk.folder)
        growing()
        return await desk.history.commit(NAME, desk.folder, tree)

    desk.clock.sleep = grows_meanwhile  # type: ignore[method-assign]
    revision = await kept()
    assert revision is not None
    assert (revision.header.grade, revision.header.unstable) == (Grade.BUSY, ("log.txt",))
    assert desk.restored(1).keys() == {b"a"}
    assert desk.history.state(NAME).pending == 1
    assert await kept() is None, "it still grows, and nothing else changed"
    desk.clock.ahead += 61
    revision = await kept()
    assert revision is not None
    assert revision.header.grade is Grade.BUSY
    assert desk.restored(2)[b"log.txt"][1].startswith(b"0more")
    desk.clock.sleep = real  # type: ignore[method-assign]
    await desk.rest()
    revision = await desk.keep()
    assert revision is not None
    assert (revision.header.grade, revision.header.unstable) == (Grade.SETTLED, ())
    assert desk.restored(3) == picture(desk.folder)
    assert desk.history.state(NAME).pending == 0


async def test_what_vanishes_while_it_is_read_is_gone(desk: Desk) -> None:
    await desk.write("a", "x")
    place = await desk.write("b", "y")
    tree = await desk.files.walk(desk.folder)
    place.unlink()
    revision = await desk.history.commit(NAME, desk.folder, tree)
    assert revision is not None
    assert revision.header.grade is Grade.SETTLED
    assert desk.restored(1).keys() == {b"a"}


async def test_what_cannot_be_seen_is_not_gone(desk: Desk) -> None:
    await desk.write("dir/a", "x")
    await desk.write("b", "y")
    await desk.keep()
    tree = await desk.files.walk(desk.folder)
    blind = Tree({"b": tree.entries["b"]}, unread=("dir",))
    assert await desk.history.commit(NAME, desk.folder, blind) is None
    await desk.write("b", "changed")
    tree = await desk.files.walk(desk.folder)
    revision = await desk.history.commit(NAME, desk.folder, Tree({"b": tree.entries["b"]}, unread=("dir",)))
    assert revision is not None
    assert revision.header.unstable == ("dir/a",)
    assert desk.restored(2) == picture(desk.folder)


async def test_a_missing_folder_concludes_nothing(desk: Desk) -> None:
    await desk.write("a", "x")
    await desk.keep()
    await desk.write("b", "y")
    tree = await desk.files.walk(desk.folder)
    shutil.rmtree(desk.folder)
    with pytest.raises(FolderGone):
        await desk.history.commit(NAME, desk.folder, tree)
    assert desk.reader().seqs() == [1]


async def test_a_private_key_under_a_harmless_name_is_never_kept(desk: Desk) -> None:
    await desk.write("a", "x")
    key = b"-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n"
    await desk.write("notes.txt", key)
    await desk.write("huge.txt", key + b"x" * 9_000_000)
    await desk.keep()
    assert desk.restored(1).keys() == {b"a"}
    assert desk.history.state(NAME).left_out.secrets == 2
    await desk.restart()
    assert await desk.keep() is None
    assert desk.history.state(NAME).left_out.secrets == 2
    desk.overrides = Overrides(secrets=("notes.txt",))
    await desk.keep()
    assert desk.restored(2)[b"notes.txt"][1] == key
    desk.overrides = Overrides()
    await desk.write("a", "-----BEGIN PRIVATE KEY-----\n")
    await desk.keep()
    assert b"a" not in desk.restored(3)


async def test_a_look_that_is_older_than_what_is_kept_takes_nothing_away(desk: Desk) -> None:
    """A long look (a snapshot's) is overtaken by a short one (a save's), which is kept first."""
    await desk.write("a", "one")
    await desk.write("b", "one")
    (desk.folder / "link").symlink_to("a")
    old = await desk.files.walk(desk.folder)
    await desk.write("saved/meanwhile", "precious")
    (desk.folder / "b").unlink()
    (desk.folder / "link").unlink()
    (desk.folder / "link").symlink_to("saved")
    await desk.keep()
    late = await desk.history.commit(NAME, desk.folder, old, kind=Why.SCHEDULED, always=True)
    assert late is not None
    assert desk.restored(late.seq) == picture(desk.folder)
    assert await desk.keep() is None


async def test_what_cannot_be_read_for_a_passing_reason_is_read_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing about the file changes when it can be read again, so that no look would notice."""
    await desk.write("a", "precious")
    await desk.write("b", "one")

    real = reading.open_regular

    def exhausted(name: str, parent: int) -> int:
        if name == "a":
            raise OSError(errno.EMFILE, "Too many open files")
        return real(name, parent)

    with monkeypatch.context() as patched:
        patched.setattr(reading, "open_regular", exhausted)
        await desk.keep()
    assert desk.history.state(NAME).pending >= 1
    async with asyncio.TaskGroup() as group:
        run = group.create_task(desk.history.run())
        async with asyncio.timeout(30):
            while desk.history.state(NAME).pending:
                await asyncio.sleep(0.01)
        run.cancel()
    newest = desk.history.newest(NAME)
    assert newest is not None
    assert desk.restored(newest.seq) == picture(desk.folder)
