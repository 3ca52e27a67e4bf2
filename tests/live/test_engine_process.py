"""The process engine with real processes: serving, edits, limits, another account, ends, and what is left."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.adapters.process_engine import evidence, observing, procfs, starting, tools
from monitor.domain.launch import LaunchSpec, Limits, ProjectType, Source
from monitor.ports.engine import LaunchFailed, Running
from tests.support import process_engine as support
from tests.support.process_engine import SERVER, Home, do, exited, find, get, python_spec, ready
from tests.support.waiting import until

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up being root")


@pytest.fixture(params=["bubblewrap", "bare"])
async def home(request: pytest.FixtureRequest) -> AsyncIterator[Home]:
    async with support.a_home(request.param == "bubblewrap") as made:
        yield made


@pytest.fixture
async def bare() -> AsyncIterator[Home]:
    async with support.a_home(bubblewrap=False) as made:
        yield made


async def test_serves_takes_an_edit_and_stops(home: Home) -> None:
    engine = home.engine()
    spec = python_spec()
    started = await engine.start(spec, home.launch({"server.py": SERVER}), 1)
    running = await ready(engine, started)
    assert await engine.applied(running) == "one"
    first = await get(running)

    edit = home.launch({"server.py": SERVER.replace("str(os.getpid())", "'edited'")}, "two")
    await engine.apply(running, spec, edit)
    assert await get(running) == "edited" != first
    assert await engine.applied(running) == "two"

    await engine.stop(running, 3)
    assert await engine.instances() == []


async def test_an_edit_that_does_not_come_up_is_said(bare: Home) -> None:
    engine = bare.engine()
    running = await ready(engine, await engine.start(python_spec(), bare.launch({"server.py": SERVER}), 1))
    with pytest.raises(LaunchFailed):
        await engine.apply(running, python_spec(), bare.launch({"server.py": "raise SystemExit(3)"}, "two"))
    assert await engine.applied(running) == "one"


async def test_static_folders_are_served_in_place(home: Home) -> None:
    engine = home.engine()
    spec = LaunchSpec("site", ProjectType.STATIC, "static", "", (0, 0), source=Source.DIRECT, read_only=True)
    running = await ready(engine, await engine.start(spec, home.launch({"index.html": "one", ".env": "secret"}), 1))
    assert await get(running) == "one"
    home.launch({"index.html": "two"})
    assert await get(running) == "two"
    with pytest.raises(OSError, match="404"):
        await get(running, "/.env")


async def test_the_instance_gets_nothing_of_the_monitors_environment(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPWAY_TOKEN", "canary-in-our-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-in-our-environment")
    engine = home.engine()
    spec = python_spec(env=(("MINE", "yes"), ("SLIPWAY_APP", "/etc"), ("LD_PRELOAD", "x.so")))
    running = await ready(engine, await engine.start(spec, home.launch({"server.py": SERVER}), 1))
    seen = dict(line.split("=", 1) for line in (await get(running, "/env")).splitlines())
    assert "canary" not in str(seen)
    assert seen["MINE"] == "yes"
    assert seen["HOST"] == "127.0.0.1"
    assert "LD_PRELOAD" not in seen
    for pid in procfs.members(f"SLIPWAY_INSTANCE={engine.config.install_id}/app/1".encode(), None):
        assert b"canary" not in Path(f"/proc/{pid}/environ").read_bytes()


@AS_ROOT
async def test_root_gives_up_being_root(home: Home) -> None:
    engine = home.engine()
    running = await ready(engine, await engine.start(python_spec(), home.launch({"server.py": SERVER}), 1))
    pids = procfs.members(f"SLIPWAY_INSTANCE={engine.config.install_id}/app/1".encode(), None)
    status = await do(running, "answer = open('/proc/self/status').read()")
    fields = {key: value.split() for key, _, value in (line.partition(":") for line in status.splitlines())}
    assert fields["Uid"] == fields["Gid"] == ["65532"] * 4
    assert fields["Groups"] == []
    assert fields["CapEff"] == ["0000000000000000"]
    assert fields["NoNewPrivs"] == ["1"]
    others = [Path(f"/proc/{pid}/status").read_text() for pid in pids if procfs.look(pid).name != "bwrap"]  # type: ignore[union-attr]
    assert others
    assert all("\nUid:\t65532\t65532" in text for text in others)


async def test_limits_are_in_force(home: Home) -> None:
    engine = home.engine()
    spec = python_spec(limits=Limits(memory=256 * 1024 * 1024, pids=100, nofile=300))
    running = await ready(engine, await engine.start(spec, home.launch({"server.py": SERVER}), 1))
    code = (
        "import resource as r; answer = [r.getrlimit(w)[1] for w in (r.RLIMIT_NOFILE, r.RLIMIT_CORE, r.RLIMIT_NPROC)]"
    )
    assert await do(running, code) == str([300, 0, 1600])
    grab = "try:\n bytearray(2 << 30)\n answer = 'got it'\nexcept MemoryError:\n answer = 'refused'"
    assert await do(running, grab) == "refused"


async def test_what_is_private_is_hidden_where_bubblewrap_works(home: Home) -> None:
    engine = home.engine()
    if any("bubblewrap" in warning for warning in (await engine.check()).warnings):
        pytest.skip("bubblewrap is not in use")
    (home.data / "secret").write_text("monitor's own")
    (home.data / "secret").chmod(0o644)
    other = await engine.start(python_spec("other"), home.launch({"server.py": SERVER}), 1)
    running = await ready(engine, await engine.start(python_spec(), home.launch({"server.py": SERVER}), 1))
    await ready(engine, other)
    seen = await do(
        running, f"import os; answer = os.listdir({str(home.data)!r}) + os.listdir('{home.data}/process')"
    )
    assert "secret" not in seen
    assert "other" not in seen
    pids = await do(running, "import os; answer = len([p for p in os.listdir('/proc') if p.isdigit()])")
    assert int(pids) < 8


async def test_a_flood_without_a_newline_keeps_disk_and_memory_flat(bare: Home) -> None:
    engine = bare.engine()
    flood = "import os\nfor _ in range(3200): os.write(1, b'x' * 65536)\nos.write(1, b'\\x1b[31mend\\x07')\n"
    started = await engine.start(python_spec(start="python3 flood.py"), bare.launch({"flood.py": flood}), 1)
    folder = bare.data / "process" / "app" / "1"
    peak = 0

    async def over() -> bool:
        nonlocal peak
        found = await find(engine, started)
        peak = max(peak, sum(path.stat().st_size for path in folder.glob("log*")))
        return found is not None and found.state is Running.EXITED

    await until(over, 60)
    assert 0 < peak <= 2 * starting.LOG_BYTES
    logged = await engine.logs(started, 10)
    assert len(logged) <= 10
    assert all(len(line) <= evidence.LINE_LIMIT + 2 and "\x1b" not in line for line in logged)


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


async def test_the_sockets_it_really_listens_on_are_told(home: Home) -> None:
    engine = home.engine()
    script = (
        "import socket, time\n"
        "s = socket.create_server(('127.0.0.1', 0))\n"
        "print(s.getsockname()[1], flush=True)\n"
        "time.sleep(99)"
    )
    started = await engine.start(python_spec(start="python3 odd.py"), home.launch({"odd.py": script}), 1)

    async def port() -> str | None:
        return next((line for line in await engine.logs(started) if line.isdigit()), None)

    number = await until(port)
    seen = await engine.diagnose(started)
    assert seen.listening == (f"127.0.0.1:{number}",)
    assert seen.state is Running.RUNNING
    assert number in seen.log


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


async def test_two_generations_share_the_data_and_nothing_else(home: Home) -> None:
    engine = home.engine()
    launch = home.launch({"server.py": SERVER})
    first = await ready(engine, await engine.start(python_spec(data=("db",)), launch, 1))
    second = await ready(engine, await engine.start(python_spec(data=("db",)), launch, 2))
    await do(
        first, "import os; os.makedirs('db', exist_ok=True); open('db/x', 'w').write('seen'); open('y', 'w').close()"
    )
    assert first.port != second.port
    assert await do(second, "import os; answer = open('db/x').read() + str(os.path.exists('y'))") == "seenFalse"


async def test_what_an_instance_wrote_is_gone_at_the_next_start(home: Home) -> None:
    engine = home.engine()
    launch = home.launch({"server.py": SERVER, "deep/a": "a"})
    running = await ready(engine, await engine.start(python_spec(), launch, 1))
    await do(running, "import os; os.makedirs('deep/own'); open('deep/own/x', 'w').close(); os.chmod('deep', 0)")
    await engine.stop(running, 3)
    again = await ready(engine, await engine.start(python_spec(), launch, 2))
    assert await do(again, "import os; answer = sorted(os.listdir('deep'))") == "['a']"


async def test_a_missing_interpreter_is_said_and_concerns_nobody_else(
    bare: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "SYSTEM_PATH", ())
    monkeypatch.setattr(tools, "_PLACES", ())
    monkeypatch.setenv("PATH", "/nonexistent")
    engine = bare.engine()
    launch = bare.launch({"server.py": SERVER})
    spec = LaunchSpec("shop", ProjectType.NODE, "node", "node .", (0, 0))
    with pytest.raises(LaunchFailed) as failure:
        await engine.prepare(spec, launch, print)
    assert "apt-get install nodejs" in failure.value.hint
    with pytest.raises(LaunchFailed):
        await engine.start(spec, launch, 1)
    assert await engine.instances() == []
    monkeypatch.undo()
    await ready(engine, await engine.start(python_spec(), launch, 1))


@AS_ROOT
async def test_a_source_nobody_may_enter_is_served_from_a_copy(home: Home) -> None:
    engine = home.engine()
    launch = home.launch({"closed/server.py": SERVER, "closed/sub/b": "b", "outside": "no"})
    source = home.root / "source" / "closed"
    (source / "link").symlink_to("../outside")
    source.chmod(0o700)
    (source / "sub" / "b").chmod(0o600)
    launch = type(launch)(source, ("server.py", "sub/b", "link", "../outside"), "one")
    running = await ready(engine, await engine.start(python_spec(), launch, 1))
    assert await do(running, "answer = open('sub/b').read()") == "b"
    copy = home.data / "process" / "app" / "source"
    assert sorted(path.name for path in copy.rglob("*")) == ["b", "link", "server.py", "sub"]


@AS_ROOT
async def test_a_data_folder_nobody_may_enter_is_said(bare: Home) -> None:
    bare.root.chmod(0o700)
    engine = bare.engine()
    launch = bare.launch({"server.py": SERVER})
    warnings = (await engine.check()).warnings
    base = Path(os.fsdecode((bare.data / "process" / "base").read_bytes()))
    assert base != bare.data
    assert str(base) in " ".join(warnings)
    await ready(engine, await engine.start(python_spec(), launch, 1))


async def test_a_built_folder_is_served_by_our_own_server(home: Home) -> None:
    engine = home.engine()
    launch = home.launch({"src/index.html": "built"})
    spec = LaunchSpec("web", ProjectType.NODE, "node", "slipway-serve dist", (0, 0), build="cp -r src dist")
    running = await ready(engine, await engine.start(spec, launch, 1))
    assert await get(running) == "built"


async def test_the_engine_says_whom_it_trusts(bare: Home) -> None:
    info = await bare.engine().check()
    assert info.name == "process"
    assert any(warning.startswith("trusts its workspaces") for warning in info.warnings)


async def test_nobody_else_can_write_what_we_read_back(bare: Home) -> None:
    engine = bare.engine()
    await ready(engine, await engine.start(python_spec(), bare.launch({"server.py": SERVER}), 1))
    folder = bare.data / "process" / "app" / "1"
    for path in [folder, folder / "control", folder / "record.json", folder / "running.json", folder / observing.LOG]:
        found = path.stat()
        assert found.st_uid == os.geteuid()
        assert not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    assert not (folder / "plan.json").exists()


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
