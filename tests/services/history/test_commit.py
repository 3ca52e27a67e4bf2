"""A batch becomes a revision: what is sent, what is not, and that every revision restores as it was."""

from __future__ import annotations

import os
import random
import shutil
import stat
from contextlib import suppress

import pytest

from monitor.domain.history.revision import Grade
from tests.support.keeping import HISTORY, NAME, Desk, picture
from tests.support.odd_trees import SPECIAL, make_odd


async def test_every_revision_restores_as_it_was(desk: Desk) -> None:
    shots = {}
    await desk.write("a/b.txt", "one")
    await desk.write("run.sh", "#!/bin/sh\n", mode=0o750)
    (desk.folder / "link").symlink_to("a/b.txt")
    (desk.folder / "empty").mkdir(mode=0o711)
    for step in range(6):
        if step == 1:
            await desk.write("a/b.txt", "two, longer")
        if step == 2:
            (desk.folder / "run.sh").chmod(0o600)
        if step == 3:
            shutil.rmtree(desk.folder / "a")
            await desk.write("a", "a file now")
        if step == 4:
            (desk.folder / "a").unlink()
            await desk.write("a/c/d", "a folder again")
        if step == 5:
            (desk.folder / "link").unlink()
            (desk.folder / "link").symlink_to("nowhere/at all")
        revision = await desk.keep()
        assert revision is not None
        shots[revision.seq] = picture(desk.folder)
    assert list(shots) == [1, 2, 3, 4, 5, 6] == desk.reader().seqs()
    for seq, shot in shots.items():
        assert desk.restored(seq) == shot, f"revision {seq}"


async def test_odd_trees_round_trip(desk: Desk) -> None:
    make_odd(desk.folder)
    with suppress(PermissionError):
        os.mknod(desk.folder / "device", 0o600 | stat.S_IFCHR, os.makedev(1, 7))
    await desk.write("locked", "mode 0000", mode=0)
    await desk.write("suid", "x", mode=0o4755)
    await desk.write("none", b"")
    os.link(desk.folder / "suid", desk.folder / "hard")
    os.utime(desk.folder / "none", ns=(5, -1_000_000_007))
    with open(desk.folder / "sparse", "wb") as file:
        file.truncate(20 * 2**20)
    with open(desk.folder / "sparse-10g", "wb") as file:
        file.truncate(10 * 2**30)
    await desk.rest()
    revision = await desk.keep()
    assert revision is not None
    skip = (*SPECIAL, "device", "sparse-10g")
    assert desk.restored(1) == picture(desk.folder, skip)
    left_out = desk.history.state(NAME).left_out
    assert [item.path for item in left_out.too_large] == ["sparse-10g"]
    assert revision.header.grade is Grade.SETTLED
    assert sum(map(len, desk.objects.values())) < 20_000
    assert await desk.keep() is None


async def test_one_batch_is_two_puts_and_nothing_is_none(desk: Desk) -> None:
    await desk.write("a", "x")
    await desk.keep()
    desk.store.calls.clear()
    for number in range(300):
        (desk.folder / f"f{number}").write_text(f"content {number}")
    await desk.rest()
    await desk.keep()
    assert [key.split("/")[-2] for key in desk.store.puts] == ["packs", "revisions"]
    assert len(desk.store.calls) == 2
    desk.store.calls.clear()
    assert await desk.keep() is None
    assert desk.store.calls == []


@pytest.mark.parametrize("restart", [False, True])
async def test_content_that_is_kept_is_never_sent_again(desk: Desk, restart: bool) -> None:
    for number in range(100):
        (desk.folder / f"f{number}").write_text(f"content {number}")
    await desk.rest()
    await desk.keep()
    one = picture(desk.folder)
    for number in range(100):
        (desk.folder / f"f{number}").write_text(f"branch {number}")
    await desk.rest()
    await desk.keep()
    if restart:
        await desk.restart(cache=False)
    desk.store.calls.clear()
    shutil.copytree(desk.folder, desk.folder / "copy")
    (desk.folder / "f1").rename(desk.folder / "renamed")
    await desk.rest()
    assert await desk.keep() is not None
    shutil.rmtree(desk.folder / "copy")
    for number in range(100):
        (desk.folder / f"f{number}").write_text(f"content {number}")
    (desk.folder / "renamed").unlink()
    for path, shot in one.items():
        os.utime(os.path.join(os.fsencode(desk.folder), path), ns=(shot[3], shot[3]))
    await desk.rest()
    revision = await desk.keep()
    assert revision is not None
    assert desk.new_packs() == []
    assert desk.restored(revision.seq) == one


async def test_a_file_replaced_by_one_of_equal_stamps_is_seen(desk: Desk) -> None:
    place = await desk.write("a", "one")
    stamp = place.stat().st_mtime_ns
    await desk.keep()
    other = await desk.write("other", "two")
    os.utime(other, ns=(stamp, stamp))
    other.replace(place)
    await desk.rest()
    assert await desk.keep() is not None
    assert desk.restored(2)[b"a"][1] == b"two"


async def test_large_files_go_in_pieces_and_only_changed_ones_again(desk: Desk) -> None:
    data = random.Random(1).randbytes(20 * 2**20)
    place = await desk.write("big", data)
    await desk.keep()
    before = len(desk.packs())
    with place.open("r+b") as file:
        file.seek(19 * 2**20)
        file.write(b"changed")
    await desk.rest()
    desk.store.calls.clear()
    await desk.keep()
    assert before == 3
    assert len(desk.new_packs()) == 1
    assert desk.restored(2) == picture(desk.folder)
    entry = (await desk.history.archive.state(NAME, 2))["big"]
    assert len(entry.pieces) == 3
    assert len(desk.objects[f"{HISTORY}packs/{entry.pieces[2].pack}"]) < 5 * 2**20


async def test_a_new_base_comes_when_the_differences_outgrow_the_old(desk: Desk) -> None:
    for number in range(2_000):
        (desk.folder / f"{number}").write_text(str(number))
    await desk.rest()
    bases = 0
    for turn in range(9):
        for number in range(0, 2_000, 3):
            os.utime(desk.folder / f"{number}", ns=(turn, turn))
        await desk.keep()
        bases = len([key for key in desk.objects if "/bases/" in key])
    assert 2 <= bases <= 5
    assert desk.restored(9) == picture(desk.folder)
    assert desk.restored(1)[b"0"][3] == 0


async def test_a_time_beyond_what_the_format_holds_makes_nothing_unreadable(desk: Desk) -> None:
    for year, seconds in ((2400, 13_569_465_600), (1500, -14_831_769_600), (9_999_999, 2**48)):
        place = await desk.write(f"from {year}", f"{year}")
        (desk.folder / f"empty {year}").mkdir()
        for path in (place, desk.folder / f"empty {year}"):
            with suppress(OSError, OverflowError):
                os.utime(path, ns=(seconds * 10**9, seconds * 10**9))
    await desk.rest()
    assert await desk.keep() is not None
    assert await desk.keep() is None, "it is not taken for changed each time"
    await desk.restart(kill=True)
    await desk.write("a", "one")
    revision = await desk.keep()
    assert revision is not None
    assert {path: one[:2] for path, one in desk.restored(revision.seq).items() if one[0] == "file"} == {
        path: one[:2] for path, one in picture(desk.folder).items() if one[0] == "file"
    }
    state = await desk.history.archive.state(NAME, revision.seq)
    assert len(state) == 7
    assert all(abs(entry.mtime_ns) <= 2**63 for entry in state.values())
