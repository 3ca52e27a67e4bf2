"""While a data volume is being replaced nobody else touches it, and nothing that cannot be kept first is replaced."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import Conflict, SlipwayError
from monitor.ports.store import StoreAway
from monitor.services.data.replacing import NOTE
from monitor.services.restore.restoring import Asked
from tests.contracts.volume_programs import PROGRAMS
from tests.support.data_bench import Bench, silent
from tests.support.restoring import NAME
from tests.support.waiting import until


async def test_it_is_neither_copied_nor_replaced_by_another_meanwhile(bench: Bench) -> None:
    bench.write("app.db", b"rows")
    await bench.keeper.keep(NAME)
    bench.write("app.db", b"later")
    archive, held, go_on = bench.spot.desk.history.archive, asyncio.Event(), asyncio.Event()
    really = bench.engine.replace_data

    async def slow(name: str, stage: Path, user: tuple[int, int]) -> None:
        held.set()
        await go_on.wait()
        await really(name, stage, user)

    bench.engine.replace_data = slow  # type: ignore[method-assign,assignment]
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(bench.replacer.restore(archive, NAME, Asked(revision=1), silent))
        await held.wait()
        with pytest.raises(Conflict, match="is being replaced"):
            await bench.keeper.keep(NAME)
        with pytest.raises(Conflict, match="is being replaced"):
            await bench.replacer.restore(archive, NAME, Asked(revision=1), silent)
        go_on.set()
    assert bench.held() == {"app.db": b"rows"}
    assert await archive.seqs("shop.data") == [1, 2, 3]
    assert not (await bench.keeper.keep(NAME)).new


async def test_what_cannot_be_read_is_not_replaced(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write("app.db", b"rows")
    await bench.keeper.keep(NAME)
    bench.write("closed", b"nobody can read this")
    really = bench.engine.copy_data

    @asynccontextmanager
    async def some(workspace: str, known: Any, limit: int) -> AsyncIterator[Any]:
        async with really(workspace, known, limit) as copy:
            assert copy is not None
            yield replace(copy, unread=("closed",))

    monkeypatch.setattr(bench.engine, "copy_data", some)
    with pytest.raises(SlipwayError, match="'closed'; nothing was changed"):
        await bench.replacer.restore(bench.spot.desk.history.archive, NAME, Asked(revision=1), silent)
    assert set(bench.held()) == {"app.db", "closed"}


async def test_no_workspace_is_called_like_the_note_of_a_replacement(bench: Bench) -> None:
    bench.marks.write(NOTE, [NAME])
    for name in ("replacing", "data", "data-replacing"):
        bench.keeper.forget(name)
        assert bench.marks.read(NOTE) == [NAME], name


async def test_whatever_fails_it_is_made_whole_before_its_turn_is_over(bench: Bench) -> None:
    bench.marks.write(NOTE, [NAME])
    failures: list[Exception] = [StoreAway("away"), OSError("odd"), KeyError("odder")]
    seen: list[str] = []

    async def recover(name: str) -> None:
        seen.append(bench.spot.restorer.turns.doing(name))
        if failures:
            raise failures.pop()

    bench.engine.recover_data = recover  # type: ignore[method-assign,assignment]
    await bench.replacer.recover()
    assert seen == ["completing a restore of its data"] * 4
    assert bench.marks.read(NOTE) == []


async def test_two_programs_never_replace_one_volume_at_once(tmp_path: Path) -> None:
    volume, answer = tmp_path / "volume", tmp_path / "answer"
    (volume / ".slipway-data").mkdir(parents=True)
    held = os.open(volume, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    asked = json.dumps({"volume": str(volume), "from": None, "owner": None, "answer": str(answer)})
    argv = [sys.executable, "-I", "-c", (PROGRAMS / "volume_replace.py").read_text(), asked]
    with subprocess.Popen(argv) as second:
        try:

            def waits() -> bool:
                found = Path("/proc/locks").read_text().splitlines()
                return any("->" in line and f" {second.pid} " in line for line in found)

            await until(waits, what="the second one to wait for the first")
            assert (volume / ".slipway-data").exists()
        finally:
            os.close(held)
        assert second.wait(20) == 0
    assert json.loads(answer.read_text()) == {"earlier": "undone"}


async def test_it_is_not_replaced_under_a_command(bench: Bench) -> None:
    bench.write("app.db", b"rows")
    await bench.keeper.keep(NAME)
    bench.write("app.db", b"a command's")
    archive, running = bench.spot.desk.history.archive, {NAME}
    replacer = replace(bench.replacer, commands=running.__contains__)
    with pytest.raises(Conflict, match="a command runs in shop"):
        await replacer.restore(archive, NAME, Asked(revision=1), silent)
    assert (bench.held(), bench.stopped) == ({"app.db": b"a command's"}, [])
    running.clear()
    await replacer.restore(archive, NAME, Asked(revision=1), silent)
    assert bench.held() == {"app.db": b"rows"}
