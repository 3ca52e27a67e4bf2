"""Instances as local processes: what they serve, from where, and what is said when they cannot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from monitor.adapters.process_engine import tools
from monitor.domain.launch import LaunchSpec, ProjectType, Source
from monitor.ports.engine import LaunchFailed, Running
from tests.support.process_engine import SERVER, Home, do, get, python_spec, ready
from tests.support.waiting import until

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up being root")


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
