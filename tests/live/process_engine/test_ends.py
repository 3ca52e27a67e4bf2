"""How an instance on this machine ends: noticed, told with its reason, and nothing of it left running."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from monitor.adapters.process_engine import procfs
from monitor.ports.engine import Running
from tests.support.process_engine import SERVER, Home, do, exited, find, python_spec, ready
from tests.support.waiting import until


async def test_logs_are_the_last_lines_oldest_first(bare: Home) -> None:
    engine = bare.engine()
    script = "for n in range(100000): print('line', n)"
    started = await engine.start(python_spec(start="python3 many.py"), bare.launch({"many.py": script}), 1)
    await exited(engine, started)
    lines = [line for line in await engine.logs(started, 5) if not line.startswith("slipway:")]
    assert lines == [f"line {n}" for n in range(100000 - len(lines), 100000)] != []


@pytest.mark.parametrize(
    ("script", "code", "reason"),
    [
        ("raise SystemExit(7)", 7, "code 7"),
        ("import os; os.kill(os.getpid(), 9)", 137, "signal 9"),
        ("import os; os.abort()", 134, "signal 6"),
    ],
)
async def test_the_end_of_an_instance_has_its_reason(home: Home, script: str, code: int, reason: str) -> None:
    engine = home.engine()
    started = await engine.start(python_spec(start="python3 end.py"), home.launch({"end.py": script}), 1)
    ended = await exited(engine, started)
    assert ended.exit_code == code
    assert reason in ended.exit_reason
    assert not ended.ready


async def test_an_end_is_noticed_without_asking(home: Home) -> None:
    engine = home.engine()
    running = await ready(engine, await engine.start(python_spec(), home.launch({"server.py": SERVER}), 1))
    hints = engine.hints()
    assert await anext(hints) == "app"
    hint = anext(hints)
    await do(running, "import os, threading; threading.Timer(0.05, os._exit, [5]).start()")
    async with asyncio.timeout(10):
        assert await hint == "app"
    ended = await find(engine, running)
    assert ended is not None
    assert (ended.state, ended.exit_code) == (Running.EXITED, 5)


async def test_stop_asks_first_and_takes_grandchildren_that_ran_away(home: Home) -> None:
    engine = home.engine()
    away = (
        "import os, signal, time\n"
        "if not os.fork():\n"
        " os.setsid()\n"
        " if not os.fork():\n"
        "  signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "  os.execve('/bin/sleep', ['sleep', '4321'], {})\n"
        " os._exit(0)\n"
        "signal.signal(signal.SIGTERM, lambda *_: (open(os.environ['DATA'] + '/asked', 'w').close(), os._exit(0)))\n"
    )
    spec = python_spec(env=(("DATA", str(home.data / "volumes" / "app")),))
    running = await ready(engine, await engine.start(spec, home.launch({"server.py": away + SERVER}), 1))
    assert _sleepers() != set()
    await engine.stop(running, 5)
    assert (home.data / "volumes" / "app" / "asked").exists()
    await until(lambda: _sleepers() == set(), 5, "the kernel to have taken them away")


async def test_stop_kills_what_does_not_listen(home: Home) -> None:
    engine = home.engine()
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    running = await ready(engine, await engine.start(python_spec(), home.launch({"server.py": deaf + SERVER}), 1))
    async with asyncio.timeout(4):
        await engine.stop(running, 0.2)
    assert _ours(engine.config.install_id) == set()


async def test_forget_leaves_only_the_data(home: Home) -> None:
    engine = home.engine()
    launch = home.launch({"server.py": SERVER})
    await ready(engine, await engine.start(python_spec(), launch, 1))
    await ready(engine, await engine.start(python_spec(), launch, 2))
    volume = home.data / "volumes" / "app"
    (volume / "kept").write_text("x")
    await engine.forget("app")
    assert await engine.instances() == []
    assert _ours(engine.config.install_id) == set()
    assert not (home.data / "process" / "app").exists()
    assert (volume / "kept").read_text() == "x"
    await engine.purge("app")
    assert not volume.exists()
    await engine.purge("app")


def _sleepers() -> set[int]:
    found = set()
    for process in procfs.everyone():
        try:
            if b"sleep\x004321" in Path(f"/proc/{process.pid}/cmdline").read_bytes():
                found.add(process.pid)
        except OSError:
            pass
    return found


def _ours(install_id: str) -> set[int]:
    return set(procfs.marked(f"SLIPWAY_INSTANCE={install_id}/".encode()))
