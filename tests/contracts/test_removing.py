"""A removed tree of the process engine is gone whatever its owner did to it, or still does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.adapters.process_engine.places import remove


def test_what_is_written_while_it_is_removed_goes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top, real = tmp_path / "1", os.rmdir
    (top / "control").mkdir(parents=True)

    def late(path: str, *, dir_fd: int | None = None) -> None:
        if os.fspath(path) == str(top) and not (top / "exit").exists():
            monkeypatch.undo()
            (top / "exit").write_text("0")
        real(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "rmdir", late)
    remove(top)
    assert not top.exists()


def test_folders_without_rights_go_and_links_are_not_followed(tmp_path: Path) -> None:
    top, outside = tmp_path / "1", tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("x")
    (top / "closed" / "deep").mkdir(parents=True)
    (top / "closed" / "link").symlink_to(outside)
    (top / "closed").chmod(0)
    remove(top)
    assert not top.exists()
    assert (outside / "file").read_text() == "x"
