"""An edit that looks like none (same size, time and inode) is kept all the same before a restore replaces it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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
