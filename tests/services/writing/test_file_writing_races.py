"""What happens while a file is sent: somebody else saves, a restore begins, the sender goes away."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.adapters import file_writing
from monitor.adapters.clock import SystemClock
from monitor.adapters.file_writing import DiskWriting
from monitor.domain.state import WorkspaceState
from monitor.errors import Conflict
from monitor.ports.writing import Changed, Expected
from monitor.services.restore.turns import Turns
from monitor.services.writing import Writes
from tests.support.waiting import until
from tests.support.writing import ANY, NEW, hashed, pieces


@pytest.mark.parametrize("expected", [NEW, Expected(match=frozenset({hashed(b"old")}))], ids=["new", "match"])
async def test_what_is_saved_while_the_disk_flushes_is_not_overwritten(
    disk: DiskWriting, root: Path, monkeypatch: pytest.MonkeyPatch, expected: Expected
) -> None:
    file, flush = root / "shop/a", os.fsync
    if expected.match:
        file.write_text("old")

    def slow(fd: int) -> None:
        file.write_text("an editor's")
        flush(fd)

    monkeypatch.setattr(os, "fsync", slow)
    with pytest.raises(Changed):
        await disk.put(root / "shop", "a", pieces(b"mine"), expected, 100)
    assert file.read_text() == "an editor's"


async def test_a_sender_that_goes_away_is_let_go_of_once_nobody_writes(
    disk: DiskWriting, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working, go_on, wrote = threading.Event(), threading.Event(), list[int]()
    really = file_writing._take

    def slow(fd: int, digest: Any, piece: bytes) -> None:
        working.set()
        go_on.wait(10)
        really(fd, digest, piece)
        wrote.append(os.fstat(fd).st_size)

    monkeypatch.setattr(file_writing, "_take", slow)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = group.create_task(disk.put(root / "shop", "a", pieces(b"half"), ANY, 100))
        await until(working.is_set, what="a write under way")
        task.cancel()
        await asyncio.sleep(0.05)
        assert not task.done(), "its descriptor may be another file's by now"
        go_on.set()
        await asyncio.wait([task])
    assert wrote == [4]
    assert list((root / ".slipway").iterdir()) == []
    assert not (root / "shop/a").exists()


async def test_a_restore_that_begins_while_a_file_is_sent_is_not_written_into(disk: DiskWriting, root: Path) -> None:
    turns = Turns()
    registry: Any = SimpleNamespace(get=lambda name: WorkspaceState(name, name))
    nobody: Any = None
    writes = Writes(disk, nobody, nobody, registry, turns, SystemClock(), root)
    (root / "shop/a").write_text("old")
    async with turns.hold("shop"):

        async def slowly() -> AsyncIterator[bytes]:
            yield b"half"
            turns._doing["shop"] = ["restoring revision 7"]
            yield b"half"

        with pytest.raises(Conflict, match="restoring revision 7"):
            await writes.put("shop", "a", slowly(), ANY)
    assert (root / "shop/a").read_text() == "old"
