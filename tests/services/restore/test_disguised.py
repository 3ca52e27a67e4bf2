"""An edit that looks like none (same size, time and inode) is kept all the same before a restore replaces it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest

from monitor.domain.tree import Entry
from monitor.ports.files import Changed
from monitor.ports.placing import Displaced
from monitor.services.restore.safety import Kept
from tests.support.disguise import disguise, noted_reads
from tests.support.restoring import Spot


@pytest.fixture
async def spot(tmp_path: Path) -> AsyncIterator[Spot]:
    spot = Spot(tmp_path)
    yield spot
    await spot.close()


async def test_what_differs_from_the_safety_revision_by_its_bytes_alone_is_read(spot: Spot) -> None:
    file = spot.folder / "notes.txt"
    file.write_text("one")
    first = await spot.keep()
    file.write_text("two!")
    await spot.keep()
    info = file.stat()
    with file.open("r+") as same:
        same.write("MINE")
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert (file.stat().st_ino, file.stat().st_size) == (info.st_ino, 4)

    result = await spot.restore(first)

    assert file.read_text() == "one"
    seqs = await spot.desk.history.archive.seqs("shop")
    held = {_text(spot, seq) for seq in seqs}
    assert "MINE" in held, result
    assert spot.stages == []


async def test_what_a_restore_placed_is_not_read_but_an_edit_of_it_is(spot: Spot) -> None:
    await spot.desk.write("notes.txt", "one")
    await spot.desk.write("folder/inside", "old", mode=0o666)
    await spot.desk.write("script", "#!", mode=0o500)
    first = await spot.keep()
    await spot.desk.write("notes.txt", "two!")
    (spot.folder / "folder" / "inside").unlink()
    (spot.folder / "folder").rmdir()
    (spot.folder / "script").unlink()
    await spot.keep()

    with noted_reads(spot.desk.files) as read:
        result = await spot.restore(first)
        assert await spot.desk.keep() is None
    assert (read, result.problems) == ([], ())

    await spot.desk.rest()
    disguise(spot.folder / "notes.txt", b"1st")
    await spot.desk.rest()
    with noted_reads(spot.desk.files) as read:
        revision = await spot.desk.keep()
    assert read == ["notes.txt"]
    assert revision is not None
    assert _text(spot, revision.seq) == "1st"


async def test_what_is_displaced_and_written_once_more_is_kept_before_it_goes(spot: Spot) -> None:
    file = await spot.desk.write("notes.txt", "one")
    first = await spot.keep()
    file.write_text("two!")
    await spot.keep()
    held = os.open(file, os.O_RDWR)
    real, written = spot.restorer._safety.displaced, list[bytes]()

    def write(data: bytes) -> None:
        info = os.fstat(held)
        os.pwrite(held, data, 0)
        os.utime(held, ns=(info.st_atime_ns, info.st_mtime_ns))
        written.append(data)

    async def displaced(workspace: str, found: Displaced) -> Kept:
        kept = await real(workspace, found)
        if len(written) < 2:
            write(b"LATE")
        return kept

    spot.placing._step = lambda name: write(b"MINE") if name == "committed" else None  # type: ignore[method-assign]
    spot.restorer._safety.displaced = displaced  # type: ignore[method-assign]
    result = await spot.restore(first)
    os.close(held)

    assert {"MINE", "LATE"} <= {_text(spot, seq) for seq in await spot.desk.history.archive.seqs("shop")}, result
    assert spot.stages == []


async def test_what_cannot_be_read_back_is_left_behind_although_it_looks_like_what_is_kept(spot: Spot) -> None:
    file = await spot.desk.write("notes.txt", "one")
    first = await spot.keep()
    file.write_text("two!")
    await spot.keep()
    spot.placing._step = lambda name: disguise(file, b"MINE") if name == "committed" else None  # type: ignore[method-assign]
    real = spot.desk.files.read_many

    async def read(folder: Path, entries: Sequence[Entry]) -> Mapping[str, bytes | Changed]:
        if "displaced" not in folder.parts:
            return await real(folder, entries)
        return {entry.path: Changed(entry.path, "input/output error", refused=True) for entry in entries}

    spot.desk.files.read_many = read  # type: ignore[method-assign]
    result = await spot.restore(first)

    (behind,) = result.left_behind
    assert (behind / "notes.txt").read_text() == "MINE"
    assert file.read_text() == "one"
    assert "unreadable" in " ".join(result.notes)


def _text(spot: Spot, seq: int) -> str:
    spot.oracle(seq)
    return (spot.root.parent / "oracle" / f"shop-{seq}" / "notes.txt").read_text()


async def test_a_stage_that_cannot_be_read_is_not_thrown_away_with_what_was_displaced(spot: Spot) -> None:
    place = spot.root / ".slipway" / "restore-later"
    (place / "displaced" / "0").mkdir(parents=True)
    only = place / "displaced" / "0" / "only-copy.txt"
    only.write_text("nowhere else")
    for said in ('{"version": 9, "job": {"id": "later", "new": 1}}', "", "\0"):
        (place / "job.json").write_text(said)
        assert await spot.placing.unfinished(spot.root) == ()
        assert only.read_text() == "nowhere else", said
    (place / "job.json").unlink()
    assert await spot.placing.unfinished(spot.root) == ()
    assert not place.exists(), "one that was never begun holds nothing"
