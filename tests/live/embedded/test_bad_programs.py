"""What is done with programs that end, hang, turn deaf or talk too much."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.embedded.child import Child, ChildFailed, ChildSpec
from monitor.adapters.embedded.logs import keep_small, last_lines
from monitor.adapters.embedded.ports import settle_ports
from monitor.adapters.embedded.process import Process
from monitor.adapters.embedded.supervisor import State, Supervisor
from tests.live.embedded.parts import pid, restarted, started, watched
from tests.support.waiting import until

pytestmark = pytest.mark.live


def a_script(tmp_path: Path, code: str, *, says: bool = True, **changed: object) -> ChildSpec:
    """A small program of ours, to see what is done with bad ones."""

    async def ready() -> bool:
        return says and (tmp_path / "up").exists()

    settings: dict[str, object] = {"stop_grace_s": 0.5, "ready_within_s": 5.0, **changed}
    return ChildSpec(
        "script", (sys.executable, "-c", code), {}, tmp_path, tmp_path / "logs" / "log", tmp_path / "pid", ready,
        **settings,  # type: ignore[arg-type]
    )  # fmt: skip


UP = "import pathlib, time, signal; pathlib.Path('up').touch(); "


async def test_one_that_ends_at_once_says_why(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="ended while starting: no room left"):
        await Child(a_script(tmp_path, "raise SystemExit('no room left')")).start()


async def test_one_that_never_answers_is_stopped_again(tmp_path: Path) -> None:
    child = Child(a_script(tmp_path, UP + "time.sleep(600)", says=False, ready_within_s=0.5))
    with pytest.raises(ChildFailed, match="did not answer within"):
        await child.start()
    assert not child.running


async def test_one_that_ignores_term_is_killed(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + UP + "time.sleep(600)"
    async with started(a_script(tmp_path, code)) as child:
        process = child.process
        assert process
        await child.stop()
        assert not process.running


async def test_one_that_turns_deaf_is_restarted(tmp_path: Path) -> None:
    async with watched(a_script(tmp_path, UP + "time.sleep(600)")) as supervisor:
        first = pid(supervisor.child)
        (tmp_path / "up").unlink()
        await until(lambda: restarted(supervisor), 20)
        assert pid(supervisor.child) != first
        assert "did not answer" in supervisor.condition.reason


async def test_one_that_ends_before_it_is_watched_counts_as_restarted(tmp_path: Path) -> None:
    async with watched(a_script(tmp_path, UP + "time.sleep(600)")) as supervisor:
        first = pid(supervisor.child)
        os.kill(first, signal.SIGKILL)
        os.waitpid(first, 0)
        await until(lambda: restarted(supervisor), 20)
        assert pid(supervisor.child) != first
        assert supervisor.condition.reason == "it ended"


async def test_one_that_keeps_dying_is_tried_again_with_pauses(tmp_path: Path) -> None:
    code = UP + "time.sleep(0.05); raise SystemExit(7)"
    async with watched(a_script(tmp_path, code)) as supervisor:
        await until(lambda: supervisor.condition.restarts >= 2, 20)
        assert "7" in supervisor.condition.reason or "ended" in supervisor.condition.reason


async def test_a_reused_pid_is_left_alone(tmp_path: Path) -> None:
    spec = a_script(tmp_path, UP + "time.sleep(600)")
    spec.pid_file.write_text(json.dumps({"pid": os.getpid(), "start": 1}))
    async with started(spec) as child:
        assert pid(child) != os.getpid()
    innocent = Process.of(os.getpid())
    assert innocent
    spec.pid_file.write_text(json.dumps({"pid": innocent.pid, "start": innocent.start}))
    async with started(spec) as child:
        assert not child.adopted


async def test_stopping_ends_the_supervisor_even_between_two_tries(tmp_path: Path) -> None:
    supervisor = Supervisor(a_script(tmp_path, "raise SystemExit(1)"), SystemClock())
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(supervisor.run())
        await until(lambda: supervisor.condition.restarts >= 2, 10)
        await supervisor.stop()
    assert supervisor.condition.state is State.STOPPED


def test_why_it_ended_is_told_and_not_what_it_warned_of(tmp_path: Path) -> None:
    log = tmp_path / "log"
    warned = "2026-11-21T21:00:00Z WRN Entrypoint uses an option that is deprecated " + "and will go " * 60
    ended = '2026-11-21T21:00:01Z ERR Command error error="listen tcp 127.0.0.1:80: bind: address already in use"'
    log.write_text(f"{warned}\n{ended}\n{warned}\n")
    assert last_lines(log) == ended
    log.write_text("starting\nno room left\n")
    assert last_lines(log) == "starting | no room left"


def test_a_log_is_kept_small_while_it_is_written(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old " * 100)
        keep_small(log, max_bytes=100)
        writer.write(b"new")
    assert log.read_bytes() == b"new"
    assert (tmp_path / "log.1").read_bytes() == b"old " * 100


def test_ports_differ_and_leave_room_for_their_partners(tmp_path: Path) -> None:
    ports = settle_ports(tmp_path / "ports", [str(n) for n in range(20)], offset=10_000)
    every = [p + shift for p in ports.values() for shift in (0, 10_000)]
    assert len(set(every)) == 40
    (tmp_path / "ports").write_text("{broken")
    assert settle_ports(tmp_path / "ports", ["a"]).keys() == {"a"}
