"""How an instance ends, and how a second call speaks to it."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from tests.live.entrypoint.conftest import Make
from tests.support.host_instance import session_pids
from tests.support.waiting import until_sync

pytestmark = pytest.mark.live


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ending_takes_the_whole_group_even_one_that_will_not(make: Make, number: signal.Signals) -> None:
    stubborn = f"{sys.executable} -m http.server $PORT --bind $HOST & trap '' TERM INT; while :; do sleep 1; done"
    instance = make(SLIPWAY_START=stubborn)
    instance.list_files("d1")
    instance.start_ready()
    assert instance.process is not None
    os.kill(instance.process.pid, number)
    assert instance.process.wait(5) == 137
    assert session_pids(instance.process.pid) == []


def test_a_graceful_server_gets_its_time_and_its_own_code(make: Make) -> None:
    serve = "import signal,sys,time,os,socket\n"
    serve += "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), print('bye', flush=True), os._exit(0)))\n"
    serve += "s=socket.create_server(('127.0.0.1', int(os.environ['PORT'])))\nwhile True: s.accept()\n"
    instance = make(SLIPWAY_START=f"{sys.executable} server.py; exit $?")
    (instance.source / "server.py").write_text(serve)
    instance.list_files("d1")
    instance.start_ready()
    instance.terminate()
    assert "bye" in instance.said()


def test_ending_during_a_build_ends_the_build(make: Make) -> None:
    instance = make(SLIPWAY_BUILD="echo building; sleep 60")
    instance.start()
    until_sync(lambda: "building" in instance.said())
    assert instance.terminate() == 143
    assert instance.process is not None
    assert session_pids(instance.process.pid) == []


def test_the_socket_is_ours_alone(make: Make) -> None:
    instance = make()
    instance.start_ready()
    path = instance.tmp / "slipway" / "control.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_long_tmpdir_is_no_hindrance(make: Make, tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    instance = make(TMPDIR=str(deep))
    instance.start_ready()
    assert instance.ask("status")["ready"] is True


def test_asking_where_nothing_runs_says_so(make: Make) -> None:
    answer = make().ask("sync")
    assert answer["ok"] is False
    assert "no entrypoint is running here" in answer["reason"]
