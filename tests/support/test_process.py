"""A program started for a test is awaited, and gone afterwards with all it started."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from tests.support.ports import GRPC_OFFSET, free_port_pair
from tests.support.process import Program
from tests.support.waiting import NeverHappened, until_sync

# Starts a grandchild, writes its pid to the file named, and waits; argv[2] chooses to ignore SIGTERM.
PARENT = """
import pathlib, signal, subprocess, sys, time
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
part = pathlib.Path(sys.argv[1] + ".part")
part.write_text(str(child.pid))
part.rename(sys.argv[1])
time.sleep(600)
"""


def _parent(tmp_path: Path, manner: str, stop_timeout: float = 15.0) -> Program:
    pid_file = tmp_path / "pid"
    return Program(
        [sys.executable, "-c", PARENT, pid_file, manner],
        ready=pid_file.exists,
        log=tmp_path / "log",
        stop_timeout=stop_timeout,
    )


def _lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("manner", ["polite", "stubborn"])
def test_nothing_is_left_after_the_block(tmp_path: Path, manner: str) -> None:
    with _parent(tmp_path, manner, stop_timeout=0.2 if manner == "stubborn" else 15.0) as program:
        pids = [program.pid, int((tmp_path / "pid").read_text())]
        assert all(map(_lives, pids))
    until_sync(lambda: not any(map(_lives, pids)), what="both processes to be gone")


async def test_an_async_block_does_the_same(tmp_path: Path) -> None:
    async with _parent(tmp_path, "polite") as program:
        pid = program.pid
        assert _lives(pid)
    assert not _lives(pid)


def test_a_program_that_ends_while_starting_fails_at_once_with_its_words(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "raise SystemExit('no such luck')"]
    with (
        pytest.raises(NeverHappened, match="no such luck"),
        Program(argv, ready=lambda: False, log=tmp_path / "log"),
    ):
        pass


def test_a_program_that_is_never_ready_is_stopped(tmp_path: Path) -> None:
    program = Program(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        ready=lambda: False,
        log=tmp_path / "log",
        start_timeout=0.2,
    )
    with pytest.raises(NeverHappened, match="to be ready"):
        program.start()
    with pytest.raises(RuntimeError, match="not running"):
        _ = program.pid


def test_a_port_pair_lies_within_the_port_range() -> None:
    assert all(free_port_pair() + GRPC_OFFSET <= 65_535 for _ in range(50))
