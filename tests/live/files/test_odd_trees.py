"""Odd trees on a real disk: every name survives, nothing odd is opened, nothing outside is seen."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.adapters.disk.walking import MAX_DEPTH
from monitor.adapters.files import DiskFiles
from monitor.domain.tree import Entry, Kind
from monitor.ports.files import Changed, FolderGone
from tests.support.disk_reading import age, read_one

pytestmark = pytest.mark.live
ODD_NAMES = [
    os.fsdecode(b"not-utf8-\xff\xfe"), "new\nline", "n" * 255, "cafe\u0301", "caf\u00e9", "Case", "case", "dot.",
    "space ", " lead", "-rf", "a`)||PathPrefix(`", "emoji-\U0001f680", "back\\slash", "%41", "quote'\"",
]  # fmt: skip


async def test_odd_names_are_walked_read_and_exported(files: DiskFiles, folder: Path, tmp_path: Path) -> None:
    for name in ODD_NAMES:
        (folder / name).write_text(name, errors="surrogateescape")
        (folder / "deep" / name).mkdir(parents=True)
    age()
    tree = await files.walk(folder)
    assert set(tree.files) == set(ODD_NAMES)
    assert {e.path for e in tree if e.kind is Kind.DIR} == {f"deep/{n}" for n in ODD_NAMES}
    read = await files.read_many(folder, [tree.entries[n] for n in ODD_NAMES])
    assert {n: d for n, d in read.items() if isinstance(d, bytes)} == {n: os.fsencode(n) for n in ODD_NAMES}
    exported = await files.export(folder, tree, tmp_path / "copy")
    assert (exported.copied, exported.problems) == (len(ODD_NAMES), ())
    assert set((await files.walk(tmp_path / "copy")).entries) == set(tree.entries)


async def test_special_files_are_listed_with_a_reason_and_never_opened(files: DiskFiles, folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    os.mkfifo(folder / ".gitignore")
    os.mkfifo(folder / "package.json")
    (folder / "dist").mkdir()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "s")[:100])
    if os.geteuid() == 0:
        os.mknod(folder / "device", 0o20644, os.makedev(1, 3))
    async with asyncio.timeout(5):
        tree = await files.walk(folder)
        assert tree.files == []
        reasons = {e.path: e.reason for e in tree.excluded}
        assert "named pipe" in reasons["fifo"]
        assert "socket" in reasons["s"]
        assert os.geteuid() != 0 or "character device" in reasons["device"]
        found = await read_one(files, folder, Entry("fifo", Kind.FILE))
        assert isinstance(found, Changed)
        assert await files.read_texts(folder, tree, lambda _: True) == {}
    listener.close()


async def test_links_are_kept_as_text_and_never_followed(files: DiskFiles, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("do not read")
    for name, target in {"loop": "loop", "dangling": "nowhere", "up": "../../outside", "abs": "/etc/passwd"}.items():
        (folder / name).symlink_to(target)
    (folder / "real").mkdir()
    (folder / "real" / "a.txt").write_text("1")
    age()
    tree = await files.walk(folder)
    assert {e.path: e.target for e in tree if e.kind is Kind.SYMLINK}["up"] == "../../outside"
    assert tree.files == ["real/a.txt"]
    # A folder of the listed tree becomes a link before it is read.
    shutil.rmtree(folder / "real")
    (folder / "real").symlink_to(outside)
    (outside / "a.txt").write_text("1")
    assert isinstance(await read_one(files, folder, tree.entries["real/a.txt"]), Changed)
    assert await files.read_texts(folder, tree, lambda _: True) == {}
    exported = await files.export(folder, tree, tmp_path / "copy")
    assert exported.problems
    assert not (tmp_path / "copy" / "real" / "a.txt").exists()
    (outside / "link").symlink_to(folder)
    with pytest.raises(FolderGone):
        await files.walk(outside / "link")


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../x", "", ".", "a//b", "nul\0"])
async def test_paths_that_leave_the_folder_are_refused(files: DiskFiles, folder: Path, path: str) -> None:
    (folder.parent / "outside").write_text("secret")
    assert isinstance(await read_one(files, folder, Entry(path, Kind.FILE, 6)), Changed)


async def test_a_huge_sparse_file_and_a_hard_link(files: DiskFiles, folder: Path, tmp_path: Path) -> None:
    with (folder / "sparse").open("wb") as file:
        file.truncate(10 * 2**30)
        file.seek(5 * 2**30)
        file.write(b"middle")
    (folder / "one").write_text("1")
    os.link(folder / "one", folder / "two")
    tree = await files.walk(folder)
    assert tree.entries["sparse"].size == 10 * 2**30
    exported = await files.export(folder, tree, tmp_path / "copy")
    assert exported.problems == ()
    copy = tmp_path / "copy" / "sparse"
    assert copy.stat().st_size == 10 * 2**30
    assert copy.stat().st_blocks * 512 < 2**20
    with copy.open("rb") as file:
        file.seek(5 * 2**30)
        assert file.read(6) == b"middle"


async def test_a_tree_nested_without_end_is_cut_and_told(files: DiskFiles, folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(MAX_DEPTH + 50):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)
    tree = await files.walk(folder)
    assert any("nested deeper" in p for p in tree.problems)
    assert (await files.size_of(folder)).files == 0


async def test_what_cannot_be_read_is_unknown_not_gone(files: DiskFiles) -> None:
    with tempfile.TemporaryDirectory() as place, unprivileged(place):
        folder = Path(place, "odd")
        (folder / "closed").mkdir(parents=True)
        (folder / "closed" / "a").write_text("1")
        (folder / "b").write_text("1")
        before = await files.walk(folder)
        (folder / "closed").chmod(0)
        (folder / "b").chmod(0)
        age()
        after = await files.walk(folder)
        assert after.unread == ("closed",)
        assert "permission denied" in after.problems[0]
        assert all(after.is_unread(path) for path in before.entries.keys() - after.entries.keys())
        found = await read_one(files, folder, after.entries["b"])
        assert isinstance(found, Changed)
        assert found.refused
        assert not await files.absent(folder, ["closed/a"])
        folder.chmod(0)
        with pytest.raises(FolderGone):
            await files.walk(folder)
        folder.chmod(0o755)
        (folder / "closed").chmod(0o755)


@contextmanager
def unprivileged(place: str) -> Iterator[None]:
    """Root reads everything, so for a while this is another user."""
    if os.geteuid() != 0:
        yield
        return
    os.chown(place, 65532, 65532)
    os.seteuid(65532)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_texts_for_detection(files: DiskFiles, folder: Path) -> None:
    (folder / "package.json").write_bytes(b"\xef\xbb\xbf{}")
    (folder / "bad.json").write_bytes(b"\xff")
    (folder / "big.json").write_text("1" * 100)
    texts = await files.read_texts(folder, await files.walk(folder), lambda p: p.endswith(".json"), 50)
    assert texts == {"package.json": "{}"}


async def test_explain_gives_the_rule(files: DiskFiles, folder: Path) -> None:
    (folder / "package.json").write_text("{}")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "a").write_text("1")
    (folder / ".npmrc").write_text("//r/:_authToken=abc")
    assert "package.json" in (await files.explain(folder, "node_modules/a")).reason
    assert (await files.explain(folder, ".npmrc")).secret
    assert (await files.explain(folder, "package.json")).kept
    # What is not there yet is judged as it will be.
    (folder / ".gitignore").write_text("/drafts/\n*.tmp\n")
    kept, secret, left, below = [
        await files.explain(folder, path) for path in ("nope/x", "nope/.env", "nope/x.tmp", "drafts/x")
    ]
    assert (kept.kept, secret.secret, left.kept, below.kept) == (True, True, False, False)
    assert all(one.reason.endswith("; nothing of this name is there now") for one in (kept, secret, left))
    assert "not there" in (await files.explain(folder, "package.json/x")).reason


async def test_a_virtual_environment_under_any_name_is_left_out(files: DiskFiles, folder: Path) -> None:
    (folder / "myenv").mkdir()
    (folder / "myenv" / "pyvenv.cfg").write_text("")
    tree = await files.walk(folder)
    assert [(e.path, e.pruned) for e in tree.excluded] == [("myenv", True)]
