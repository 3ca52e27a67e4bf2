"""The workspaces root on a real disk: what stands in it, and when it is not believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.adapters.disk import roots
from monitor.adapters.files import DiskFiles
from monitor.domain.workspace import Folder
from monitor.ports.files import RootScan, RootTrouble
from tests.support.disk_reading import age

pytestmark = pytest.mark.live


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
