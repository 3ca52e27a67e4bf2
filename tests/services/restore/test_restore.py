"""A restore on a real disk: exactly what was, nothing lost, and what the filter leaves out survives."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.adapters.memory_store import MemoryStore
from monitor.domain.filters import Overrides
from monitor.domain.history.revision import Why
from monitor.domain.restoring.plan import Act, Mode
from monitor.domain.tree import Entry
from monitor.errors import Conflict, NotFound, UsageError
from monitor.services.history.archive import Archive
from monitor.services.restore.choosing import Choosing
from monitor.services.restore.wish import Wish
from tests.support.restoring import NAME, PREFIX, Spot, picture


async def test_an_emptied_workspace_is_put_back_and_keeps_its_inode(spot: Spot) -> None:
    await spot.desk.write("a/b.txt", "one")
    await spot.desk.write("run.sh", "#!/bin/sh\n", mode=0o750)
    (spot.folder / "link").symlink_to("a/b.txt")
    (spot.folder / "empty").mkdir(mode=0o711)
    seq = await spot.keep()
    before, inode = spot.now(), spot.folder.stat().st_ino
    for item in list(spot.folder.iterdir()):
        shutil.rmtree(item) if item.is_dir() else item.unlink()
    result = await spot.restore(seq)
    assert spot.now() == before == spot.oracle(seq)
    assert spot.folder.stat().st_ino == inode
    assert not result.incomplete
    assert (result.before, result.after) == (2, 3)
    assert spot.stages == []
    header = await spot.desk.history.archive.header(NAME, 3)
    assert (header.kind, header.origin and header.origin.seq) == (Why.RESTORE, seq)


async def test_every_kind_of_change_is_turned_back_and_forth(spot: Spot) -> None:
    await spot.desk.write("file-to-folder", "f")
    await spot.desk.write("folder-to-file/x", "x")
    await spot.desk.write("deep/er/most", "m")
    await spot.desk.write("edited", "before")
    await spot.desk.write("mode", "m", mode=0o600)
    (spot.folder / "link").symlink_to("one")
    (spot.folder / "hollow").mkdir()
    first = await spot.keep()
    (spot.folder / "file-to-folder").unlink()
    await spot.desk.write("file-to-folder/y", "y")
    shutil.rmtree(spot.folder / "folder-to-file")
    await spot.desk.write("folder-to-file", "now a file")
    shutil.rmtree(spot.folder / "deep")
    await spot.desk.write("edited", "after, longer")
    (spot.folder / "mode").chmod(0o755)
    (spot.folder / "link").unlink()
    await spot.desk.write("link", "a file now")
    await spot.desk.write("hollow/filled", "x")
    await spot.desk.write("new/file", "n")
    second = await spot.keep()
    for seq in (first, second, first):
        result = await spot.restore(seq)
        assert spot.now() == spot.oracle(seq)
        assert not result.displaced
    assert not (await spot.restorer.plan(await spot.wish(first))).plan.changes
    assert spot.stages == []


async def test_what_the_filter_leaves_out_survives_and_is_in_nobodys_way(spot: Spot) -> None:
    await spot.desk.write("package.json", "{}")
    await spot.desk.write("src/app.js", "one")
    seq = await spot.keep()
    await spot.desk.write(".env", "SECRET=1", mode=0o600)
    await spot.desk.write("node_modules/left/index.js", "x")
    await spot.desk.write("src/debug.log", "log")
    await spot.desk.write("src/app.js", "two")
    await spot.desk.write("src/extra.js", "e")
    shutil.rmtree(spot.folder / ".git", ignore_errors=True)
    result = await spot.restore(seq)
    left = picture(spot.folder)
    assert {b".env", b"node_modules/left/index.js", b"src/debug.log"} == left.keys() - spot.oracle(seq).keys()
    assert all(left[path] == one for path, one in spot.oracle(seq).items())
    assert not result.incomplete
    assert {one.path for one in result.planned.plan.left} == {".env", "node_modules", "src/debug.log"}
    assert not any(b"SECRET" in data for data in spot.desk.objects.values())


async def test_a_file_where_an_excluded_folder_stands_makes_it_incomplete(spot: Spot) -> None:
    await spot.desk.write("node_modules", "a file once")
    await spot.desk.write("other", "o")
    seq = await spot.keep()
    (spot.folder / "node_modules").unlink()
    await spot.desk.write("package.json", "{}")
    await spot.desk.write("node_modules/x/index.js", "x")
    (spot.folder / "other").unlink()
    result = await spot.restore(seq)
    assert result.incomplete
    assert [one.path for one in result.planned.plan.refused] == ["node_modules"]
    assert (spot.folder / "node_modules/x/index.js").read_text() == "x"
    assert (spot.folder / "other").read_text() == "o"


async def test_a_private_key_that_is_in_no_revision_is_not_removed(spot: Spot) -> None:
    await spot.desk.write("a", "a")
    seq = await spot.keep()
    key = "-----BEGIN " + "OPENSSH PRIVATE KEY-----\nx\n"
    await spot.desk.write("notes.txt", key)
    result = await spot.restore(seq)
    assert (spot.folder / "notes.txt").read_text() == key
    assert result.planned.plan.left[0].path == "notes.txt"


async def test_merge_adds_and_overwrites_and_deletes_nothing(spot: Spot) -> None:
    await spot.desk.write("a", "one")
    await spot.desk.write("b", "b")
    await spot.desk.write("c", "a file")
    seq = await spot.keep()
    await spot.desk.write("a", "two")
    (spot.folder / "b").unlink()
    (spot.folder / "c").unlink()
    await spot.desk.write("c/inside", "i")
    await spot.desk.write("new", "n")
    result = await spot.restore(seq, Mode.MERGE)
    assert {p: c[1] for p, c in spot.now().items()} == {b"a": b"one", b"b": b"b", b"c/inside": b"i", b"new": b"n"}
    assert [one.path for one in result.planned.plan.refused] == ["c"]


async def test_one_path_alone(spot: Spot) -> None:
    await spot.desk.write("src/a", "one")
    await spot.desk.write("src/b", "one")
    await spot.desk.write("top", "one")
    seq = await spot.keep()
    for path in ("src/a", "src/b", "top", "src/more"):
        await spot.desk.write(path, "two!")
    await spot.restore(seq, path="./src/a")
    assert {p: c[1] for p, c in spot.now().items()} == {
        b"src/a": b"one", b"src/b": b"two!", b"src/more": b"two!", b"top": b"two!",
    }  # fmt: skip
    await spot.restore(seq, path="src/")
    assert {p: c[1] for p, c in spot.now().items()} == {b"src/a": b"one", b"src/b": b"one", b"top": b"two!"}
    with pytest.raises(NotFound, match="nowhere"):
        await spot.restore(seq, path="nowhere")
    for bad in ("../x", "/etc", "a\0b"):
        with pytest.raises(UsageError):
            await spot.restore(seq, path=bad)


async def test_a_dry_run_changes_nothing_and_foretells_what_happens(spot: Spot) -> None:
    await spot.desk.write("a", "one")
    seq = await spot.keep()
    await spot.desk.write("a", "two")
    await spot.desk.write("b", "b")
    await spot.keep()
    before, seqs = spot.now(), spot.desk.reader().seqs()
    planned = await spot.restorer.plan(await spot.wish(seq))
    assert (spot.now(), spot.desk.reader().seqs(), spot.stages) == (before, seqs, [])
    assert {s.path: s.act for s in planned.plan.steps} == {"a": Act.REPLACE, "b": Act.REMOVE}
    assert any("replace  a" in line for line in planned.lines())
    result = await spot.restore(seq)
    assert result.planned.plan == planned.plan


async def test_a_file_with_the_same_size_and_time_but_other_bytes_is_put_right(spot: Spot) -> None:
    place = await spot.desk.write("a", "one")
    stamp = place.stat().st_mtime_ns
    seq = await spot.keep()
    place.unlink()
    place.write_bytes(b"two")
    os.utime(place, ns=(stamp, stamp))
    await spot.restore(seq)
    assert place.read_bytes() == b"one"


async def test_another_name_of_a_file_outside_is_not_touched(spot: Spot) -> None:
    place = await spot.desk.write("a", "one", mode=0o644)
    seq = await spot.keep()
    outside = spot.root.parent / "outside"
    os.link(place, outside)
    outside.chmod(0o600)
    stamp = outside.stat().st_mtime_ns
    await spot.restore(seq)
    assert (place.stat().st_mode & 0o777, outside.stat().st_mode & 0o777) == (0o644, 0o600)
    assert outside.stat().st_mtime_ns == stamp
    assert outside.stat().st_nlink == 1


async def test_odd_trees_come_back(spot: Spot) -> None:
    top = os.fsencode(spot.folder)
    names = [b"\xff\xfe", b"new\nline", b"x" * 255, b"-rf", b"dot.", b"space ", "e\u0301".encode(), "\u00e9".encode()]
    names += [b"CASE", b"case", b"%41", b"a%", b"tab\t", b"\\", b" "]
    for number, name in enumerate(names):
        with open(os.path.join(top, name), "wb") as file:
            file.write(b"%d" % number)
    os.mkfifo(os.path.join(top, b"pipe"))
    with socket.socket(socket.AF_UNIX) as unix, suppress(OSError):
        unix.bind(os.path.join(top, b"sock"))
    os.symlink(b"loop", os.path.join(top, b"loop"))
    os.symlink(b"\xff/dangling", os.path.join(top, b"dangling"))
    await spot.desk.write("locked", "mode 0000", mode=0)
    await spot.desk.write("suid", "x", mode=0o4755)
    await spot.desk.write("none", b"")
    os.utime(spot.folder / "none", ns=(5, -1_000_000_007))
    with open(spot.folder / "sparse", "wb") as file:
        file.truncate(20 * 2**20)
    await spot.desk.write("large", os.urandom(17 * 2**20))
    (spot.folder / "shut").mkdir(mode=0o500)
    seq = await spot.keep()
    before = spot.now()
    for name in os.listdir(spot.folder):
        if name not in ("pipe", "sock"):
            place = spot.folder / name
            place.rmdir() if place.is_dir() and not place.is_symlink() else place.unlink()
    result = await spot.restore(seq)
    assert not result.incomplete
    assert spot.now() == before
    assert spot.now("pipe", "sock") == spot.oracle(seq)


async def test_a_deleted_workspace_is_made_again_whole(spot: Spot) -> None:
    await spot.desk.write("a/b", "one")
    (spot.folder / "empty").mkdir(mode=0o500)
    seq = await spot.keep()
    shutil.rmtree(spot.folder)
    result = await spot.restore(seq)
    assert spot.now() == spot.oracle(seq)
    assert result.before is None
    assert spot.folder.stat().st_mode & 0o777 == 0o755
    assert spot.stages == []


async def test_a_new_workspace_comes_to_be_by_one_rename_and_knows_where_from(spot: Spot) -> None:
    await spot.desk.write("a/b", "one")
    await spot.desk.write("c", "two")
    seq = await spot.keep()
    seen: list[set[str]] = []
    spot.placing._step = lambda name: seen.append(set(os.listdir(spot.root / "copy")) if _there(spot) else set())  # type: ignore[method-assign]
    result = await spot.restore(seq, as_name="copy")
    assert picture(spot.root / "copy") == spot.oracle(seq)
    assert {frozenset(s) for s in seen} == {frozenset(), frozenset({"a", "c"})}
    assert result.after == 1
    header = await spot.desk.history.archive.header("copy", 1)
    assert header.kind == Why.FORK
    assert header.origin is not None
    assert (header.origin.workspace, header.origin.seq) == (NAME, seq)
    assert spot.oracle(1, "copy") == spot.oracle(seq)
    with pytest.raises(Conflict):
        await spot.restore(seq, as_name="copy")
    for bad in ("../x", "monitor", "UPPER", ""):
        with pytest.raises(UsageError):
            await spot.restore(seq, as_name=bad)


def _there(spot: Spot) -> bool:
    return (spot.root / "copy").exists()


async def test_into_another_folder(spot: Spot, tmp_path: Path) -> None:
    await spot.desk.write("a/b", "one")
    (spot.folder / "empty").mkdir()
    seq = await spot.keep()
    target = tmp_path / "some" / "where"
    result = await spot.restore(seq, into=target)
    assert picture(target) == spot.oracle(seq)
    assert (result.before, result.after) == (None, None)
    with pytest.raises(Conflict, match="not empty"):
        await spot.restore(seq, into=target)
    (target / "a/b").write_text("mine")
    (target / "mine").write_text("mine too")
    result = await spot.restore(seq, Mode.MERGE, into=target)
    assert (target / "a/b").read_text() == "one"
    assert (target / "mine").read_text() == "mine too"
    (kept,) = result.left_behind
    assert (kept / "a/b").read_text() == "mine"
    assert spot.stages == []
    (tmp_path / "link").symlink_to(target)
    for bad in (spot.root, spot.folder, tmp_path, spot.root / "x"):
        with pytest.raises(UsageError):
            await spot.restore(seq, into=bad)
    with pytest.raises(Conflict):
        await spot.restore(seq, into=tmp_path / "link")


async def test_what_is_placed_belongs_to_the_owner_of_the_folder(spot: Spot) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    await spot.desk.write("a/b", "one", mode=0o4755)
    (spot.folder / "link").symlink_to("a")
    seq = await spot.keep()
    shutil.rmtree(spot.folder / "a")
    (spot.folder / "link").unlink()
    os.chown(spot.folder, 12345, 12346)
    await spot.restore(seq)
    for path in ("a", "a/b", "link"):
        info = os.lstat(spot.folder / path)
        assert (info.st_uid, info.st_gid) == (12345, 12346), path
    assert (spot.folder / "a/b").stat().st_mode & 0o7777 == 0o4755


async def test_a_cancelled_restore_leaves_nothing(spot: Spot) -> None:
    for number in range(50):
        await spot.desk.write(f"d{number}/f", os.urandom(1000))
    seq = await spot.keep()
    for number in range(50):
        shutil.rmtree(spot.folder / f"d{number}")
    before = spot.now()
    staged = asyncio.Event()
    loop = asyncio.get_running_loop()
    spot.placing._step = lambda name: loop.call_soon_threadsafe(staged.set) if name == "staged" else None  # type: ignore[method-assign]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(spot.restore(seq))
        await staged.wait()
        task.cancel()
    assert task.cancelled()
    assert spot.now() == before
    assert spot.stages == []
    await spot.restore(seq)
    assert spot.now() == spot.oracle(seq)


@pytest.mark.parametrize("step", ["committed", "all placed", "released"])
async def test_a_cancellation_after_the_commit_has_no_effect(spot: Spot, step: str) -> None:
    await spot.desk.write("a/b", "one")
    seq = await spot.keep()
    place = await spot.desk.write("a/b", "two")
    loop = asyncio.get_running_loop()
    reached = asyncio.Event()

    def stepped(name: str) -> None:
        if name == "durable":
            place.write_text("saved meanwhile")
        if name == step:
            loop.call_soon_threadsafe(reached.set)

    spot.placing._step = stepped  # type: ignore[method-assign]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(spot.restore(seq))
        await reached.wait()
        task.cancel()
    assert not task.cancelled()
    result = task.result()
    assert result.before == 2
    (displaced,) = result.displaced
    assert spot.oracle(displaced)[b"a/b"][1] == b"saved meanwhile"
    assert spot.now() == spot.oracle(seq) == spot.oracle(result.after or 0)
    assert spot.stages == []


async def test_restores_of_one_workspace_come_one_after_the_other(spot: Spot) -> None:
    await spot.desk.write("a", "one")
    first = await spot.keep()
    await spot.desk.write("a", "two")
    second = await spot.keep()
    over: list[str] = []
    spot.restorer.turns.over = over.append
    async with asyncio.TaskGroup() as group:
        group.create_task(spot.restore(first))
        group.create_task(spot.restore(second))
        await asyncio.sleep(0)
    assert spot.now() in (spot.oracle(first), spot.oracle(second))
    assert over == [NAME, NAME]
    assert spot.restorer.turns.doing(NAME) == ""


async def test_what_was_just_verified_is_not_read_again_but_what_is_edited_is(spot: Spot) -> None:
    for number in range(20):
        await spot.desk.write(f"f{number}", f"one {number}")
    seq = await spot.keep()
    for number in range(20):
        await spot.desk.write(f"f{number}", "two")
    read: list[str] = []
    files = spot.desk.files
    real = files.read_many

    async def noting(folder: Path, entries: list[Entry]) -> object:
        read.extend(entry.path for entry in entries)
        return await real(folder, entries)

    edited = spot.folder / "f7"
    spot.placing._step = lambda name: (edited.write_text("EDITED"), None)[1] if name == "all placed" else None  # type: ignore[method-assign]
    await spot.keep()
    files.read_many = noting  # type: ignore[assignment]
    result = await spot.restore(seq)
    assert set(read) == {"f7"}
    assert result.after is not None
    assert spot.oracle(result.after)[b"f7"][1] == b"EDITED"
    assert spot.now() == spot.oracle(result.after)


async def test_a_copy_somewhere_else_is_not_vouched_for(spot: Spot) -> None:
    """Its packs need not be where ours are: what comes from there is read and kept anew."""
    place = await spot.desk.write("a", "one")
    seq = await spot.keep()
    elsewhere = MemoryStore()
    elsewhere.objects.update(spot.desk.objects)
    await spot.desk.write("a", "two")
    await spot.keep()
    for key in [key for key in spot.desk.objects if "/packs/" in key or key.endswith(f"/{seq:020}")]:
        del spot.desk.objects[key]
    spot.desk.history.distrust(NAME, [key.rpartition("/")[2] for key in elsewhere.objects if "/packs/" in key])
    archive = Archive(elsewhere, PREFIX)
    wish = Wish(await Choosing(archive, spot.desk.clock).choose(NAME, revision=seq))
    result = await spot.restorer_of(archive).run(wish)
    assert place.read_text() == "one"
    assert result.after is not None
    assert spot.oracle(result.after)[b"a"][1] == b"one"


async def test_what_the_restored_ignore_file_leaves_out_stays(spot: Spot) -> None:
    await spot.desk.write(".gitignore", "*.out\nbuilt/\n")
    await spot.desk.write("in/.gitignore", "!kept.out\n")
    await spot.desk.write("a.out", "made then")
    await spot.desk.write("a", "one")
    seq = await spot.keep()
    await spot.desk.write(".gitignore", "# nothing is ignored any more\n")
    for path in ("built/x", "in/b.out", "in/kept.out", "new"):
        await spot.desk.write(path, "now")
    await spot.keep()
    planned = await spot.restorer.plan(await spot.wish(seq))
    assert any("ignore file that comes back" in left.reason for left in planned.plan.left)
    result = await spot.restore(seq)
    assert not result.incomplete
    assert (spot.folder / ".gitignore").read_text().startswith("*.out")
    there = {path for path in ("a.out", "built/x", "in/b.out", "in/kept.out", "new") if (spot.folder / path).exists()}
    assert there == {"a.out", "built/x", "in/b.out"}, "what it does not leave out goes, as everything later does"


async def test_what_the_restored_settings_exclude_stays(spot: Spot) -> None:
    await spot.desk.write("slipway.yaml", "sync:\n  exclude: [big/]\n")
    await spot.desk.write("a", "one")
    spot.desk.overrides = Overrides(("big/",))
    await spot.desk.write("big/x", "made then, and never kept")
    seq = await spot.keep()
    await spot.desk.write("slipway.yaml", "start: run\n")
    await spot.desk.write("new", "now")
    spot.desk.overrides = Overrides()
    await spot.keep()
    planned = await spot.restorer.plan(await spot.wish(seq))
    assert any("settings that come back" in left.reason for left in planned.plan.left)
    assert not (await spot.restore(seq)).incomplete
    assert (spot.folder / "big/x").read_text() == "made then, and never kept"
    assert not (spot.folder / "new").exists()
