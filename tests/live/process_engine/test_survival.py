"""Instances outlive their monitor: kill -9, adoption, reused pids, dead keepers, leftovers of half a start."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.adapters.process_engine import procfs, records
from monitor.domain.launch import LaunchSpec
from monitor.ports.engine import EngineAway, Running
from tests.support import process_engine as support
from tests.support.process_engine import ROOT, SERVER, Home, do, exited, find, get, python_spec, ready
from tests.support.waiting import until

MONITOR = """
import asyncio, sys
from pathlib import Path
from tests.support import process_engine as support
async def main():
    home = support.Home(Path(sys.argv[1]), bubblewrap=sys.argv[2] == "True")
    engine = home.engine()
    launch = home.launch({"server.py": support.SERVER})
    await engine.start(support.python_spec(), launch, 1)
    print("started", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def _monitor(home: Home) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-c", MONITOR, str(home.root), str(home.bubblewrap)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT)


async def test_a_killed_monitors_instance_is_adopted(home: Home) -> None:
    monitor = _monitor(home)
    assert monitor.stdout is not None
    with monitor.stdout:
        assert await asyncio.to_thread(monitor.stdout.readline) == b"started\n"
    monitor.kill()
    monitor.wait()

    engine = home.engine()
    (adopted,) = await engine.instances()
    adopted = await ready(engine, adopted)
    assert adopted.spec_hash == python_spec().hash
    assert await engine.sweep({"app"}) == []
    assert (await get(adopted)).isdigit()
    assert await engine.logs(adopted) == ["up"]

    hint = anext(engine.hints())
    await do(adopted, "import os, threading; threading.Timer(0.05, os._exit, [7]).start()")
    async with asyncio.timeout(10):
        assert await hint == "app"
    ended = await exited(engine, adopted)
    assert (ended.exit_code, ended.exit_reason) == (7, "exited with code 7")
    await engine.stop(ended, 3)
    assert await engine.instances() == []


async def test_a_new_monitor_can_edit_what_an_old_one_started(bare: Home) -> None:
    first = bare.engine()
    await ready(first, await first.start(python_spec(), bare.launch({"server.py": SERVER}), 1))
    await first.close()
    second = bare.engine()
    (adopted,) = await second.instances()
    assert await second.applied(adopted) == "one"
    await second.apply(
        adopted, python_spec(), bare.launch({"server.py": SERVER.replace("str(os.getpid())", "'b'")}, "b")
    )
    assert await get(adopted) == "b"


async def test_a_reused_pid_is_never_taken_for_ours(bare: Home) -> None:
    """The record names a process that lives (an innocent bystander), but not with this start time or boot."""
    engine = bare.engine()
    started = await engine.start(python_spec(), bare.launch({"server.py": SERVER}), 1)
    await ready(engine, started)
    folder = bare.data / "process" / "app" / "1"
    real = records.keeper(folder)
    assert real is not None
    bystander = subprocess.Popen(["/bin/sleep", "60"])
    try:
        found = procfs.look(bystander.pid)
        assert found is not None
        for start, boot in ((found.start + 1, procfs.boot_id()), (found.start, "another-boot")):
            pretended = {"pid": bystander.pid, "start": start, "boot": boot}
            records.replace(folder / records.RUNNING, json.dumps(pretended).encode())
            seen = await find(engine, started)
            assert seen is not None
            assert seen.state is Running.EXITED
            assert bystander.pid not in procfs.members(b"SLIPWAY_INSTANCE=nobody", None)
        await engine.stop(started, 0.1)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
    await until(lambda: not real.alive, what="its keeper to end by itself")


async def test_a_killed_keeper_takes_its_instance_along(home: Home) -> None:
    engine = home.engine()
    running = await ready(engine, await engine.start(python_spec(), home.launch({"server.py": SERVER}), 1))
    keeper = records.keeper(home.data / "process" / "app" / "1")
    assert keeper is not None
    hints = engine.hints()
    assert await anext(hints) == "app"
    hint = anext(hints)
    os.kill(keeper.pid, signal.SIGKILL)
    async with asyncio.timeout(10):
        assert await hint == "app"
    ended = await exited(engine, running)
    assert ended.exit_code is None
    assert "keeper" in ended.exit_reason
    prefix = f"SLIPWAY_INSTANCE={engine.config.install_id}/".encode()
    said = await engine.sweep({"app"})
    assert procfs.marked(prefix) == {}, said
    await engine.stop(ended, 0)
    again = await ready(engine, await engine.start(python_spec(), home.launch({"server.py": SERVER}), 1))
    assert again.generation == 1


async def test_half_a_start_is_shown_as_not_running_and_swept(bare: Home) -> None:
    engine = bare.engine()
    await engine.check()
    folder = bare.data / "process" / "app" / "4"
    folder.mkdir(parents=True)
    records.write(folder, records.Record("app", 4, "hash", 1, 1, "one", "/nowhere/plain-0", direct=False))
    (half,) = await engine.instances()
    assert (half.state, half.ready, half.generation) == (Running.CREATED, False, 4)
    said = await engine.sweep({"app"})
    assert any("generation 4" in line for line in said)
    assert await engine.instances() == []


async def test_sweep_removes_what_is_no_workspace_and_nothing_else(bare: Home) -> None:
    engine = bare.engine()
    launch = bare.launch({"server.py": SERVER})
    kept = await ready(engine, await engine.start(python_spec("kept"), launch, 1))
    await ready(engine, await engine.start(python_spec("gone"), launch, 1))
    said = await engine.sweep({"kept"})
    assert len(said) == 1
    assert "gone" in said[0]
    assert [found.id for found in await engine.instances()] == [kept.id]
    assert (await get(kept)).isdigit()
    assert await engine.sweep({"kept"}) == []


async def test_another_install_is_not_seen(bare: Home) -> None:
    engine = bare.engine()
    await ready(engine, await engine.start(python_spec(), bare.launch({"server.py": SERVER}), 1))
    async with support.a_home(bubblewrap=False) as other:
        stranger = other.engine()
        assert await stranger.instances() == []
        assert await stranger.sweep(set()) == []
    assert len(await engine.instances()) == 1


async def test_a_failed_start_leaves_nothing(bare: Home) -> None:
    engine = bare.engine()
    spec = LaunchSpec("app", python_spec().type, "python", "true", (0, 0))
    (bare.root / "source").mkdir()
    launch = bare.launch({"a": "a"})
    await engine.check()
    (bare.data / "volumes").rmdir()
    (bare.data / "volumes").write_text("in the way")
    with pytest.raises(EngineAway, match="volumes"):
        await engine.start(spec, launch, 1)
    (bare.data / "volumes").unlink()
    assert await engine.instances() == []
    assert not (bare.data / "process" / "app" / "1").exists()


async def test_a_hundred_listings_leak_no_descriptor(bare: Home) -> None:
    engine = bare.engine()
    await ready(engine, await engine.start(python_spec(), bare.launch({"server.py": SERVER}), 1))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(100):
        await engine.instances()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
