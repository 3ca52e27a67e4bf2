"""A batch becomes a revision: what is sent, what is not, and that every revision restores as it was."""

from __future__ import annotations

import os
import random
import shutil
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.domain.filters import Overrides
from monitor.domain.history.revision import Grade, Origin, Revision, Why
from monitor.domain.tree import Tree
from monitor.ports.files import FolderGone
from tests.support.keeping import HISTORY, NAME, Desk, picture


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
    top = os.fsencode(desk.folder)
    names = [b"\xff\xfe", b"new\nline", b"x" * 255, b"-rf", b"dot.", b"space ", "e\u0301".encode(), "\u00e9".encode()]
    names += [b"CASE", b"case", b"%41", b"a%", b"tab\t", b"\\", b" "]
    for number, name in enumerate(names):
        with open(os.path.join(top, name), "wb") as file:
            file.write(b"%d" % number)
    os.mkfifo(os.path.join(top, b"pipe"))
    with socket.socket(socket.AF_UNIX) as unix, suppress(OSError):
        unix.bind(os.path.join(top, b"sock"))
    with suppress(PermissionError):
        os.mknod(os.path.join(top, b"device"), 0o600 | 0o020000, os.makedev(1, 7))
    os.symlink(b"loop", os.path.join(top, b"loop"))
    os.symlink(b"\xff/dangling", os.path.join(top, b"dangling"))
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
    skip = ("pipe", "sock", "device", "sparse-10g")
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


async def test_old_content_is_found_again_by_a_new_process(desk: Desk) -> None:
    """Content only older revisions name, behind a newer base."""

    async def branch(word: str) -> None:
        for number in range(1200):
            (desk.folder / f"f{number}").write_text(f"{word} {number}")
        await desk.rest()
        assert await desk.keep() is not None

    await branch("one")
    await branch("two")
    await branch("three")
    await branch("four")
    assert len({r for r in desk.objects if "/bases/" in r}) > 1
    await desk.restart(cache=False)
    desk.store.calls.clear()
    await branch("two")
    assert desk.new_packs() == []


async def test_a_new_process_knows_what_is_kept(desk: Desk) -> None:
    await desk.write("a", "x")
    await desk.write("b", "y")
    await desk.keep()
    await desk.restart()
    desk.store.calls.clear()
    desk.files.pieces = desk.files.read_many = None  # type: ignore[method-assign,assignment]
    assert await desk.keep() is None, "with its cache nothing is read"
    assert desk.store.puts == [f"{'p'}/writer"]
    assert desk.history.state(NAME).revision == 1


async def test_without_its_cache_everything_is_read_and_nothing_sent(desk: Desk) -> None:
    await desk.write("a", "x")
    await desk.keep()
    shot = picture(desk.folder)
    await desk.restart(cache=False)
    desk.store.calls.clear()
    assert await desk.keep() is None
    assert desk.new_packs() == []
    await desk.write("b", "y")
    await desk.keep()
    assert desk.restored(1) == shot
    assert desk.restored(2) == picture(desk.folder)


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


async def test_much_gone_at_once_is_flagged_and_a_deleted_folder_has_its_last_revision(desk: Desk) -> None:
    for number in range(150):
        (desk.folder / f"{number}").write_text("x")
    await desk.rest()
    await desk.keep()
    for number in range(149):
        (desk.folder / f"{number}").unlink()
    revision = await desk.keep()
    assert revision is not None
    assert (revision.header.kind, revision.header.flags) == (Why.MASS_DELETE, ("mass-delete",))
    assert len(desk.restored(1)) == 150
    shutil.rmtree(desk.folder)
    revision = await desk.history.commit(NAME, desk.folder, Tree({}), kind=Why.DELETED)
    assert revision is not None
    assert (revision.header.kind, revision.header.flags, revision.header.files) == (Why.DELETED, (), 0)
    assert desk.restored(3) == {}
    desk.folder.mkdir()
    await desk.write("again", "x")
    revision = await desk.keep()
    assert revision is not None
    assert (revision.seq, revision.header.parent) == (4, 3)


async def test_a_revision_can_be_asked_for_without_a_change(desk: Desk) -> None:
    await desk.write("a", "x")
    await desk.keep()
    revision = await desk.keep(kind=Why.BEFORE_RESTORE, always=True, origin=Origin("other", 7), seen_ns=5)
    assert revision is not None
    header = revision.header
    assert (header.seq, header.kind, header.origin, header.seen_ns) == (2, "before-restore", Origin("other", 7), 5)
    assert desk.restored(2) == picture(desk.folder)


async def test_time_is_after_every_read_and_a_clock_set_back_is_flagged(desk: Desk) -> None:
    place = await desk.write("a", "x")
    first = await desk.keep()
    assert first is not None
    assert first.time_ns >= place.stat().st_mtime_ns
    desk.clock.wall_ahead_ns -= 10 * 10**9
    await desk.write("a", "y")
    second = await desk.keep()
    assert second is not None
    assert second.header.flags == ("clock-back",)
    assert (second.header.segment, second.time_ns < first.time_ns) == (2, True)
    found = await desk.history.archive.at(NAME, second.time_ns)
    assert (found.header and found.header.seq, found.steps) == (2, ())
    found = await desk.history.archive.at(NAME, second.time_ns - 1)
    assert found.header is None
    assert [step.seq for step in found.steps] == [2]


async def test_the_git_head_is_read_from_files(desk: Desk) -> None:
    await desk.write("a", "x")
    git = desk.folder / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text(f"# pack-refs\n{'b' * 40} refs/heads/main\n")
    revision = await desk.keep()
    assert revision is not None
    assert revision.header.git is not None
    assert (revision.header.git.commit, revision.header.git.branch) == ("b" * 40, "refs/heads/main")
    (git / "refs/heads/main").write_text("a" * 40 + "\n")
    revision = await desk.keep(always=True)
    assert revision is not None
    assert revision.header.git is not None
    assert revision.header.git.commit == "a" * 40
    for hostile in ("ref: ../../../../etc/passwd", "ref: refs/../../x", "garbage", "ref: refs/heads/none"):
        (git / "HEAD").write_text(hostile)
        assert await desk.files.git_head(desk.folder) is None
    shutil.rmtree(git)
    git.symlink_to(desk.tmp)
    assert await desk.files.git_head(desk.folder) is None


async def test_condemned_packs_are_uploaded_again(desk: Desk) -> None:
    await desk.write("a", "content")
    await desk.keep()
    (pack,) = desk.packs()
    desk.history.distrust(NAME, [pack.rpartition("/")[2]])
    await desk.write("b", "content")
    desk.store.calls.clear()
    await desk.keep()
    assert desk.new_packs() == [pack]
    await desk.write("c", "content")
    desk.store.calls.clear()
    await desk.keep()
    assert desk.new_packs() == [], "named again, it counts again"


@pytest.mark.parametrize("what", ["revisions", "bases"])
async def test_a_damaged_head_stops_nobody(desk: Desk, what: str) -> None:
    await desk.write("a", "x")
    await desk.keep()
    (key,) = [key for key in desk.objects if f"/{what}/" in key]
    desk.objects[key] = desk.objects[key][:-3] + b"bad"
    await desk.restart(cache=False)
    await desk.write("b", "y")
    revision = await desk.keep()
    assert revision is not None
    assert revision.seq == 2
    assert desk.restored(2) == picture(desk.folder)


async def test_many_workspaces_are_forgotten_and_found_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.services.history.upkeep.MOST_ENTRIES", 3)
    folders: dict[str, Path] = {}
    for number in range(4):
        folders[f"w{number}"] = folder = desk.tmp / f"w{number}"
        folder.mkdir()
        for each in range(2):
            (folder / f"{each}").write_text(f"{number} {each}")
    await desk.rest()
    for turn in range(2):
        desk.store.calls.clear()
        for name, folder in folders.items():
            revision = await desk.history.commit(name, folder, await desk.files.walk(folder))
            assert (revision is None) == (turn == 1)
    assert [call for call in desk.store.calls if call[0] != "list"] == [], "the cache is enough"


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
