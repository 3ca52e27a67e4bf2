"""An edit in place that puts size, inode and time back is kept by the next look, and no file is read for ever."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.adapters.folder_store import FolderStore
from monitor.domain.history.lines import read_lines, write_lines
from monitor.services.history.cache import Clean, read_clean, write_clean
from tests.support.disguise import disguise, noted_reads
from tests.support.keeping import HISTORY, Desk

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.close()


@pytest.mark.parametrize("restart", [False, True])
async def test_it_is_in_the_next_revision_also_after_a_restart(desk: Desk, restart: bool) -> None:
    place = await desk.write("notes.txt", "one")
    await desk.write("other.txt", "same")
    await desk.keep()
    if restart:
        await desk.restart()
    disguise(place, b"TWO")
    await desk.rest()
    with noted_reads(desk.files) as read:
        assert await desk.keep() is not None
    assert read == ["notes.txt"], "and nothing else was read again"
    assert desk.restored(2)[b"notes.txt"][1] == b"TWO"
    assert desk.restored(1)[b"notes.txt"][1] == b"one"
    with noted_reads(desk.files) as read:
        assert await desk.keep() is None
    assert read == []


async def test_a_change_of_the_inode_alone_is_read_once_and_makes_no_revision(desk: Desk) -> None:
    place = await desk.write("a", "one")
    await desk.keep()
    os.link(place, desk.tmp / "backup")
    await desk.rest()
    desk.store.calls.clear()
    with noted_reads(desk.files) as read:
        assert await desk.keep() is None
        assert await desk.keep() is None
        await desk.restart()
        assert await desk.keep() is None
    assert read == ["a"]
    assert not [key for key in desk.store.puts if key.startswith(HISTORY)]


async def test_a_mode_is_still_seen(desk: Desk) -> None:
    place = await desk.write("a", "one")
    await desk.keep()
    place.chmod(0o755)
    await desk.rest()
    desk.store.calls.clear()
    assert await desk.keep() is not None
    assert desk.new_packs() == []
    assert desk.restored(2)[b"a"][2] == 0o755


async def test_a_clock_that_went_back_hides_nothing(desk: Desk) -> None:
    """A change time is only compared for being the same one."""
    place = await desk.write("a", "one")
    tree = await desk.files.walk(desk.folder)
    assert tree.entries["a"].ctime_ns == place.stat().st_ctime_ns
    desk.clock.wall_ahead_ns -= 10**15
    await desk.keep()
    disguise(place, b"TWO")
    await desk.rest()
    await desk.keep()
    assert desk.restored(2)[b"a"][1] == b"TWO"


async def test_a_key_that_became_something_else_in_place_is_kept(desk: Desk) -> None:
    place = await desk.write("id", KEY)
    await desk.write("other")
    await desk.keep()
    assert b"id" not in desk.restored(1)
    await desk.restart()
    disguise(place, b"x" * len(KEY))
    await desk.rest()
    assert await desk.keep() is not None
    assert desk.restored(2)[b"id"][1] == b"x" * len(KEY)


async def test_what_an_older_slipway_remembered_is_read_again(desk: Desk) -> None:
    place = await desk.write("a", "one")
    await desk.write("id", KEY)
    await desk.keep()
    await desk.history.close()
    disguise(place, b"TWO")
    await _as_it_was_written_before(desk)
    await desk.restart(kill=True)
    await desk.rest()
    with noted_reads(desk.files) as read:
        assert await desk.keep() is not None
    assert sorted(read) == ["a", "id"]
    assert set(desk.restored(2)) == {b"a"}
    assert desk.restored(2)[b"a"][1] == b"TWO"


async def test_inodes_of_64_bits_are_remembered(desk: Desk) -> None:
    """Some network disks use the highest bit, too."""
    mark, stamp = (2**64 - 1, -5), (3, -1, 2**64 - 1, 7)
    assert read_clean(write_clean(Clean({"a": (mark, "ab" * 8)}, {"k": stamp}))) == Clean(
        {"a": (mark, "ab" * 8)}, {"k": stamp}
    )


async def _as_it_was_written_before(desk: Desk) -> None:
    """The local list of clean files without change times."""
    cache = FolderStore(desk.tmp / "cache", create=True)
    (key,) = [one.key async for one in cache.list("") if one.key.endswith("/clean")]
    lines = list(read_lines("clean", await cache.get(key))[1])
    old = [line[:3] + line[4:] if line[0] == "clean" else line[:-1] for line in lines]
    assert {(line[0], len(line)) for line in old} == {("clean", 4), ("key", 5)}
    await cache.put(key, write_lines("clean", {}, old))
    cache.close()
