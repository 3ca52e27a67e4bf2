"""Killed at every step: a real process ends at the N-th write, a new one with an empty cache goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.adapters.folder_store import FolderStore
from tests.support.independent_reader import Reader
from tests.support.keeping import NAME, PREFIX, Desk, picture

VICTIM = """
import asyncio, os, sys
from pathlib import Path
from monitor.adapters.folder_store import FolderStore
from monitor.errors import SlipwayError
from monitor.ports.store import StoreAway
from tests.support.faults import Fault, writes
from tests.support.keeping import Desk

place, at, mode, away = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4] == "away"

def end():
    os.kill(os.getpid(), 9)

async def main():
    desk = Desk(place, inner=FolderStore(place / "store", create=True))
    fatal = Fault(mode, at=at, times=1, match=writes, then=end)
    if away:
        desk.store.arm(Fault(error=StoreAway("away")))
        desk.spool.arm(fatal)
    else:
        desk.store.arm(fatal)
    for turn in range(3):
        for number in range(3):
            await desk.write(f"d{number}/{turn}", f"{turn} {number}")
        await desk.write("same", f"{turn}")
        revision = await desk.keep()
        print("kept", revision.seq, flush=True)
    if away:
        desk.store.arm(None)
        desk.clock.ahead += 100
        await desk.history.catch_up()
    print("end", fatal.seen, flush=True)

asyncio.run(main())
"""


def victim(place: Path, at: int, mode: str, where: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", VICTIM, str(place), str(at), mode, where]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])


def reader(place: Path) -> Reader:
    top = place / "store"

    def keys(start: str) -> list[str]:
        return [key for p in top.rglob("*") if p.is_file() and (key := str(p.relative_to(top))).startswith(start)]

    return Reader(lambda key: (top / key).read_bytes(), keys, NAME, PREFIX)


@pytest.mark.parametrize("where", ["there", "away"])
@pytest.mark.parametrize("mode", ["before", "after"])
async def test_killed_at_every_write(tmp_path: Path, mode: str, where: str) -> None:
    at, ended = 0, False
    while not ended:
        place = tmp_path / f"{at}"
        place.mkdir()
        run = victim(place, at, mode, where)
        ended = "end" in run.stdout
        assert ended or run.returncode == -signal.SIGKILL, run.stderr
        kept = run.stdout.count("kept")
        shutil.rmtree(place / "cache", ignore_errors=True)
        desk = Desk(place, inner=FolderStore(place / "store", create=True))
        await desk.history.open()
        assert await desk.history.catch_up()
        await desk.write("after", "the kill")
        assert await desk.keep() is not None
        assert await desk.keep() is None
        await desk.close()
        judge = reader(place)
        seqs = judge.seqs()
        assert len(seqs) >= kept + 1, f"killed {mode} write {at}: what was reported as kept is not there"
        for seq in seqs:
            target = place / f"restored-{seq}"
            target.mkdir()
            judge.restore(seq, target)
        assert picture(target) == picture(place / "shop")
        assert not [p for p in (place / "spool").rglob("*") if p.is_file()]
        for turn in range(kept):
            assert any((place / f"restored-{seq}" / "same").read_text() == f"{turn}" for seq in seqs)
        shutil.rmtree(place)
        at += 1
    assert at > (8 if where == "there" else 12)


def test_the_victim_would_notice(tmp_path: Path) -> None:
    """The test's own test: without a kill three moments are kept."""
    run = victim(tmp_path, 10_000, "before", "there")
    assert run.stdout.split().count("kept") == 3, run.stderr
    assert reader(tmp_path).seqs() == [1, 2, 3]
    assert os.listdir(tmp_path / "spool") == [] or not list((tmp_path / "spool").rglob("packs/*"))
