"""Odd trees on a real disk: every name survives, nothing odd is opened, nothing outside is seen."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.disk import roots
from monitor.adapters.disk.walking import MAX_DEPTH
from monitor.adapters.files import DiskFiles
from monitor.domain.tree import Entry, Kind, difference
from monitor.domain.workspace import Folder
from monitor.ports.files import Changed, FolderGone, RootScan, RootTrouble
from tests.support.disguise import disguise

pytestmark = pytest.mark.live

ODD_NAMES = [
    os.fsdecode(b"not-utf8-\xff\xfe"), "new\nline", "n" * 255, "cafe\u0301", "caf\u00e9", "Case", "case", "dot.",
    "space ", " lead", "-rf", "a`)||PathPrefix(`", "emoji-\U0001f680", "back\\slash", "%41", "quote'\"",
]  # fmt: skip


@pytest.fixture
def files() -> Iterator[DiskFiles]:
    made = DiskFiles(SystemClock())
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "root" / "odd"
    made.mkdir(parents=True)
    return made


def age(*paths: Path) -> None:
    """Old enough not to be racy."""
    threading.Event().wait(0.03)


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
        found = await files.read_stable(folder, Entry("fifo", Kind.FILE))
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
    assert isinstance(await files.read_stable(folder, tree.entries["real/a.txt"]), Changed)
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
    assert isinstance(await files.read_stable(folder, Entry(path, Kind.FILE, 6)), Changed)


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
        assert difference(before, after).removed == ()
        found = await files.read_stable(folder, after.entries["b"])
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


async def test_vanishing_growing_and_fresh_files_are_changed(files: DiskFiles, folder: Path) -> None:
    for name in ("vanishes", "grows", "calm"):
        (folder / name).write_text("1")
    age()
    tree = await files.walk(folder)
    (folder / "vanishes").unlink()
    (folder / "grows").write_text("22")
    (folder / "fresh").write_text("1")
    fresh = (await files.walk(folder)).entries["fresh"]
    found = await files.read_many(folder, [*tree, fresh])
    assert found["calm"] == b"1"
    vanished, grown, young = found["vanishes"], found["grows"], found["fresh"]
    assert isinstance(vanished, Changed)
    assert vanished.gone
    assert isinstance(grown, Changed)
    assert grown.now is not None
    assert isinstance(young, Changed), "a file written this very moment may still change unseen"
    age()
    assert await files.read_stable(folder, grown.now) == b"22"
    assert await files.read_stable(folder, fresh) == b"1"


async def test_a_file_written_while_read_is_never_taken_for_whole(files: DiskFiles, folder: Path) -> None:
    file = folder / "busy"
    file.write_bytes(b"0" * 4_000_000)
    age()
    stop = threading.Event()

    def scribble() -> None:
        number = 0
        while not stop.is_set():
            number = (number + 1) % 10
            with file.open("r+b") as out:
                out.write(b"%d" % number * 4_000_000)

    writer = threading.Thread(target=scribble)
    writer.start()
    try:
        for _ in range(10):
            data = await files.read_stable(folder, (await files.walk(folder)).entries["busy"])
            assert isinstance(data, Changed) or len(set(data)) == 1
    finally:
        stop.set()
        writer.join()


async def test_file_to_folder_and_back_in_the_tree_and_the_copy(
    files: DiskFiles, folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    (folder / "a").write_text("1")
    await files.export(folder, await files.walk(folder), copy)
    (folder / "a").unlink()
    (folder / "a").mkdir()
    (folder / "a" / "b").write_text("2")
    await files.export(folder, await files.walk(folder), copy)
    assert (copy / "a" / "b").read_text() == "2"
    shutil.rmtree(folder / "a")
    (folder / "a").symlink_to("elsewhere")
    await files.export(folder, await files.walk(folder), copy)
    assert os.readlink(copy / "a") == "elsewhere"


async def test_the_readable_copy_follows_the_tree_and_carries_what_runs(
    files: DiskFiles, folder: Path, tmp_path: Path
) -> None:
    (folder / ".gitignore").write_text("local.json\nnode_modules/\n")
    (folder / "package.json").write_text("{}")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "x.js").write_text("1")
    (folder / "local.json").write_text("{}")
    (folder / ".env").write_text("A=1")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o700)
    (folder / "page.html").write_text("1")
    (folder / "page.html").chmod(0o600)
    (folder / "empty").mkdir(mode=0o700)
    copy = tmp_path / "copy"
    tree = await files.walk(folder)
    await asyncio.sleep(0.02)  # a copy of the very tick its source was written in is made again
    await files.export(folder, tree, copy)
    there = {str(p.relative_to(copy)) for p in copy.rglob("*")}
    assert there == {".gitignore", "package.json", "local.json", ".env", "run.sh", "page.html", "empty"}
    assert (copy / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (copy / "page.html").stat().st_mode & 0o777 == 0o644
    assert await files.readable_by(copy, await files.walk(copy), 12345, 12345)
    assert not await files.readable_by(folder, tree, 12345, 12345)
    assert (await files.export(folder, tree, copy)).copied == 0
    (folder / "page.html").write_text("22")
    disguise(folder / "local.json", b"[]")
    (folder / ".env").unlink()
    done = await files.export(folder, await files.walk(folder), copy)
    assert (done.copied, done.removed) == (2, 1)
    assert (copy / "page.html").read_text() == "22"
    assert (copy / "local.json").read_text() == "[]"
    assert not (copy / ".env").exists()


async def test_size_sees_growth_and_writing_in_place(files: DiskFiles, folder: Path) -> None:
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "a").write_bytes(b"1" * 10)
    before = await files.size_of(folder)
    assert (before.files, before.bytes) == (1, 10)
    assert await files.size_of(folder) == before
    age()
    (folder / "node_modules" / "a").write_bytes(b"2" * 10)
    assert await files.size_of(folder) != before


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
    assert "not there" in (await files.explain(folder, "nope/x")).reason


async def test_a_virtual_environment_under_any_name_is_left_out(files: DiskFiles, folder: Path) -> None:
    (folder / "myenv").mkdir()
    (folder / "myenv" / "pyvenv.cfg").write_text("")
    tree = await files.walk(folder)
    assert [(e.path, e.pruned) for e in tree.excluded] == [("myenv", True)]


async def test_the_root_lists_folders_by_age_and_odd_names(files: DiskFiles, tmp_path: Path) -> None:
    root = tmp_path / "root"
    names = ["old", os.fsdecode(b"\xff"), "new\nline", "-rf"]
    for name in names:
        (root / name).mkdir(parents=True)
        age()
    (root / ".hidden").mkdir()
    (root / "file").write_text("1")
    (root / "link").symlink_to("old")
    (root / "old" / "later").write_text("1")
    scan = await files.scan_root(root)
    assert [f.folder for f in scan.folders] == names
    assert scan.others == ("file", "link")
    assert scan.folders[0].inode == (root / "old").stat().st_ino


async def test_a_missing_or_unreadable_root_is_trouble(files: DiskFiles, tmp_path: Path) -> None:
    with pytest.raises(RootTrouble, match="missing") as caught:
        await files.scan_root(tmp_path / "nowhere")
    assert caught.value.reason == "root-missing"
    (tmp_path / "file").write_text("1")
    with pytest.raises(RootTrouble):
        await files.scan_root(tmp_path / "file")


async def test_an_emptied_root_is_trouble_but_the_last_folder_may_go(files: DiskFiles, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
    both = await files.scan_root(root)
    (root / "a").rmdir()
    one = await files.scan_root(root, before=both)
    (root / "b").rmdir()
    assert (await files.scan_root(root, before=one)).folders == ()
    with pytest.raises(RootTrouble) as caught:
        await files.scan_root(root, before=both)
    assert caught.value.reason == "root-empty"
    root.rename(tmp_path / "away")
    root.mkdir()
    with pytest.raises(RootTrouble) as caught:
        await files.scan_root(root, before=one)
    assert caught.value.reason == "root-moved"


def test_a_root_on_another_device_is_trouble(tmp_path: Path) -> None:
    here = RootScan(1, 2, (Folder("a", 3, 4),))
    with pytest.raises(RootTrouble, match="another device"):
        roots.check_root(tmp_path, here, RootScan(9, 2, (Folder("a", 3, 4),)))
