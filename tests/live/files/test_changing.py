"""Files that change while they are looked at, and copies that follow them."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from pathlib import Path

import pytest

from monitor.adapters.files import DiskFiles
from monitor.ports.files import Changed
from tests.support.disguise import disguise
from tests.support.disk_reading import age, read_one

pytestmark = pytest.mark.live


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
    assert await read_one(files, folder, grown.now) == b"22"
    assert await read_one(files, folder, fresh) == b"1"


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
            data = await read_one(files, folder, (await files.walk(folder)).entries["busy"])
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
