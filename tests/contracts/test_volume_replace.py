"""Replacing what a data volume holds: killed at any of its steps, the next look finds the old content or the new."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.volume_programs import replace, replace_killed


def filled(folder: Path, text: str, *names: str) -> Path:
    """Files, a closed folder, a link and an empty folder, all saying `text`."""
    folder.mkdir()
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{text} {name}")
    (folder / "link").symlink_to(text)
    (folder / f"empty-{text}").mkdir()
    (folder / "closed").mkdir()
    (folder / "closed" / "file").write_text(text)
    (folder / "closed").chmod(0o500)
    os.utime(folder / "closed", ns=(10**18, 10**18))
    return folder


def picture(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in folder.rglob("*"):
        info = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_text() if path.is_file() else ""
        mode = 0 if path.is_symlink() else stat.S_IMODE(info.st_mode)
        found[str(path.relative_to(folder))] = (content, mode)
    return found


def test_all_of_it_is_new_and_nothing_is_left(tmp_path: Path) -> None:
    volume, new = filled(tmp_path / "v", "old", "a", "b/c", "d"), filled(tmp_path / "n", "new", "a", "b", "e/f/g")
    inode = volume.stat().st_ino
    assert replace(volume, new) == {"earlier": "nothing", "replaced": True}
    assert picture(volume) == picture(new)
    assert (volume / "closed").stat().st_mtime_ns == 10**18
    assert volume.stat().st_ino == inode, "the folder that containers mount stays"


def test_killed_at_any_step_it_is_old_or_new_and_once_new_never_old_again(tmp_path: Path) -> None:
    was_new, at = False, 0
    while True:
        at += 1
        place = tmp_path / str(at)
        place.mkdir()
        volume, new = filled(place / "v", "old", "a", "b/c", "d"), filled(place / "n", "new", "a", "b", "e/f/g")
        old, wanted = picture(volume), picture(new)
        steps = replace_killed(volume, new, at)
        replace(volume, None)
        if steps is not None:
            break
        seen = picture(volume)
        assert seen in (old, wanted), f"step {at}"
        assert not (was_new and seen == old), f"step {at}"
        was_new = was_new or seen == wanted
    assert was_new
    assert steps == at - 1 > 20


@pytest.mark.parametrize("second", [1, 9, 15, 22])
def test_killed_while_it_is_completed_it_is_completed_the_next_time(tmp_path: Path, second: int) -> None:
    """Where the first kill comes after the commit, all others end in the new content, too."""
    volume, new = filled(tmp_path / "v", "old", "a", "b/c", "d"), filled(tmp_path / "n", "new", "a", "b", "e/f/g")
    wanted, at = picture(new), 1
    while not (volume / ".slipway-data" / "commit").exists():
        replace(volume, None)
        assert replace_killed(volume, new, at) is None
        at += 1
    replace_killed(volume, filled(tmp_path / "other", "other", "z"), second)
    replace(volume, None)
    assert picture(volume) in (wanted, picture(tmp_path / "other"))


def test_without_room_nothing_changes(tmp_path: Path) -> None:
    volume, new = filled(tmp_path / "v", "old", "a"), tmp_path / "n"
    new.mkdir()
    with (new / "huge").open("wb") as file:
        file.truncate(1 << 43)
    old = picture(volume)
    with pytest.raises(AssertionError, match="not enough room"):
        replace(volume, new)
    assert picture(volume) == old


def test_what_an_app_put_in_the_way_of_the_notes_leads_nowhere(tmp_path: Path) -> None:
    """The volume is the app's to write: a forged note touches nothing outside of it."""
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o711)
    volume, new = filled(tmp_path / "v", "old", "a"), filled(tmp_path / "n", "new", "a")
    (volume / ".slipway-data").symlink_to(outside)
    replace(volume, new)
    assert picture(volume) == picture(new)
    own = volume / ".slipway-data"
    own.mkdir()
    (own / "moved").write_text("[]")
    notes = [["../outside", 511, 0], ["a/../../outside", 511, 0], [str(outside.resolve()), 511, 0]]
    (own / "commit").write_text(json.dumps(notes))
    replace(volume, None)
    assert picture(volume) == picture(new)
    assert stat.S_IMODE(outside.stat().st_mode) == 0o711
    assert list(outside.iterdir()) == []
