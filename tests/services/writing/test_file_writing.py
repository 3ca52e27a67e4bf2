"""Single files written from outside: whole or not at all, only where they were meant, never outside the folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.file_writing import DiskWriting, TooLarge
from monitor.domain.writable import checked
from monitor.errors import Conflict, NotFound, Refused, SlipwayError, UsageError
from monitor.ports.writing import Changed, Expected
from tests.support.writing import ANY, NEW, hashed, pieces


async def test_a_file_is_written_whole_with_its_folders_and_keeps_its_mode(disk: DiskWriting, root: Path) -> None:
    put = await disk.put(root / "shop", "src/deep/a.txt", pieces(b"one ", b"two"), ANY, 100)
    file = root / "shop/src/deep/a.txt"
    assert (put.created, put.size, put.sha256) == (True, 7, hashed(b"one two"))
    assert file.read_bytes() == b"one two"
    file.chmod(0o755)
    inode = file.stat().st_ino
    again = await disk.put(root / "shop", "src/deep/a.txt", pieces(b"new"), ANY, 100)
    assert (again.created, file.read_bytes(), file.stat().st_mode & 0o777) == (False, b"new", 0o755)
    assert file.stat().st_ino != inode, "whoever reads the old one reads it to its end"
    assert list((root / ".slipway").iterdir()) == []


async def test_only_the_content_that_was_meant_is_replaced_or_removed(disk: DiskWriting, root: Path) -> None:
    shop = root / "shop"
    with pytest.raises(Changed):
        await disk.put(shop, "a", pieces(b"x"), Expected(match=frozenset({"*"})), 100)
    first = await disk.put(shop, "a", pieces(b"x"), NEW, 100)
    with pytest.raises(Changed) as taken:
        await disk.put(shop, "a", pieces(b"y"), NEW, 100)
    assert taken.value.sha256 == first.sha256
    mine = Expected(match=frozenset({first.sha256}))
    both = await asyncio.gather(
        disk.put(shop, "a", pieces(b"mine"), mine, 100), disk.delete(shop, "b", ANY), return_exceptions=True
    )
    assert isinstance(both[1], NotFound)
    with pytest.raises(Changed):
        await disk.put(shop, "a", pieces(b"late"), mine, 100)
    with pytest.raises(Changed):
        await disk.delete(shop, "a", mine)
    assert (shop / "a").read_bytes() == b"mine"
    await disk.delete(shop, "a", Expected(match=frozenset({hashed(b"mine")})))
    assert not (shop / "a").exists()
    assert await disk.hash(shop, "a") == ""


async def test_no_link_is_followed_and_nothing_else_is_replaced(disk: DiskWriting, root: Path) -> None:
    shop, outside = root / "shop", root / "outside"
    outside.mkdir()
    (outside / "f").write_text("theirs")
    (shop / "folder").mkdir()
    (shop / "link").symlink_to(outside)
    (shop / "file-link").symlink_to(outside / "f")
    for path in ("link/f", "link/new", "file-link", "folder", "file-link/x"):
        with pytest.raises(Conflict):
            await disk.put(shop, path, pieces(b"x"), ANY, 100)
    with pytest.raises(Conflict):
        await disk.delete(shop, "folder", ANY)
    with pytest.raises(SlipwayError):
        await disk.delete(shop, "link/f", ANY)
    await disk.delete(shop, "file-link", ANY)
    assert (outside / "f").read_text() == "theirs"
    assert sorted(path.name for path in outside.iterdir()) == ["f"]


async def test_too_much_or_broken_off_leaves_what_was_there(disk: DiskWriting, root: Path) -> None:
    (root / "shop/a").write_text("old")

    async def breaks() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(TooLarge):
        await disk.put(root / "shop", "a", pieces(b"x" * 60, b"x" * 60), ANY, 100)
    with pytest.raises(SlipwayError):
        await disk.put(root / "shop", "a", breaks(), ANY, 100)
    assert (root / "shop/a").read_text() == "old"
    assert list((root / ".slipway").iterdir()) == []


@given(
    st.text(st.characters(codec=None), max_size=40)
    | st.sampled_from(["a/../b", "/a", "a//b", "./a", "a/.", "", "\ud800"])
)
def test_a_path_that_passes_stays_inside(path: str) -> None:
    try:
        found = checked(path)
    except (UsageError, Refused):
        return
    assert found == path
    assert not {"", ".", ".."} & set(path.split("/"))
    assert not path.startswith("/")


@pytest.mark.parametrize(
    "path", [".git/hooks/post-checkout", "sub/.GIT/config", ".slipway/x", ".slipway-restore-1/a", "a/.hg/hgrc"]
)
def test_what_runs_on_the_host_or_is_ours_is_refused(path: str) -> None:
    with pytest.raises(Refused):
        checked(path)
