"""A workspace is put back as it was: whole, merged, one path of it, or only foretold."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from monitor.domain.history.revision import Why
from monitor.domain.restoring.plan import Act, Mode
from monitor.domain.tree import Entry
from monitor.errors import NotFound, UsageError
from tests.support.odd_trees import SPECIAL, make_odd
from tests.support.restoring import NAME, Spot


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
    assert any(line.startswith("1 to replace, 1 to remove; ") for line in planned.lines())
    result = await spot.restore(seq)
    assert result.planned.plan == planned.plan
    assert any(line.endswith(": 1 replaced, 1 removed") for line in result.lines())


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
    make_odd(spot.folder)
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
        if name not in SPECIAL:
            place = spot.folder / name
            place.rmdir() if place.is_dir() and not place.is_symlink() else place.unlink()
    result = await spot.restore(seq)
    assert not result.incomplete
    assert spot.now() == before
    assert spot.now(*SPECIAL) == spot.oracle(seq)


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


async def test_as_deep_as_is_kept_is_restored(spot: Spot) -> None:
    """200 folders in one another are looked into; what lies in the last one is kept, the next folder is not."""
    deepest = "/".join(["d"] * 200)
    await spot.desk.write(f"{deepest}/f", "deep")
    (spot.folder / deepest / "beyond").mkdir()
    seq = await spot.keep()
    (spot.folder / deepest / "f").write_text("changed")
    result = await spot.restore(seq)
    assert not result.incomplete
    assert (spot.folder / deepest / "f").read_text() == "deep"
    shutil.rmtree(spot.folder / "d")
    assert not (await spot.restore(seq)).incomplete
    assert (spot.folder / deepest / "f").read_text() == "deep"
